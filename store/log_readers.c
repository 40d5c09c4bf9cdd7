#include "store/log_readers_private.h"

#include "core/memory.h"
#include "core/thread.h"

struct database *log_readers_acquire(struct event_log *log)
{
    struct database *reader = NULL;
    thread_expect(THREAD_READS_LOG);
    lock_take(log->lock);
    if (log->reader_count > 0) {
        reader = log->readers[--log->reader_count];
    }
    lock_release(log->lock);
    if (reader == NULL) {
        reader = memory_allocate(1, sizeof *reader);
        enum database_mode mode = log->mode == DATABASE_WRITES ? DATABASE_READS : log->mode;
        if (database_open(reader, log->path, mode, NULL) != RESULT_OK ||
            database_execute(reader, "PRAGMA cache_size=-4000") != RESULT_OK) {
            reader->failed = true;
        }
    }
    return reader;
}

enum result log_readers_release(struct event_log *log, struct database **reader)
{
    bool failed = (*reader)->failed;
    bool kept = false;
    if (!failed) {
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
    return failed ? RESULT_IO : RESULT_OK;
}

void log_readers_close(struct event_log *log)
{
    for (size_t i = 0; i < log->reader_count; i++) {
        database_close(log->readers[i]);
        memory_free(log->readers[i]);
    }
    log->reader_count = 0;
}
