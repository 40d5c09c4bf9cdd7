#include "store/event_log.h"

#include <sys/stat.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/data_directory.h"
#include "store/log_life_private.h"
#include "store/log_messages_private.h"
#include "store/log_readers_private.h"
#include "store/log_rebuild_private.h"
#include "store/log_schema_private.h"
#include "store/log_sealing_private.h"
#include "store/log_search_private.h"
#include "store/log_set_private.h"
#include "store/log_snapshot_private.h"
#include "store/log_state_private.h"
#include "store/log_writer_private.h"

static enum result open_database(struct event_log *log, struct error *error)
{
    mode_t before = umask(0077);
    enum result result = database_open(&log->database, log->path, log->mode, error);
    if (result == RESULT_OK) {
        result = log->mode == DATABASE_WRITES
                     ? log_schema_prepare(&log->database, &log->options, error)
                     : log_schema_check(&log->database, &log->options, error);
    }
    (void)umask(before);
    return result;
}

/* What an older version derived otherwise. */
static enum result derive(struct event_log *log, struct error *error)
{
    bool derived = log_schema_is_derived(&log->database);
    bool is_found = log_search_is_of_today(log);
    bool is_read = log_messages_are_of_today(log);
    if (log->mode != DATABASE_WRITES || (derived && is_found && is_read)) {
        return RESULT_OK;
    }
    if (database_integer(&log->database, 0, "SELECT EXISTS(SELECT 1 FROM events)", "") != 0) {
        log_write(LOG_INFO, "log.upgrading", NULL); /* not of one that was just made */
    }
    (void)database_execute(&log->database, "BEGIN IMMEDIATE");
    if (!is_read) {
        log_messages_renew(log);
    }
    if (derived && !is_found) {
        log_search_renew(log);
    } else if (!derived) {
        log_rebuild_all(log);
        log_schema_set_derived(&log->database);
    }
    log_state_save(log);
    if (!log->database.failed && database_execute(&log->database, "COMMIT") == RESULT_OK) {
        return RESULT_OK;
    }
    return log_schema_explain(&log->database, "The event log can't be brought up to date", error);
}

/* Nothing that was committed is still in its journal. */
static bool is_settled(const struct event_log *log)
{
    struct stat journal;
    char *path = memory_format("%s-wal", log->path);
    bool settled = stat(path, &journal) != 0 || journal.st_size == 0;
    memory_free(path);
    return settled;
}

/* What was killed may have left there what it had deleted. */
static void end_old_journal(struct event_log *log, bool was_settled)
{
    if (log->mode == DATABASE_WRITES && !was_settled) {
        log->has_deleted = !database_end_journal(&log->database);
    }
}

static enum result open_and_begin(struct event_log *log, struct error *error)
{
    bool was_settled = is_settled(log);
    enum result result = open_database(log, error);
    if (result == RESULT_OK && log_state_load(log) != RESULT_OK) {
        result = log_schema_explain(&log->database, "The event log can't be read", error);
    }
    if (result == RESULT_OK) {
        result = derive(log, error);
    }
    if (result == RESULT_OK && log->mode == DATABASE_WRITES &&
        ((log->state.keeps_keys && log_sealing_begin(log) != RESULT_OK) ||
         (log->options.has_a_life && log_life_begin(log) != RESULT_OK))) {
        result = log_schema_explain(&log->database, "The event log can't be written", error);
    }
    if (result == RESULT_OK) {
        end_old_journal(log, was_settled);
    }
    return result;
}

/* A log without room for what several connections share, or for the word of this start, can be read
 * as it lies there, if its journal is settled. */
static enum result open_frozen(struct event_log *log)
{
    database_close(&log->database); /* takes along of the journal what finds room */
    log->mode = DATABASE_FROZEN;
    if (!is_settled(log) || open_and_begin(log, NULL) != RESULT_OK) {
        return RESULT_FULL; /* `error` says so already */
    }
    log_write(LOG_WARNING, "log.read_only", "reason", "the disk is full", "advice",
              "make room, then start the node again", NULL);
    return RESULT_OK;
}

static enum result open_parts(struct event_log *log, struct error *error)
{
    enum result result = open_and_begin(log, error);
    if (result == RESULT_FULL) {
        result = open_frozen(log);
    }
    if (result == RESULT_OK) {
        log_snapshot_publish(log);
        result = log->database.failed ? RESULT_IO : log_set_open(log);
    }
    if (result == RESULT_OK) {
        result = log_writer_start(log);
    }
    return result == RESULT_OK || error == NULL || error->message[0] != '\0'
               ? result
               : error_set(error, result, "The event log can't be read; see the node's log.");
}

enum result event_log_open(const struct event_log_options *options, struct event_log **log_out,
                           struct error *error)
{
    struct event_log *log = memory_allocate(1, sizeof *log);
    log->options = *options;
    log->options.directory = NULL; /* borrowed for this call only */
    log->search_may_wait = LOG_SEARCH_MOST_WAITING;
    log->mode = options->reads_only ? DATABASE_READS : DATABASE_WRITES;
    log->lock = lock_create();
    log->path = data_directory_path(options->directory, "events.sqlite");
    enum result result = open_parts(log, error);
    if (result == RESULT_OK) {
        *log_out = log;
    } else {
        event_log_close(&log);
    }
    return result;
}

void event_log_close(struct event_log **log_pointer)
{
    struct event_log *log = *log_pointer;
    if (log == NULL) {
        return;
    }
    log_writer_stop(log);
    log_set_close(log);
    log_readers_close(log);
    log_snapshot_withdraw(log);
    log_state_deinit(&log->state);
    database_close(&log->database);
    lock_destroy(&log->lock);
    signing_wipe(&log->hedge, sizeof log->hedge);
    memory_free(log->path);
    memory_free(log);
    *log_pointer = NULL;
}

bool event_log_is_read_only(const struct event_log *log)
{
    return log->mode != DATABASE_WRITES;
}
