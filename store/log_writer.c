#include "store/log_writer_private.h"

#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_answers_private.h"
#include "store/log_clearing_private.h"
#include "store/log_moves_private.h"
#include "store/log_opened_private.h"
#include "store/log_opener_private.h"
#include "store/log_set_private.h"
#include "store/log_snapshot_private.h"
#include "store/log_state_private.h"
#include "store/log_turns_private.h"
#include "store/log_upkeep_private.h"

/* What is stored in the transaction stays reachable until it is committed and told. */
static void forget_fresh(struct event_log *log)
{
    for (size_t i = 0; i < log->fresh_count; i++) {
        event_verified_destroy(&log->fresh[i].event);
        memory_free(log->fresh[i].opened);
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
                                             .concerns_us = log->fresh[i].concerns_us,
                                             .parties = log->fresh[i].parties,
                                             .opened = log->fresh[i].opened};
    }
    log->options.on_commit(log->options.context, events, log->fresh_count);
    memory_free(events);
}

/* Usually a checkpoint's syncs are spread over many commits, and pages that many of them change are
 * written once; the journal stays near 40 MB, until the writer rests. While events move, each slice
 * changes pages all over the file, and a checkpoint of so many would keep others waiting. */
enum { CHECKPOINT_PAGES = 10000, CHECKPOINT_PAGES_MOVING = 500 };

/* Nothing is begun while memory may say something else than the disk. */
static enum result begin(struct event_log *log)
{
    if (log->mode != DATABASE_WRITES) {
        return RESULT_IO;
    }
    if (!log->state.is_known && log_state_load(log) != RESULT_OK) {
        log_write(LOG_ERROR, "log.reload_failed", NULL);
        database_forget_failure(&log->database);
        return RESULT_IO;
    }
    log->state.has_moved = false;
    database_checkpoint_every(&log->database,
                              log->state.is_moving ? CHECKPOINT_PAGES_MOVING : CHECKPOINT_PAGES);
    return database_execute(&log->database, "BEGIN IMMEDIATE");
}

static enum result commit(struct event_log *log)
{
    struct database *database = &log->database;
    if (!database->failed) {
        log_opened_note(log);
        log_state_save(log);
    }
    return !database->failed ? database_execute(database, "COMMIT") : RESULT_IO;
}

/* Memory follows the disk: what the jobs changed in it is read again. A commit that failed may
 * still have reached the disk, so this is decided by reading alone. */
static void roll_back(struct event_log *log)
{
    struct database *database = &log->database;
    log_write(LOG_ERROR, "log.commit_failed", "disk_full",
              database->failure == DATABASE_FULL ? "yes" : "no", NULL);
    log->state.is_known = false;
    if (sqlite3_get_autocommit(database->handle) == 0) {
        (void)sqlite3_exec(database->handle, "ROLLBACK", NULL, NULL, NULL);
    }
    database_forget_failure(database);
    if (log_state_load(log) == RESULT_OK) {
        log_snapshot_publish(log);
    } else {
        log_write(LOG_ERROR, "log.reload_failed", NULL);
        database_forget_failure(database);
    }
}

static enum result end(struct event_log *log, enum result begun)
{
    enum result result = begun == RESULT_OK ? commit(log) : begun;
    log_set_settle(log, result == RESULT_OK);
    if (result == RESULT_OK) {
        log_snapshot_publish(log);
        tell_commit(log);
    }
    forget_fresh(log);
    if (result != RESULT_OK && log->mode == DATABASE_WRITES) {
        roll_back(log);
    }
    return result == RESULT_OK ? RESULT_OK : RESULT_IO;
}

/* If all are ahead of one that is not here, the last makes room for the others. */
static size_t find_next(struct event_log *log, struct writer_job **jobs, size_t from, size_t count)
{
    size_t next = from;
    while (next < count - 1 && jobs[next]->is_ahead != NULL &&
           jobs[next]->is_ahead(jobs[next], log)) {
        next++;
    }
    return next;
}

void log_writer_run(struct event_log *log, struct writer_job **jobs, size_t count)
{
    for (size_t i = 0; i < count && !log->database.failed; i++) {
        size_t next = find_next(log, jobs, i, count);
        struct writer_job *job = jobs[next];
        memmove(jobs + i + 1, jobs + i, (next - i) * sizeof(struct writer_job *));
        jobs[i] = job;
        job->run(job, log);
    }
}

static void run_batch(struct event_log *log, struct writer_job **jobs, size_t count)
{
    enum result result = begin(log);
    if (result == RESULT_OK) {
        log_writer_run(log, jobs, count);
    }
    result = end(log, result);
    for (size_t i = 0; i < count; i++) {
        jobs[i]->done(jobs[i], log, result);
    }
}

static bool has_answers(const struct event_log *log)
{
    return log->state.has_unanswered && log->options.answers_messages &&
           !atomic_load(&log->holds_answers);
}

