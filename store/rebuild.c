#include <string.h>

#include "core/memory.h"
#include "store/log_private.h"

static void forget_views(struct event_log *log)
{
    (void)database_execute(&log->database,
                           "INSERT INTO messages_search(messages_search) VALUES('delete-all');"
                           "DELETE FROM messages; DELETE FROM receipts; DELETE FROM read_marks;"
                           "DELETE FROM heads; UPDATE events SET own=0 WHERE own<>0");
}

/* What is aside follows from the membership alone. */
static void sort_out_aside(struct event_log *log)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT seq,lamport,author FROM events ORDER BY seq", "");
    while (database_next(&log->database, row)) {
        struct node_id author;
        if (sqlite3_column_bytes(row, 2) == NODE_ID_BYTES) {
            memcpy(author.key, sqlite3_column_blob(row, 2), NODE_ID_BYTES);
            bool aside = membership_admits(log->state.membership, &author,
                                           sqlite3_column_int64(row, 1)) != MEMBERSHIP_ADMITS;
            database_run(&log->database, "UPDATE events SET aside=?2 WHERE seq=?1 AND aside<>?2",
                         "ii", sqlite3_column_int64(row, 0), (int64_t)aside);
        }
    }
    database_done(row);
}

static void count(struct event_log *log)
{
    struct log_state *state = &log->state;
    state->fingerprint = (struct fingerprint){0};
    sqlite3_stmt *row = database_query(&log->database, "SELECT hash FROM events WHERE aside=0", "");
    while (database_next(&log->database, row)) {
        if (sqlite3_column_bytes(row, 0) == BLAKE3_HASH_BYTES) {
            fingerprint_add(&state->fingerprint, sqlite3_column_blob(row, 0));
        }
    }
    database_done(row);
    state->head =
        database_integer(&log->database, 0, "SELECT max(lamport) FROM events WHERE aside=0", "");
    state->clock = state->clock > state->head ? state->clock : state->head;
    database_run(&log->database,
                 "INSERT INTO heads SELECT type,max(lamport) FROM events WHERE aside=0"
                 " GROUP BY type",
                 "");
    log_state_load_heads(log);
}

static void derive_views(struct event_log *log)
{
    sqlite3_stmt *row = database_query(&log->database,
                                       "SELECT seq,json FROM events WHERE aside=0"
                                       " AND type IN (9,10,11) ORDER BY lamport,event_id,hash",
                                       "");
    while (database_next(&log->database, row)) {
        struct verified_event *event = log_event_from_row(log, row, 1);
        if (event != NULL) {
            (void)log_views_apply(log, event_verified_get(event), sqlite3_column_int64(row, 0),
                                  false);
            event_verified_destroy(&event);
        }
    }
    database_done(row);
}

void log_rebuild(struct event_log *log)
{
    membership_destroy(&log->state.membership);
    log->state.membership = log_replay(log);
    log->state.membership_changed = true;
    forget_views(log);
    sort_out_aside(log);
    count(log);
    derive_views(log);
}
