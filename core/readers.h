/* Threads for what no loop may do: read the log, parse what others wrote, check and make
 * signatures.
 *
 * Work comes as jobs. Those of one payer begin in the order in which they came, and payers take
 * turns, a slice each: nobody waits for more than a slice of each other's work.
 * Thread: start/stop: startup; the rest: any.
 * Ownership: a job is the poster's; from readers_post() until its `run` returned true it is left
 * alone. Limits: none here; there are never more jobs than what they belong to, which is bounded.
 */
#ifndef HEARTHCHAT_CORE_READERS_H
#define HEARTHCHAT_CORE_READERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"

struct readers;

enum { READERS_SLICE_MS = 10 };

struct reader_job {
    /* Works until it is done (true: the job is not touched again), or until the slice is over:
     * false, and it is called again when all other payers that wait had their turn. */
    bool (*run)(struct reader_job *job);
    uint32_t payer;   /* whose turn it takes; payers that are alike in the last bits share one */
    int64_t until_ms; /* of the monotonic clock: the end of this slice; set before each run */
    struct reader_job *next; /* the readers' own */
};

struct readers_options {
    const char *name; /* of the threads */
    size_t threads;
    int niceness; /* 0: as the process */
};

/* RESULT_IO when the system gives no threads. */
enum result readers_start(const struct readers_options *options, struct readers **readers_out);

void readers_post(struct readers *readers, struct reader_job *job);

/* Whether the job's slice is over. */
bool readers_is_over(const struct reader_job *job);

/* Runs what is left to its end, and ends. */
void readers_stop(struct readers **readers);

#endif
