#include "core/thread.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

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

static _Thread_local unsigned forbidden;

void thread_forbid(unsigned what)
{
    forbidden |= what;
}

bool thread_may(unsigned what)
{
    return (forbidden & what) == 0;
}

void thread_expect(unsigned what)
{
    assert(thread_may(what));
    (void)what;
}

void thread_be_nice(int niceness)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), niceness);
}

int64_t thread_worked_ms(void)
{
    struct timespec worked = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &worked);
    return (int64_t)worked.tv_sec * 1000 + worked.tv_nsec / 1000000;
}

void thread_block_signals(void)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static sigset_t stop_signals(void)
{
    sigset_t stop;
    struct sigaction hangup;
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGTERM);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
        (void)sigaddset(&stop, SIGHUP);
    }
    return stop;
}

void thread_wait_for_stop_signal(void)
{
    const sigset_t stop = stop_signals();
    int received = 0;
    while (sigwait(&stop, &received) != 0) {
    }
}

bool thread_wait_for_input(int descriptor)
{
    const sigset_t stop = stop_signals();
    struct pollfd waited[] = {{.fd = signalfd(-1, &stop, SFD_CLOEXEC), .events = POLLIN},
                              {.fd = descriptor, .events = POLLIN}};
    int ready = 0;
    do {
        ready = waited[0].fd < 0 ? -1 : poll(waited, 2, -1);
    } while (ready < 0 && errno == EINTR);
    if (waited[0].fd >= 0) {
        (void)close(waited[0].fd);
    }
    return ready > 0 && waited[0].revents == 0;
}
