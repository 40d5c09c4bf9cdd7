#include <stddef.h>

#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "store/log_private.h"

/* What is stored in the transaction stays reachable until it is committed and told. Community
 * events belong to the state from then on. */
static void forget_fresh(struct event_log *log)
{
    for (size_t i = 0; i < log->fresh_count; i++) {
        struct log_event *fresh = &log->fresh[i];
        if (!event_type_is_community(event_verified_get(fresh->event)->type)) {
            event_verified_destroy(&fresh->event);
        }
    }
    log->fresh_count = 0;
}

static void tell_commit(struct event_log *log)
{
    if (log->fresh_count == 0 || log->options.on_commit == NULL) {
        return;
    }
    struct committed_event *events = memory_allocate(log->fresh_count, sizeof *events);
    for (size_t i = 0; i < log->fresh_count; i++) {
        events[i] = (struct committed_event){.seq = log->fresh[i].seq,
                                             .event = log->fresh[i].event,
                                             .source = log->fresh[i].source,
                                             .concerns_us = log->fresh[i].concerns_us};
    }
    log->options.on_commit(log->options.context, events, log->fresh_count);
    memory_free(events);
}

static enum result commit(struct event_log *log)
{
    struct database *database = &log->database;
    if (!database->failed) {
        log_state_save(log);
    }
    if (!database->failed && database_execute(database, "COMMIT") == RESULT_OK) {
        return RESULT_OK;
    }
    log_write(LOG_ERROR, "log.commit_failed", "disk_full", database->full ? "yes" : "no", NULL);
    if (sqlite3_get_autocommit(database->handle) == 0) {
        (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    database->failed = false;
    database->full = false;
    return RESULT_IO;
}

static void run_batch(struct event_log *log, struct writer_job **jobs, size_t count)
{
    enum result result = database_execute(&log->database, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count && result == RESULT_OK; i++) {
        jobs[i]->run(jobs[i], log);
    }
    result = commit(log);
    log_set_settle(log, result == RESULT_OK);
    if (result == RESULT_OK) {
        log_state_publish(log);
        tell_commit(log);
        forget_fresh(log);
    } else {
        /* Memory follows the disk: what the jobs changed in it is read again. */
        forget_fresh(log);
        if (log_state_load(log) != RESULT_OK) {
            log_write(LOG_ERROR, "log.reload_failed", NULL);
            log->database.failed = false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        jobs[i]->done(jobs[i], log, result);
    }
}

static void write_until_closed(void *context)
{
    struct event_log *log = context;
    void *jobs[LOG_MOST_JOBS_A_COMMIT];
    for (;;) {
        size_t count = inbox_take(log->inbox, jobs, LOG_MOST_JOBS_A_COMMIT, -1);
        if (count == 0) {
            return;
        }
        run_batch(log, (struct writer_job **)(void *)jobs, count);
    }
}

enum result log_writer_start(struct event_log *log)
{
    if (log->options.synchronous) {
        return RESULT_OK;
    }
    log->inbox = inbox_create(LOG_MOST_JOBS, NULL, NULL);
    return thread_start("writer", write_until_closed, log, &log->writer);
}

void log_writer_stop(struct event_log *log)
{
    if (log->inbox != NULL) {
        inbox_close(log->inbox);
    }
    thread_join(&log->writer);
    inbox_destroy(&log->inbox);
    memory_free(log->fresh);
}

enum result log_submit(struct event_log *log, struct writer_job *job)
{
    if (log->options.synchronous) {
        run_batch(log, &job, 1);
        return RESULT_OK;
    }
    return inbox_post(log->inbox, job) == RESULT_OK ? RESULT_OK : RESULT_FULL;
}
