/* Threads for what no loop may do: read the log, parse what others wrote, check and make
 * signatures.
 *
 * Work comes as jobs. Those of one payer begin in the order in which they came. Of payers whose
 * jobs wait it is the turn of whoever had least of the threads' time since it has been waiting: who
 * asks for little waits for what has begun, not for what others have piled up. What goes first
 * waits for what has begun alone. And a step that doesn't pause leaves one thread to the others, so
 * that they don't wait for it: where that is known beforehand, and, for a while, whatever comes of
 * who has had such a one.
 *
 * Thread: start/stop: startup; the rest: any.
 * Ownership: a job is the poster's; from readers_post() until its `run` returned true it is left
 * alone. Limits: none here; there are never more jobs than what they belong to, which is bounded.
 */
#ifndef HEARTHCHAT_CORE_READERS_H
#define HEARTHCHAT_CORE_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/result.h"

struct readers;

enum { READERS_SLICE_MS = 10 };

struct reader_job {
    /* Works until it is done (true: the job is not touched again), or until the slice is over:
     * false, and it is called again when it is its payer's turn. */
    bool (*run)(struct reader_job *job);
    uint32_t payer;   /* whose turn it takes; payers that are alike in the last bits share one */
    bool goes_first;  /* before all that do not, whatever either has had */
    bool is_long;     /* its next step does not pause, and takes its time: known beforehand */
    int64_t until_ms; /* of the monotonic clock: the end of this slice; set before each run */
    struct reader_job *next; /* the readers' own */
};

struct readers_options {
    const char *name; /* of the threads */
    size_t threads;
    int niceness;              /* 0: as the process */
    const struct clock *clock; /* by which turns are counted; borrowed, NULL: the system's */
};

/* RESULT_IO when the system gives no threads. */
enum result readers_start(const struct readers_options *options, struct readers **readers_out);

void readers_post(struct readers *readers, struct reader_job *job);

/* Whether the job's slice is over. */
bool readers_is_over(const struct reader_job *job);

/* Runs what is left to its end, and ends. */
void readers_stop(struct readers **readers);

#endif
