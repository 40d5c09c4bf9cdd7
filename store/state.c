#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "protocol/canonical.h"
#include "store/log_private.h"

void log_state_deinit(struct log_state *state)
{
    for (size_t i = 0; i < state->community_event_count; i++) {
        event_verified_destroy(&state->community_events[i]);
    }
    memory_free(state->community_events);
    membership_destroy(&state->membership);
    *state = (struct log_state){0};
}

struct verified_event *log_event_from_row(struct event_log *log, sqlite3_stmt *row, int column)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    const char *text = database_text(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
        event_parse(json, &log->options.community_id, &event) == EVENT_ACCEPTABLE) {
        (void)event_verify(&event, &verified);
    }
    json_decref(json);
    if (verified == NULL) {
        log_write(LOG_ERROR, "log.damaged_event", NULL);
    }
    return verified;
}

static int compare_verified(const void *left, const void *right)
{
    return event_compare(event_verified_get(*(struct verified_event *const *)left),
                         event_verified_get(*(struct verified_event *const *)right));
}

static void load_community_events(struct event_log *log)
{
    struct log_state *state = &log->state;
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT json FROM events WHERE type<=8 ORDER BY seq", "");
    while (database_next(&log->database, row)) {
        struct verified_event *event = log_event_from_row(log, row, 0);
        if (event == NULL) {
            log->database.failed = true;
            break;
        }
        state->community_events =
            memory_resize(state->community_events, state->community_event_count + 1,
                          sizeof(struct verified_event *));
        state->community_events[state->community_event_count++] = event;
    }
    database_done(row);
    if (state->community_event_count > 0) {
        qsort(state->community_events, state->community_event_count,
              sizeof(struct verified_event *), compare_verified);
    }
}

static void load_last_id(struct event_log *log)
{
    sqlite3_stmt *row = database_query(&log->database, "SELECT max(event_id) FROM events", "");
    if (database_next(&log->database, row)) {
        (void)snprintf(log->state.last_id, sizeof log->state.last_id, "%s", database_text(row, 0));
    }
    database_done(row);
}

void log_state_load_heads(struct event_log *log)
{
    struct log_state *state = &log->state;
    memset(state->heads, 0, sizeof state->heads);
    memset(state->heads_changed, 0, sizeof state->heads_changed);
    sqlite3_stmt *row = database_query(&log->database, "SELECT type,lamport FROM heads", "");
    while (database_next(&log->database, row)) {
        int64_t type = sqlite3_column_int64(row, 0);
        if (type >= 0 && type < LOG_MOST_TYPES) {
            state->heads[type] = sqlite3_column_int64(row, 1);
        }
    }
    database_done(row);
}

enum result log_state_load(struct event_log *log)
{
    struct log_state *state = &log->state;
    struct database *database = &log->database;
    log_state_deinit(state);
    sqlite3_stmt *row = database_query(
        database, "SELECT clock,head,event_count,fingerprint_sum FROM state WHERE id=1", "");
    if (database_next(database, row)) {
        state->clock = sqlite3_column_int64(row, 0);
        state->head = sqlite3_column_int64(row, 1);
        state->fingerprint.count = (uint64_t)sqlite3_column_int64(row, 2);
        if (sqlite3_column_bytes(row, 3) == FINGERPRINT_SUM_BYTES) {
            fingerprint_read_sum(&state->fingerprint, sqlite3_column_blob(row, 3));
        }
    }
    database_done(row);
    state->last_seq = database_integer(database, 0, "SELECT max(seq) FROM events", "");
    load_last_id(log);
    log_state_load_heads(log);
    load_community_events(log);
    state->membership = log_replay(log);
    state->membership_changed = true;
    return database->failed ? RESULT_IO : RESULT_OK;
}

void log_state_save(struct event_log *log)
{
    struct log_state *state = &log->state;
    for (int64_t type = 0; type < LOG_MOST_TYPES; type++) {
        if (state->heads_changed[type]) {
            database_run(&log->database, "INSERT OR REPLACE INTO heads VALUES(?1,?2)", "ii", type,
                         state->heads[type]);
            state->heads_changed[type] = false;
        }
    }
    uint8_t sum[FINGERPRINT_SUM_BYTES];
    if (state->grown_events > 0) {
        const int64_t day_ms = 86400000;
        database_run(&log->database,
                     "INSERT INTO growth VALUES(?1,?2,?3) ON CONFLICT(day) DO UPDATE"
                     " SET events=events+excluded.events,bytes=bytes+excluded.bytes",
                     "iii", clock_wall_ms(log->options.clock) / day_ms, state->grown_events,
                     state->grown_bytes);
        state->grown_events = state->grown_bytes = 0;
    }
    fingerprint_write_sum(&state->fingerprint, sum);
    database_run(&log->database,
                 "UPDATE state SET clock=?1,head=?2,event_count=?3,fingerprint_sum=?4 WHERE id=1",
                 "iiib", state->clock, state->head, (int64_t)state->fingerprint.count, sum,
                 FINGERPRINT_SUM_BYTES);
}

/* With the lock taken. */
static void unreference(struct log_snapshot_shared *snapshot)
{
    if (snapshot == NULL || --snapshot->references > 0) {
        return;
    }
    if (--snapshot->membership->references == 0) {
        membership_destroy(&snapshot->membership->value);
        memory_free(snapshot->membership);
    }
    memory_free(snapshot);
}

void log_state_publish(struct event_log *log)
{
    struct log_state *state = &log->state;
    struct log_snapshot_shared *next = memory_allocate(1, sizeof *next);
    struct shared_membership *changed = NULL;
    if (state->membership_changed) {
        changed = memory_allocate(1, sizeof *changed);
        changed->value = membership_copy(state->membership);
        state->membership_changed = false;
    }
    next->references = 1;
    next->public.head = state->head;
    next->public.clock = state->clock;
    next->public.last_seq = state->last_seq;
    next->public.event_count = state->fingerprint.count;
    fingerprint_digest(&state->fingerprint, next->public.fingerprint);
    lock_take(log->lock);
    next->membership = changed != NULL ? changed : log->snapshot->membership;
    next->membership->references++;
    next->public.membership = next->membership->value;
    unreference(log->snapshot);
    log->snapshot = next;
    lock_release(log->lock);
}

void log_state_unpublish(struct event_log *log)
{
    lock_take(log->lock);
    unreference(log->snapshot);
    log->snapshot = NULL;
    lock_release(log->lock);
}

const struct log_snapshot *event_log_acquire(struct event_log *log)
{
    lock_take(log->lock);
    struct log_snapshot_shared *snapshot = log->snapshot;
    snapshot->references++;
    lock_release(log->lock);
    return &snapshot->public;
}

void event_log_release(struct event_log *log, const struct log_snapshot **snapshot)
{
    if (*snapshot == NULL) {
        return;
    }
    lock_take(log->lock);
    unreference((struct log_snapshot_shared *)(uintptr_t)*snapshot);
    lock_release(log->lock);
    *snapshot = NULL;
}
