#include "store/log_checkup.h"

#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/event.h"
#include "store/database_private.h"
#include "store/log_events_private.h"
#include "store/stored_text_private.h"

static bool is_sound(struct database *database)
{
    sqlite3_stmt *row = database_query(database, "PRAGMA quick_check(1)", "");
    bool sound = database_next(database, row) && strcmp(database_text(row, 0), "ok") == 0;
    database_done(row);
    return sound;
}

static bool is_right(sqlite3_stmt *row, const struct node_id *community_id)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *verified = NULL;
    struct buffer space;
    buffer_init(&space);
    const char *text = database_text(row, 1);
    size_t length = (size_t)sqlite3_column_bytes(row, 1);
    text = stored_text_whole(text, &length, community_id, &space);
    bool right = canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
                 event_parse(json, community_id, &event) == EVENT_ACCEPTABLE &&
                 sqlite3_column_bytes(row, 2) == BLAKE3_HASH_BYTES &&
                 memcmp(sqlite3_column_blob(row, 2), event->hash, BLAKE3_HASH_BYTES) == 0 &&
                 event_verify(&event, &verified) == RESULT_OK;
    event_verified_destroy(&verified);
    event_destroy(&event);
    json_decref(json);
    buffer_deinit(&space);
    return right;
}

/* What is aside for today's bounds (aside=2) need not be an event of today. */
static void look_at_some(struct database *database, const struct node_id *community_id,
                         struct log_checkup *checkup)
{
    int64_t last = log_events_last(database);
    int64_t step = last / LOG_CHECKUP_SAMPLE + 1;
    for (int64_t before = last + 1; before > 1;) {
        sqlite3_stmt *row = database_query(database,
                                           "SELECT seq,json,hash FROM events"
                                           " WHERE seq<?1 AND aside<>2 ORDER BY seq DESC LIMIT 1",
                                           "i", before);
        int64_t seq = 1;
        if (database_next(database, row)) {
            seq = sqlite3_column_int64(row, 0);
            checkup->looked_at++;
            checkup->damaged += is_right(row, community_id) ? 0 : 1;
        }
        database_done(row);
        before = seq - step + 1;
    }
}

enum result log_checkup_run(const char *directory, const struct node_id *community_id,
                            struct log_checkup *checkup_out, struct error *error)
{
    struct database database;
    char *path = memory_format("%s/events.sqlite", directory);
    *checkup_out = (struct log_checkup){0};
    enum result result = database_open(&database, path, DATABASE_READS, error);
    memory_free(path);
    if (result == RESULT_OK) {
        checkup_out->database_is_sound = is_sound(&database);
        if (checkup_out->database_is_sound) {
            look_at_some(&database, community_id, checkup_out);
            checkup_out->database_is_sound = !database.failed;
        }
        database_close(&database);
    }
    return result;
}
