#include "core/lock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/memory.h"

struct lock {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

struct lock *lock_create(void)
{
    struct lock *lock = memory_allocate(1, sizeof *lock);
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&lock->mutex, NULL) != 0 || pthread_condattr_init(&attributes) != 0 ||
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) != 0 ||
        pthread_cond_init(&lock->condition, &attributes) != 0) {
        abort();
    }
    (void)pthread_condattr_destroy(&attributes);
    return lock;
}

void lock_destroy(struct lock **lock)
{
    if (*lock == NULL) {
        return;
    }
    (void)pthread_cond_destroy(&(*lock)->condition);
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

bool lock_wait(struct lock *lock, int64_t timeout_ms)
{
    if (timeout_ms < 0) {
        return pthread_cond_wait(&lock->condition, &lock->mutex) == 0;
    }
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(timeout_ms / 1000);
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return pthread_cond_timedwait(&lock->condition, &lock->mutex, &until) != ETIMEDOUT;
}

void lock_wake_all(struct lock *lock)
{
    (void)pthread_cond_broadcast(&lock->condition);
}
