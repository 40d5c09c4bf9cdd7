#include "store/log_state_private.h"

#include <stdio.h>

#include "core/memory.h"
#include "store/log_answers_private.h"
#include "store/log_blocked_private.h"
#include "store/log_clearing_private.h"
#include "store/log_events_private.h"
#include "store/log_facts_private.h"
#include "store/log_manifests_private.h"
#include "store/log_moves_private.h"
#include "store/log_nodes_private.h"
#include "store/log_receipts_private.h"
#include "store/log_schema_private.h"
#include "store/log_sealings_private.h"
#include "store/log_search_private.h"
#include "store/log_sessions_private.h"
#include "store/log_terms_private.h"
#include "store/log_turns_private.h"

void log_state_deinit(struct log_state *state)
{
    community_destroy(&state->community);
    *state = (struct log_state){.is_known = false};
}

static void load_row(struct event_log *log)
{
    struct log_state *state = &log->state;
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT clock,head,event_count,fingerprint_sum FROM state WHERE id=1", "");
    if (database_next(&log->database, row) &&
        sqlite3_column_bytes(row, 3) == FINGERPRINT_SUM_BYTES) {
        state->clock = sqlite3_column_int64(row, 0);
        state->head = sqlite3_column_int64(row, 1);
        state->fingerprint.count = (uint64_t)sqlite3_column_int64(row, 2);
        fingerprint_read_sum(&state->fingerprint, sqlite3_column_blob(row, 3));
    } else {
        database_fail(&log->database, "the state of the log is missing");
    }
    database_done(row);
}

static void load_last(struct event_log *log)
{
    log->state.last_seq = log_events_last(&log->database);
    log_ids_load(&log->state.ids, &log->database);
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT value FROM meta WHERE key='log'", "");
    if (database_next(&log->database, row)) {
        (void)snprintf(log->state.life, sizeof log->state.life, "%s", database_text(row, 0));
    }
    database_done(row);
    log->state.copy_seen = database_integer(
        &log->database, 0, "SELECT CAST(value AS INTEGER) FROM meta WHERE key='copy_seen'", "");
    log->state.set_back_seen = database_integer(
        &log->database, 0, "SELECT CAST(value AS INTEGER) FROM meta WHERE key='set_back_seen'", "");
}

enum result log_state_load(struct event_log *log)
{
    log_state_deinit(&log->state);
    log_nodes_forget(log);
    log_terms_forget_all(log);
    database_forget_failure(&log->database);
    (void)database_execute(&log->database, "BEGIN"); /* one look, with one lock */
    load_row(log);
    load_last(log);
    log->state.keeps_keys = log_schema_keeps_keys(&log->database);
    log->state.wants_upkeep = log->state.offers_are_unsure = log->state.secrets_may_go = true;
    log_moves_load(log);
    log_answers_load(log);
    log_sessions_load(log);
    log_sealings_load(log);
    log_turns_note_waiting(log);
    log_receipts_load(log);
    log_search_load(log);
    log_blocked_load(log);
    log_clearing_load(log);
    log->state.community = log_facts_read(log);
    for (uint32_t i = 0; i < community_count_people(log->state.community); i++) {
        log_manifests_publish(log, i);
    }
    if (log->self == 0) { /* others read it: it is set once */
        log->self = log_nodes_find(&log->database, &log->options.key->node_id);
    }
    (void)sqlite3_exec(log->database.handle, "COMMIT", NULL, NULL, NULL);
    log->state.membership_changed = true;
    log->state.is_known = !log->database.failed && log->self != 0;
    return log->state.is_known ? RESULT_OK : RESULT_IO;
}

void log_state_save(struct event_log *log)
{
    struct log_state *state = &log->state;
    uint8_t sum[FINGERPRINT_SUM_BYTES];
    if (state->grown_events > 0) {
        const int64_t day_ms = 86400000;
        database_run(&log->database,
                     "INSERT INTO growth(day,events,bytes) VALUES(?1,?2,?3) ON CONFLICT(day)"
                     " DO UPDATE SET events=events+excluded.events,bytes=bytes+excluded.bytes",
                     "iii", clock_wall_ms(log->options.clock) / day_ms, state->grown_events,
                     state->grown_bytes);
        state->grown_events = state->grown_bytes = 0;
    }
    fingerprint_write_sum(&state->fingerprint, sum);
    database_run(&log->database,
                 "UPDATE state SET clock=?1,head=?2,event_count=?3,fingerprint_sum=?4,indexed=?5"
                 " WHERE id=1",
                 "iiibi", state->clock, state->head, (int64_t)state->fingerprint.count, sum,
                 FINGERPRINT_SUM_BYTES, state->search.through);
}
