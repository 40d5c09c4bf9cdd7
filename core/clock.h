/* Time, handed in: code that decides takes a struct clock, so that tests and the simulator own it.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_CORE_CLOCK_H
#define HEARTHCHAT_CORE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *context);      /* since 1970, may jump */
    int64_t (*monotonic_ms)(void *context); /* since some moment, never goes back */
    void *context;
};

/* The machine's own clock. Static storage. */
const struct clock *clock_system(void);

int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);

#endif
