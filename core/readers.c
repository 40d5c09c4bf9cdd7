#include "core/readers.h"

#include <string.h>

#include "core/clock.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/thread.h"

enum { TURNS = 1024 };

/* A step of one run that took twice its slice is none that pauses: for so many times what it took,
 * its payer's jobs leave a thread to the others. */
enum { SLOW_MS = 2 * READERS_SLICE_MS, SLOW_FOR = 100 };

/* What waits for one payer, or for several that share a turn. */
struct turn {
    struct reader_job *first;
    struct reader_job *last;
    int64_t used_ms; /* of a thread's time, on the scale of `reached_ms` */
    int64_t slow_until_ms;
};

struct readers {
    struct readers_options options;
    const struct clock *clock;
    struct thread **threads;
    struct lock *lock; /* guards what follows */
    struct turn turns[TURNS];
    uint16_t order[TURNS]; /* the turns that have jobs, in the order in which they had their last */
    size_t count;
    int64_t reached_ms;  /* who was served last had used that: who comes now begins there */
    size_t slow_running; /* jobs that are long, or of payers that are slow */
    bool closed;
};

static struct turn *turn_of(struct readers *readers, const struct reader_job *job)
{
    return &readers->turns[job->payer % TURNS];
}

static void line_up(struct readers *readers, struct turn *turn)
{
    if (turn->used_ms < readers->reached_ms) {
        turn->used_ms = readers->reached_ms; /* having been away is no credit */
    }
    readers->order[readers->count++] = (uint16_t)(turn - readers->turns);
}

static void add(struct readers *readers, struct reader_job *job)
{
    struct turn *turn = turn_of(readers, job);
    job->next = NULL;
    if (turn->first == NULL) {
        turn->first = turn->last = job;
        line_up(readers, turn);
    } else if (job->goes_first && !turn->first->goes_first) {
        job->next = turn->first; /* another payer's, that shares the turn */
        turn->first = job;
    } else {
        turn->last->next = job;
        turn->last = job;
    }
}

/* What is begun is ended before the next of the same payer begins: what it holds is not there twice
 * as often as threads are. */
static void put_back(struct readers *readers, struct reader_job *job)
{
    struct turn *turn = turn_of(readers, job);
    if (turn->first == NULL) {
        add(readers, job);
    } else {
        job->next = turn->first;
        turn->first = job;
    }
}

static bool is_slow(const struct readers *readers, const struct reader_job *job)
{
    return job->is_long ||
           readers->turns[job->payer % TURNS].slow_until_ms > clock_monotonic_ms(readers->clock);
}

static bool is_before(const struct turn *one, const struct turn *other)
{
    return one->first->goes_first != other->first->goes_first ? one->first->goes_first
                                                              : one->used_ms < other->used_ms;
}

/* The place in the order of who goes first or has used least, of those the one who waits longest;
 * `count` when nobody may begin. */
static size_t find_next(const struct readers *readers)
{
    size_t found = readers->count;
    bool full = readers->slow_running > 0 && readers->slow_running + 1 >= readers->options.threads;
    for (size_t i = 0; i < readers->count; i++) {
        const struct turn *turn = &readers->turns[readers->order[i]];
        bool before =
            found == readers->count || is_before(turn, &readers->turns[readers->order[found]]);
        if (before && !(full && is_slow(readers, turn->first))) {
            found = i;
        }
    }
    return found;
}

static struct reader_job *take(struct readers *readers)
{
    size_t place = find_next(readers);
    if (place == readers->count) {
        return NULL;
    }
    struct turn *turn = &readers->turns[readers->order[place]];
    struct reader_job *job = turn->first;
    turn->first = job->next;
    readers->count--;
    memmove(&readers->order[place], &readers->order[place + 1],
            (readers->count - place) * sizeof *readers->order);
    readers->reached_ms = turn->used_ms > readers->reached_ms ? turn->used_ms : readers->reached_ms;
    if (turn->first != NULL) {
        line_up(readers, turn);
    }
    return job;
}

/* With the lock taken, which is released meanwhile. */
static void run(struct readers *readers, struct reader_job *job)
{
    struct turn *turn = turn_of(readers, job);
    int64_t begun_ms = clock_monotonic_ms(readers->clock);
    int64_t worked_ms = thread_worked_ms();
    size_t slow = is_slow(readers, job) ? 1 : 0;
    turn->used_ms += READERS_SLICE_MS; /* and what it is in truth, when that is known */
    readers->slow_running += slow;
    const int64_t started_ms = clock_monotonic_ms(clock_system());
    job->until_ms = started_ms + READERS_SLICE_MS;
    lock_release(readers->lock);
    bool done = job->run(job);
    bool may_be_slow = clock_monotonic_ms(clock_system()) >= started_ms + SLOW_MS;
    worked_ms = may_be_slow ? thread_worked_ms() - worked_ms : 0; /* a system call */
    lock_take(readers->lock);
    int64_t now_ms = clock_monotonic_ms(readers->clock);
    turn->used_ms += (now_ms > begun_ms ? now_ms - begun_ms : 1) - READERS_SLICE_MS;
    readers->slow_running -= slow;
    if (worked_ms >= SLOW_MS && turn->slow_until_ms < now_ms + SLOW_FOR * worked_ms) {
        turn->slow_until_ms = now_ms + SLOW_FOR * worked_ms;
    }
    if (!done) {
        put_back(readers, job);
    }
    if (slow > 0) {
        lock_wake_all(readers->lock); /* another may begin */
    }
}

static void work(void *context)
{
    struct readers *readers = context;
    if (readers->options.niceness != 0) {
        thread_be_nice(readers->options.niceness);
    }
    lock_take(readers->lock);
    while (readers->count > 0 || !readers->closed) {
        struct reader_job *job = take(readers);
        if (job == NULL) {
            /* Who is slow now is not for ever. */
            (void)lock_wait(readers->lock, readers->count > 0 ? READERS_SLICE_MS : -1);
        } else {
            run(readers, job);
        }
    }
    lock_release(readers->lock);
}

enum result readers_start(const struct readers_options *options, struct readers **readers_out)
{
    enum result result = RESULT_OK;
    struct readers *readers = memory_allocate(1, sizeof *readers);
    readers->options = *options;
    readers->clock = options->clock == NULL ? clock_system() : options->clock;
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
    lock_release_and_wake_one(readers->lock);
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
