#include "store/event_log.h"

#include <sys/stat.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/log_private.h"

enum result event_log_open(const struct event_log_options *options, struct event_log **log_out,
                           struct error *error)
{
    struct event_log *log = memory_allocate(1, sizeof *log);
    log->options = *options;
    log->options.directory = NULL; /* borrowed for this call only */
    log->lock = lock_create();
    log->path = data_directory_path(options->directory, "events.sqlite");
    mode_t before = umask(0077);
    enum result result = database_open(&log->database, log->path, false, error);
    if (result == RESULT_OK) {
        result = log_schema_prepare(&log->database, options, error);
    }
    (void)umask(before);
    if (result == RESULT_OK && log_state_load(log) != RESULT_OK) {
        result = error_set(error, RESULT_IO, "The event log %s is damaged.", log->path);
    }
    if (result == RESULT_OK) {
        log_state_publish(log);
        result = log_set_open(log);
    }
    if (result == RESULT_OK) {
        result = log_writer_start(log);
    }
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
    for (size_t i = 0; i < log->reader_count; i++) {
        database_close(log->readers[i]);
        memory_free(log->readers[i]);
    }
    log_state_unpublish(log);
    log_state_deinit(&log->state);
    database_close(&log->database);
    lock_destroy(&log->lock);
    memory_free(log->path);
    memory_free(log);
    *log_pointer = NULL;
}

struct database *log_reader_acquire(struct event_log *log)
{
    struct database *reader = NULL;
    lock_take(log->lock);
    if (log->reader_count > 0) {
        reader = log->readers[--log->reader_count];
    }
    lock_release(log->lock);
    if (reader == NULL) {
        reader = memory_allocate(1, sizeof *reader);
        if (database_open(reader, log->path, true, NULL) != RESULT_OK ||
            database_execute(reader, "PRAGMA cache_size=-4000") != RESULT_OK) {
            reader->failed = true;
        }
    }
    return reader;
}

void log_reader_release(struct event_log *log, struct database **reader)
{
    bool kept = false;
    if (!(*reader)->failed) {
        lock_take(log->lock);
        kept = log->reader_count < LOG_MOST_READERS;
        if (kept) {
            log->readers[log->reader_count++] = *reader;
        }
        lock_release(log->lock);
    }
    if (!kept) {
        database_close(*reader);
        memory_free(*reader);
    }
    *reader = NULL;
}
