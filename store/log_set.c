#include "store/log_set_private.h"

#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "store/log_readers_private.h"

/* A log of fewer events is read while it is opened: that takes less than starting a thread. */
enum { READ_AT_ONCE_EVENTS = 4096 };

void log_set_note(struct event_log *log, int64_t lamport,
                  const uint8_t hash[static BLAKE3_HASH_BYTES], bool removed)
{
    struct log_set *set = &log->set;
    if (set->noted_count == set->noted_capacity) {
        set->noted_capacity = set->noted_capacity == 0 ? 64 : set->noted_capacity * 2;
        set->noted = memory_resize(set->noted, set->noted_capacity, sizeof *set->noted);
    }
    struct set_change *change = &set->noted[set->noted_count++];
    change->item.timestamp = lamport;
    memcpy(change->item.id, hash, sizeof change->item.id);
    change->removed = removed;
}

static void apply(struct item_set *items, const struct set_change *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i].removed) {
            (void)item_set_remove(items, &changes[i].item);
        } else {
            (void)item_set_insert(items, &changes[i].item);
        }
    }
}

void log_set_settle(struct event_log *log, bool committed)
{
    struct log_set *set = &log->set;
    if (committed && set->noted_count > 0) {
        lock_take(set->lock);
        if (set->items != NULL && !set->borrowed) {
            apply(set->items, set->noted, set->noted_count);
        } else {
            set->waiting = memory_resize(set->waiting, set->waiting_count + set->noted_count,
                                         sizeof *set->waiting);
            memcpy(set->waiting + set->waiting_count, set->noted,
                   set->noted_count * sizeof *set->noted);
            set->waiting_count += set->noted_count;
        }
        lock_release(set->lock);
    }
    set->noted_count = 0;
}

/* Whether the log's own account of its set is that of its events; both read in one transaction. */
static bool is_accounted(struct database *reader, struct item_set *items)
{
    struct fingerprint sum = {0};
    uint8_t accounted[FINGERPRINT_BYTES];
    uint8_t counted[FINGERPRINT_BYTES];
    sqlite3_stmt *row =
        database_query(reader, "SELECT event_count,fingerprint_sum FROM state WHERE id=1", "");
    if (database_next(reader, row) && sqlite3_column_bytes(row, 1) == FINGERPRINT_SUM_BYTES) {
        sum.count = (uint64_t)sqlite3_column_int64(row, 0);
        fingerprint_read_sum(&sum, sqlite3_column_blob(row, 1));
    }
    database_done(row);
    fingerprint_digest(&sum, accounted);
    item_set_fingerprint(items, 0, item_set_count(items), counted);
    return memcmp(accounted, counted, sizeof counted) == 0;
}

/* With the lock taken. */
static void apply_waiting(struct log_set *set)
{
    apply(set->items, set->waiting, set->waiting_count);
    memory_free(set->waiting);
    set->waiting = NULL;
    set->waiting_count = 0;
}

/* What was committed while the rows were read comes behind them; to have it twice does no harm. */
static void publish(struct log_set *set, struct item_set *items)
{
    lock_take(set->lock);
    set->items = items;
    apply_waiting(set);
    lock_release(set->lock);
}

struct item_set *log_set_borrow(struct event_log *log)
{
    struct log_set *set = &log->set;
    lock_take(set->lock);
    while (set->borrowed) {
        (void)lock_wait(set->lock, -1);
    }
    set->borrowed = set->items != NULL;
    struct item_set *items = set->items;
    lock_release(set->lock);
    return items;
}

void log_set_give_back(struct event_log *log)
{
    struct log_set *set = &log->set;
    lock_take(set->lock);
    apply_waiting(set);
    set->borrowed = false;
    lock_wake_all(set->lock);
    lock_release(set->lock);
}

static void read_set(void *context)
{
    struct event_log *log = context;
    struct item_set *items = item_set_create();
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    sqlite3_stmt *row = database_query(
        reader, "SELECT lamport,hash FROM events WHERE aside=0 ORDER BY lamport,hash", "");
    while (!atomic_load(&log->set.stopping) && database_next(reader, row)) {
        struct item item = {.timestamp = sqlite3_column_int64(row, 0)};
        if (sqlite3_column_bytes(row, 1) == ITEM_ID_BYTES) {
            memcpy(item.id, sqlite3_column_blob(row, 1), ITEM_ID_BYTES);
            (void)item_set_insert(items, &item);
        }
    }
    database_done(row);
    if (!atomic_load(&log->set.stopping) && !is_accounted(reader, items)) {
        log_write(LOG_ERROR, "log.set_differs", "advice", "run: hearthchat verify", NULL);
    }
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    if (log_readers_release(log, &reader) != RESULT_OK) {
        log_write(LOG_ERROR, "log.set_unreadable", NULL);
        item_set_destroy(&items);
    } else {
        publish(&log->set, items);
    }
}

enum result log_set_open(struct event_log *log)
{
    log->set.lock = lock_create();
    if (log->options.synchronous || log->state.fingerprint.count < READ_AT_ONCE_EVENTS) {
        read_set(log);
        return log->set.items != NULL ? RESULT_OK : RESULT_IO;
    }
    return thread_start("set", read_set, log, &log->set.reader);
}

void log_set_close(struct event_log *log)
{
    struct log_set *set = &log->set;
    atomic_store(&set->stopping, true);
    thread_join(&set->reader);
    item_set_destroy(&set->items);
    memory_free(set->noted);
    memory_free(set->waiting);
    lock_destroy(&set->lock);
}
