#include "store/log_views_private.h"

#include "store/log_acknowledged_private.h"
#include "store/log_events_private.h"
#include "store/log_kinds_private.h"
#include "store/log_messages_private.h"
#include "store/log_offers_private.h"
#include "store/log_schema_private.h"
#include "store/log_sealings_private.h"

static bool apply(struct event_log *log, const struct event *event, int64_t seq,
                  struct parties *parties)
{
    const struct log_kind *kind = log_kinds_find(event->type);
    return kind->apply != NULL && kind->apply(log, event, seq, parties);
}

static void take_back(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct log_kind *kind = log_kinds_find(event->type);
    if (kind->take_back != NULL) {
        kind->take_back(log, event, seq);
    }
}

/* The arrival number of the author's other accepted event with this id and the smallest hash, 0 if
 * there is none; *smaller_out says whether its hash is smaller than ours. */
static int64_t find_twin(struct event_log *log, const struct event *event, int64_t seq,
                         bool *smaller_out)
{
    int64_t twin = 0;
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT seq,hash<?3 FROM events INDEXED BY events_event_id"
        " WHERE event_id=?1 AND"
        " seq<>?2 AND " LOG_SCHEMA_IS_AUTHOR(
            "author", "?4") " AND aside=0 ORDER BY " LOG_SCHEMA_BY_HASH("hash") " LIMIT 1",
        "tibb", event->event_id, seq, event->hash, (int)sizeof event->hash, event->author.key,
        NODE_ID_BYTES);
    *smaller_out = false;
    if (database_next(&log->database, row)) {
        twin = sqlite3_column_int64(row, 0);
        *smaller_out = sqlite3_column_int(row, 1) != 0;
    }
    database_done(row);
    return twin;
}

/* A twin that is shown gives way, or comes back; one of whose kind the last counts does neither. */
static void change_twin(struct event_log *log, int64_t twin, bool shown)
{
    struct event *other = twin == 0 ? NULL : log_events_read(log, twin);
    struct parties parties = {.known = false};
    if (other != NULL && !log_kinds_find(other->type)->last_counts) {
        if (shown) {
            (void)apply(log, other, twin, &parties);
        } else {
            take_back(log, other, twin);
        }
    }
    event_destroy(&other);
}

/* What is so of every accepted event, shown or hidden by a twin: what it offers, what it says to
 * have, and which of several events is the message that they all are. */
static void enter(struct event_log *log, const struct event *event, int64_t seq)
{
    log_offers_enter(log, event);
    log_acknowledged_enter(log, event, seq);
    int64_t before = log_sealings_enter(log, event, seq);
    struct event *again = before == 0 ? NULL : log_events_read(log, before);
    if (again != NULL) {
        log_messages_give_way(log, again, before);
    }
    event_destroy(&again);
}

static void leave(struct event_log *log, const struct event *event, int64_t seq)
{
    log_offers_leave(log, event);
    log_acknowledged_leave(log, event, seq);
    log_sealings_leave(log, event, seq);
}

bool log_views_has(enum event_type type)
{
    return log_kinds_find(type)->apply != NULL || log_offers_may_be_in(type);
}

bool log_views_apply(struct event_log *log, const struct event *event, int64_t seq, bool alone,
                     struct parties *parties)
{
    bool twin_is_shown = false;
    enter(log, event, seq);
    int64_t twin = alone ? 0 : find_twin(log, event, seq, &twin_is_shown);
    if (!twin_is_shown) {
        change_twin(log, twin, false);
    }
    return (!twin_is_shown || log_kinds_find(event->type)->last_counts) &&
           apply(log, event, seq, parties);
}

void log_views_take_back(struct event_log *log, const struct event *event, int64_t seq)
{
    bool twin_is_shown = false;
    int64_t twin = find_twin(log, event, seq, &twin_is_shown);
    if (!twin_is_shown || log_kinds_find(event->type)->last_counts) {
        take_back(log, event, seq);
    }
    leave(log, event, seq);
    if (!twin_is_shown) { /* else it never hid anything */
        change_twin(log, twin, true);
    }
}
