#include "store/log_events_private.h"

#include "core/log.h"
#include "protocol/canonical.h"
#include "store/log_schema_private.h"
#include "store/stored_text_private.h"

struct event *log_events_of_row(struct event_log *log, sqlite3_stmt *row, int column)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct buffer space;
    buffer_init(&space);
    const char *text = database_text(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    text = stored_text_whole(text, &length, &log->options.community_id, &space);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK) {
        (void)event_parse(json, &log->options.community_id, &event);
    }
    if (event != NULL && event_prove(event, NULL) != RESULT_OK) {
        event_destroy(&event);
    }
    json_decref(json);
    buffer_deinit(&space);
    if (event == NULL) {
        log_write(LOG_ERROR, "log.damaged_event", NULL);
    }
    return event;
}

int64_t log_events_last(struct database *database)
{
    return database_integer(database, 0, "SELECT max(seq) FROM events", "");
}

void log_events_set_aside(struct event_log *log, int64_t seq, int64_t aside)
{
    database_run(&log->database, "UPDATE events SET aside=?2 WHERE seq=?1", "ii", seq, aside);
}

struct event *log_events_read(struct event_log *log, int64_t seq)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT json FROM events WHERE seq=?1", "i", seq);
    struct event *event =
        database_next(&log->database, row) ? log_events_of_row(log, row, 0) : NULL;
    database_done(row);
    return event;
}

int64_t log_events_find_message(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(&log->database, 0,
                            "SELECT seq FROM events INDEXED BY events_hash"
                            " WHERE " LOG_SCHEMA_IS("hash", "?1") " AND aside=0 AND type=?2",
                            "bi", hash, BLAKE3_HASH_BYTES, (int64_t)EVENT_MESSAGE_SENT);
}

bool log_events_hold(struct database *database, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(database, 0,
                            "SELECT seq FROM events INDEXED BY events_hash"
                            " WHERE " LOG_SCHEMA_IS("hash", "?1"),
                            "b", hash, BLAKE3_HASH_BYTES) != 0;
}

bool log_events_have_twin_before(struct event_log *log, const struct event *event)
{
    return database_integer(
               &log->database, 0,
               "SELECT 1 FROM events INDEXED BY events_event_id WHERE event_id=?1"
               " AND " LOG_SCHEMA_IS_AUTHOR("author", "?2") " AND aside=0 AND " LOG_SCHEMA_PREFIX(
                   "hash") "<=" LOG_SCHEMA_PREFIX("?3") " AND hash<?3 LIMIT 1",
               "tbb", event->event_id, event->author.key, NODE_ID_BYTES, event->hash,
               BLAKE3_HASH_BYTES) != 0;
}
