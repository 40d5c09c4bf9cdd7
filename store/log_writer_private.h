/* The one writer: drains its inbox into one transaction, commits, then answers all of it.
 *
 * Thread: any may submit; jobs run on the writer's.
 */
#ifndef HEARTHCHAT_STORE_LOG_WRITER_PRIVATE_H
#define HEARTHCHAT_STORE_LOG_WRITER_PRIVATE_H

#include "store/log_private.h"

#define LOG_WRITER_MOST_JOBS 1024 /* in the inbox */
#define LOG_WRITER_MOST_JOBS_A_COMMIT 256

/* One piece of work: `run` inside the transaction, unless there is none; `done` after it (committed
 * or not), which frees. One that `is_ahead` (may be NULL) is run behind those of its commit that
 * are not. Nobody waits for one that `can_wait`. */
struct writer_job {
    bool (*is_ahead)(const struct writer_job *job, struct event_log *log);
    void (*run)(struct writer_job *job, struct event_log *log);
    void (*done)(struct writer_job *job, struct event_log *log, enum result commit);
    bool can_wait; /* a little, for others to share its commit (event_log.h) */
};

enum result log_writer_start(struct event_log *log);
void log_writer_stop(struct event_log *log);

/* RESULT_FULL: the inbox is; the job stays the caller's. */
enum result log_writer_submit(struct event_log *log, struct writer_job *job);

/* Runs them inside a transaction, each in its turn, in which they are left there. */
void log_writer_run(struct event_log *log, struct writer_job **jobs, size_t count);

/* Says of a commit that failed what to do, behind what it means. RESULT_IO. */
enum result log_writer_explain(const struct event_log *log, const char *meaning,
                               struct error *error);

#endif