/* What is done between jobs: nobody's job waits for more than a slice of it. */
static bool has_more(const struct event_log *log)
{
    return log->mode == DATABASE_WRITES && (log->state.is_moving || has_answers(log) ||
                                            log->state.is_clearing || log_upkeep_is_due(log));
}

static enum result run_slice(struct event_log *log)
{
    bool is_upkeep = !log->state.is_moving && !has_answers(log) && !log->state.is_clearing;
    const struct log_turns turns = log->turns;
    enum result result = begin(log);
    if (result == RESULT_OK && log->state.is_moving) {
        log_moves_run_slice(log);
    } else if (result == RESULT_OK && has_answers(log)) {
        log_answers_run_slice(log);
    } else if (result == RESULT_OK && !is_upkeep) {
        log_clearing_run_slice(log);
    } else if (result == RESULT_OK) {
        log_upkeep_run_slice(log);
    }
    result = end(log, result);
    if (result == RESULT_OK && is_upkeep) {
        log_upkeep_end_slice(log);
    } else if (is_upkeep) {
        log_turns_put_back(log, &turns);
    }
    return result;
}

enum { REST_MS = 1000, RETRY_MS = 1000 };

/* How long the writer waits for a job. */
static int64_t patience_ms(const struct event_log *log, enum result sliced)
{
    if (has_more(log)) {
        return sliced == RESULT_OK ? 0 : RETRY_MS;
    }
    if (database_has_long_journal(&log->database)) {
        return REST_MS;
    }
    return log->options.keeps_keys ? LOG_UPKEEP_LOOK_MS : -1;
}

/* A receipt comes when its message was acknowledged, often just before the next one is sent. */
static size_t await_company(struct event_log *log, void **jobs, size_t count)
{
    const struct clock *clock = log->options.clock;
    int64_t left_ms = has_more(log) ? 0 : log->options.receipts_wait_ms;
    int64_t until_ms = left_ms > 0 ? clock_monotonic_ms(clock) + left_ms : 0;
    size_t looked_at = 0;
    while (left_ms > 0 && looked_at < count && count < LOG_WRITER_MOST_JOBS_A_COMMIT) {
        if (!((const struct writer_job *)jobs[looked_at])->can_wait) {
            break;
        }
        looked_at++;
        if (looked_at == count) {
            count += inbox_take(log->inbox, jobs + count, LOG_WRITER_MOST_JOBS_A_COMMIT - count,
                                left_ms);
            left_ms = until_ms - clock_monotonic_ms(clock);
        }
    }
    return count;
}

static void write_until_closed(void *context)
{
    struct event_log *log = context;
    void *jobs[LOG_WRITER_MOST_JOBS_A_COMMIT];
    enum result sliced = RESULT_OK;
    thread_forbid(THREAD_READS_LOG | THREAD_PARSES);
    for (;;) {
        size_t count =
            inbox_take(log->inbox, jobs, LOG_WRITER_MOST_JOBS_A_COMMIT, patience_ms(log, sliced));
        if (count > 0) {
            count = await_company(log, jobs, count);
            run_batch(log, (struct writer_job **)(void *)jobs, count);
        } else if (inbox_is_closed(log->inbox)) {
            return;
        } else if (!has_more(log) && database_has_long_journal(&log->database)) {
            (void)log_upkeep_end_journal(log); /* else again after another rest */
        }
        if (has_more(log)) {
            sliced = run_slice(log);
        }
    }
}

static void run_slices(struct event_log *log)
{
    enum result sliced = RESULT_OK;
    while (has_more(log) && sliced == RESULT_OK) {
        sliced = run_slice(log);
    }
}

enum result log_writer_start(struct event_log *log)
{
    if (log->options.synchronous) {
        run_slices(log);
        return RESULT_OK;
    }
    log->inbox = inbox_create(LOG_WRITER_MOST_JOBS, NULL, NULL);
    return thread_start("writer", write_until_closed, log, &log->writer);
}

void log_writer_stop(struct event_log *log)
{
    if (log->inbox != NULL) {
        inbox_close(log->inbox);
    }
    thread_join(&log->writer);
    log_opener_destroy(&log->opener);
    inbox_destroy(&log->inbox);
    memory_free(log->fresh);
    log->fresh = NULL;
}

enum result log_writer_submit(struct event_log *log, struct writer_job *job)
{
    if (log->options.synchronous) {
        run_batch(log, &job, 1);
        run_slices(log);
        return RESULT_OK;
    }
    return inbox_post(log->inbox, job) == RESULT_OK ? RESULT_OK : RESULT_FULL;
}

enum result log_writer_explain(const struct event_log *log, const char *meaning,
                               struct error *error)
{
    return error_set(error, RESULT_IO, "%s %s", meaning,
                     log->mode != DATABASE_WRITES
                         ? "It was full at start: make room, then start the node again."
                         : "Make room or look at the node's log.");
}
