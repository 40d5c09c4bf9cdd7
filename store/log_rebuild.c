#include "store/log_rebuild_private.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "store/log_events_private.h"
#include "store/log_facts_private.h"
#include "store/log_manifests_private.h"
#include "store/log_schema_private.h"
#include "store/log_search_private.h"
#include "store/log_unread_private.h"
#include "store/log_views_private.h"

static void forget_derived(struct event_log *log)
{
    log_search_clear(log);
    log->state.last_target[0] = '\0';
    for (const struct log_schema_table *table = log_schema_tables; table->name != NULL; table++) {
        if (table->wholly) {
            char *sql = memory_format("DELETE FROM %s", table->name);
            (void)database_execute(&log->database, sql);
            memory_free(sql);
        }
    }
}

static void derive_facts(struct event_log *log, enum event_type type)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT seq,json FROM events INDEXED BY events_type WHERE type=?1 ORDER BY seq", "i",
        (int64_t)type);
    while (database_next(&log->database, row)) {
        struct event *event = log_events_of_row(log, row, 1);
        if (event != NULL) {
            log_facts_keep(log, event, sqlite3_column_int64(row, 0));
            event_destroy(&event);
        }
    }
    database_done(row);
}

/* Of all events, aside or not: who stands where follows from the whole log. */
static void derive_community(struct event_log *log)
{
    for (enum event_type type = EVENT_COMMUNITY_CREATED; event_kind_get(type) != NULL; type++) {
        if (event_kind_get(type)->drives_membership) {
            derive_facts(log, type);
        }
    }
    community_destroy(&log->state.community);
    log->state.community = log_facts_read(log);
    log->state.membership_changed = true;
    log->state.is_moving = false;
}

/* Whether the event is one by today's rules: those of what members say of themselves have got
 * bounds since the first version. */
static bool is_event_today(struct event_log *log, sqlite3_stmt *row)
{
    const struct event_kind *kind = event_kind_get((enum event_type)sqlite3_column_int(row, 3));
    if (kind == NULL || !kind->tells_of_members) {
        return kind != NULL;
    }
    struct event *event = log_events_of_row(log, row, 5);
    bool is_event = event != NULL;
    event_destroy(&event);
    return is_event;
}

/* 0: in the set. 1: its author does not belong. 2: it is no event by today's rules. */
static int64_t place_of(struct event_log *log, sqlite3_stmt *row)
{
    struct node_id author;
    if (sqlite3_column_bytes(row, 2) != NODE_ID_BYTES || !is_event_today(log, row)) {
        return 2;
    }
    memcpy(author.key, sqlite3_column_blob(row, 2), NODE_ID_BYTES);
    return community_admits(log->state.community, &author, sqlite3_column_int64(row, 1)) ==
                   MEMBERSHIP_ADMITS
               ? 0
               : 1;
}

/* The place of every event comes before any view: an event is shown or not by where its twin is. */
static void sort_out_aside(struct event_log *log)
{
    struct log_state *state = &log->state;
    state->fingerprint = (struct fingerprint){0};
    state->head = 0;
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT seq,lamport,author,type,hash,json,aside FROM events ORDER BY seq",
        "");
    while (database_next(&log->database, row)) {
        int64_t lamport = sqlite3_column_int64(row, 1);
        int64_t aside = place_of(log, row);
        if (aside == 0 && sqlite3_column_bytes(row, 4) == BLAKE3_HASH_BYTES) {
            fingerprint_add(&state->fingerprint, sqlite3_column_blob(row, 4));
            state->head = lamport > state->head ? lamport : state->head;
        }
        if (aside != sqlite3_column_int64(row, 6)) {
            log_events_set_aside(log, sqlite3_column_int64(row, 0), aside);
        }
    }
    database_done(row);
    state->clock = state->clock > state->head ? state->clock : state->head;
}

static void derive_views(struct event_log *log)
{
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT seq,type,json FROM events NOT INDEXED WHERE aside=0 ORDER BY seq",
        "");
    while (database_next(&log->database, row)) {
        enum event_type type = (enum event_type)sqlite3_column_int(row, 1);
        struct event *event = log_views_has(type) ? log_events_of_row(log, row, 2) : NULL;
        if (event != NULL) {
            struct parties parties = {.known = false};
            (void)log_views_apply(log, event, sqlite3_column_int64(row, 0), false, &parties);
            event_destroy(&event);
        }
    }
    database_done(row);
    for (uint32_t i = 0; i < community_count_people(log->state.community); i++) {
        log_manifests_publish(log, i);
    }
}

void log_rebuild_all(struct event_log *log)
{
    forget_derived(log);
    derive_community(log);
    sort_out_aside(log);
    log->state.is_deriving = true;
    derive_views(log);
    log->state.is_deriving = false;
    log_unread_count_all(&log->database, log->self);
}
