#include "core/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/memory.h"

struct thread {
    pthread_t handle;
    void (*body)(void *context);
    void *context;
};

struct lock {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
};

static void *run(void *argument)
{
    struct thread *thread = argument;
    thread->body(thread->context);
    return NULL;
}

enum result thread_start(const char *name, void (*body)(void *context), void *context,
                         struct thread **thread_out)
{
    struct thread *thread = memory_allocate(1, sizeof *thread);
    thread->body = body;
    thread->context = context;
    if (pthread_create(&thread->handle, NULL, run, thread) != 0) {
        memory_free(thread);
        return RESULT_IO;
    }
    (void)pthread_setname_np(thread->handle, name);
    *thread_out = thread;
    return RESULT_OK;
}

void thread_join(struct thread **thread)
{
    if (*thread == NULL) {
        return;
    }
    (void)pthread_join((*thread)->handle, NULL);
    memory_free(*thread);
    *thread = NULL;
}

void thread_block_signals(void)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

int thread_wait_for_stop_signal(void)
{
    sigset_t stop;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    int received = 0;
    while (sigwait(&stop, &received) != 0) {
    }
    return received;
}

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
