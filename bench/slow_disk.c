/* Loaded before a program (LD_PRELOAD), it makes each of its syncs take as long as on a card of a
 * Raspberry Pi: 5 ms more. A library for bench/run alone.
 *
 * Thread: any.
 */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int descriptor)
{
    const struct timespec more = {.tv_nsec = 5000000};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &more, NULL);
    return (int)syscall(SYS_fdatasync, descriptor);
}
