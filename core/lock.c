#include "core/lock.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "core/memory.h"

/* Each who waits has a semaphore of its own, on its stack: who wakes it does so behind the release,
 * and touches nothing of the lock then. A condition variable takes the mutex as a contended one for
 * whoever wakes, which costs a system call more. */
struct waiter {
    sem_t woken;
    bool waits; /* nobody took it off the list */
    struct waiter *next;
};

struct lock {
    pthread_mutex_t mutex;
    struct waiter *waiters; /* who came last first: its memory is at hand */
};

struct lock *lock_create(void)
{
    struct lock *lock = memory_allocate(1, sizeof *lock);
    if (pthread_mutex_init(&lock->mutex, NULL) != 0) {
        abort();
    }
    return lock;
}

void lock_destroy(struct lock **lock)
{
    if (*lock == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&(*lock)->mutex);
    memory_free(*lock);
    *lock = NULL;
}

void lock_take(struct lock *lock)
{
    if (pthread_mutex_lock(&lock->mutex) != 0) {
        abort();
    }
}

void lock_release(struct lock *lock)
{
    if (pthread_mutex_unlock(&lock->mutex) != 0) {
        abort();
    }
}

static struct timespec time_in(int64_t timeout_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

/* False on time-out; NULL: no limit. */
static bool sleep_until(struct waiter *waiter, const struct timespec *until)
{
    int failed = 0;
    do {
        failed = until == NULL ? sem_wait(&waiter->woken)
                               : sem_clockwait(&waiter->woken, CLOCK_MONOTONIC, until);
    } while (failed != 0 && errno == EINTR);
    return failed == 0;
}

bool lock_wait(struct lock *lock, int64_t timeout_ms)
{
    struct waiter waiter = {.waits = true, .next = lock->waiters};
    const struct timespec until = time_in(timeout_ms < 0 ? 0 : timeout_ms);
    (void)sem_init(&waiter.woken, 0, 0);
    lock->waiters = &waiter; // cppcheck-suppress autoVariables
    lock_release(lock);
    bool woken = sleep_until(&waiter, timeout_ms < 0 ? NULL : &until);
    lock_take(lock);
    if (waiter.waits) {
        struct waiter **at = &lock->waiters;
        while (*at != &waiter) {
            at = &(*at)->next;
        }
        *at = waiter.next;
    } else if (!woken) {
        woken = sleep_until(&waiter, NULL); /* somebody is about to, and needs this memory */
    }
    (void)sem_destroy(&waiter.woken);
    return woken;
}

/* NULL when nobody waits. */
static struct waiter *take_waiter(struct lock *lock)
{
    struct waiter *waiter = lock->waiters;
    if (waiter != NULL) {
        waiter->waits = false;
        lock->waiters = waiter->next;
    }
    return waiter;
}

void lock_wake_all(struct lock *lock)
{
    for (struct waiter *waiter = take_waiter(lock); waiter != NULL; waiter = take_waiter(lock)) {
        (void)sem_post(&waiter->woken);
    }
}

void lock_release_and_wake_one(struct lock *lock)
{
    struct waiter *waiter = take_waiter(lock);
    lock_release(lock);
    if (waiter != NULL) {
        (void)sem_post(&waiter->woken);
    }
}
