#include "core/thread.h"

#include <pthread.h>
#include <signal.h>

#include "core/memory.h"

struct thread {
    pthread_t handle;
    void (*body)(void *context);
    void *context;
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
