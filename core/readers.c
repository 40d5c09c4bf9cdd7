#include "core/readers.h"

#include <sys/resource.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/thread.h"

enum { TURNS = 64 };

/* What waits for one payer, or for several that share a turn. */
struct turn {
    struct reader_job *first;
    struct reader_job *last;
};

struct readers {
    struct readers_options options;
    struct thread **threads;
    struct lock *lock; /* guards what follows */
    struct turn turns[TURNS];
    uint8_t order[TURNS]; /* a ring of the turns that have jobs */
    size_t first;
    size_t count;
    bool closed;
};

static void add(struct readers *readers, struct reader_job *job)
{
    size_t number = job->payer % TURNS;
    struct turn *turn = &readers->turns[number];
    job->next = NULL;
    if (turn->first == NULL) {
        turn->first = job;
        readers->order[(readers->first + readers->count++) % TURNS] = (uint8_t)number;
    } else {
        turn->last->next = job;
    }
    turn->last = job;
}

/* What is begun is ended before the next of the same payer begins: what it holds is not there twice
 * as often as threads are. */
static void put_back(struct readers *readers, struct reader_job *job)
{
    struct turn *turn = &readers->turns[job->payer % TURNS];
    if (turn->first == NULL) {
        add(readers, job);
    } else {
        job->next = turn->first;
        turn->first = job;
    }
}

static struct reader_job *take(struct readers *readers)
{
    size_t number = readers->order[readers->first];
    struct turn *turn = &readers->turns[number];
    struct reader_job *job = turn->first;
    turn->first = job->next;
    readers->first = (readers->first + 1) % TURNS;
    if (turn->first == NULL) {
        readers->count--;
    } else {
        readers->order[(readers->first + readers->count - 1) % TURNS] = (uint8_t)number;
    }
    return job;
}

static void work(void *context)
{
    struct readers *readers = context;
    if (readers->options.niceness != 0) {
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), readers->options.niceness);
    }
    lock_take(readers->lock);
    while (readers->count > 0 || !readers->closed) {
        if (readers->count == 0) {
            (void)lock_wait(readers->lock, -1);
            continue;
        }
        struct reader_job *job = take(readers);
        lock_release(readers->lock);
        job->until_ms = clock_monotonic_ms(clock_system()) + READERS_SLICE_MS;
        bool done = job->run(job);
        lock_take(readers->lock);
        if (!done) {
            put_back(readers, job);
        }
    }
    lock_release(readers->lock);
}

enum result readers_start(const struct readers_options *options, struct readers **readers_out)
{
    enum result result = RESULT_OK;
    struct readers *readers = memory_allocate(1, sizeof *readers);
    readers->options = *options;
    readers->lock = lock_create();
    readers->threads = memory_allocate(options->threads, sizeof(struct thread *));
    for (size_t i = 0; i < options->threads && result == RESULT_OK; i++) {
        result = thread_start(options->name, work, readers, &readers->threads[i]);
    }
    *readers_out = readers;
    if (result != RESULT_OK) {
        readers_stop(readers_out);
    }
    return result;
}

void readers_post(struct readers *readers, struct reader_job *job)
{
    lock_take(readers->lock);
    add(readers, job);
    lock_wake_all(readers->lock);
    lock_release(readers->lock);
}

bool readers_is_over(const struct reader_job *job)
{
    return clock_monotonic_ms(clock_system()) >= job->until_ms;
}

void readers_stop(struct readers **readers_pointer)
{
    struct readers *readers = *readers_pointer;
    if (readers == NULL) {
        return;
    }
    lock_take(readers->lock);
    readers->closed = true;
    lock_wake_all(readers->lock);
    lock_release(readers->lock);
    for (size_t i = 0; i < readers->options.threads; i++) {
        thread_join(&readers->threads[i]);
    }
    lock_destroy(&readers->lock);
    memory_free(readers->threads);
    memory_free(readers);
    *readers_pointer = NULL;
}
