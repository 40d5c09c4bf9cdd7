#include "store/log_opened_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/payload.h"
#include "store/log_schema_private.h"

/* False: there is none, or not any more. */
static bool find_key(struct database *database, const uint8_t hash[static BLAKE3_HASH_BYTES],
                     struct content_key *key_out)
{
    sqlite3_stmt *row = database_query(database, "SELECT key FROM keyring WHERE hash=?1", "b", hash,
                                       BLAKE3_HASH_BYTES);
    bool found = database_next(database, row) && sqlite3_column_bytes(row, 0) == ENVELOPE_KEY_BYTES;
    if (found) {
        memcpy(key_out->key, sqlite3_column_blob(row, 0), ENVELOPE_KEY_BYTES);
    }
    database_done(row);
    return found;
}

bool log_opened_has_key(struct database *database, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    struct content_key key;
    bool found = find_key(database, hash, &key);
    signing_wipe(&key, sizeof key);
    return found;
}

/* The message that such a key opened. False: none. */
static bool find_opened(struct database *database, const struct payload_key *given,
                        char event_id_out[static ULID_TEXT_BYTES])
{
    sqlite3_stmt *row =
        database_query(database,
                       "SELECT e.event_id FROM events e INDEXED BY events_hash"
                       " JOIN keyring k ON k.hash=e.hash AND k.key=?2"
                       " WHERE " LOG_SCHEMA_IS("e.hash", "?1") " AND e.aside=0 AND e.type=?3",
                       "bbi", given->event, BLAKE3_HASH_BYTES, given->key.key, ENVELOPE_KEY_BYTES,
                       (int64_t)EVENT_MESSAGE_SENT);
    bool found = database_next(database, row);
    if (found) {
        (void)snprintf(event_id_out, ULID_TEXT_BYTES, "%s", database_text(row, 0));
    }
    database_done(row);
    return found;
}

/* Our own open nothing here. */
static void write_keys(struct database *database, const struct payload *payload, bool is_own,
                       struct buffer *text)
{
    char(*event_ids)[ULID_TEXT_BYTES] = memory_allocate(payload->key_count + 1, sizeof *event_ids);
    size_t count = 0;
    for (size_t i = 0; i < payload->key_count && !is_own; i++) {
        struct payload_key key;
        if (payload_key_at(payload, i, &key) && find_opened(database, &key, event_ids[count])) {
            count++;
        }
        signing_wipe(&key, sizeof key);
    }
    payload_write_opened_keys((const char(*)[ULID_TEXT_BYTES])event_ids, count, text);
    memory_free(event_ids);
}

struct envelope_place log_opened_place(const struct event_log *log, const struct event *event)
{
    return (struct envelope_place){.author = &event->author,
                                   .recipient = &event->data.message.recipient,
                                   .community_id = &log->options.community_id,
                                   .client_id = event->data.message.client_id};
}

static bool open_event(const struct event_log *log, const struct event *event,
                       const struct content_key *key, struct payload *payload_out)
{
    const struct envelope_place place = log_opened_place(log, event);
    struct buffer text;
    buffer_init(&text);
    bool opened =
        envelope_open(event->data.message.envelope, &place, key, &text) == ENVELOPE_OPENED &&
        payload_read(buffer_text(&text), text.length_bytes, payload_out) == ENVELOPE_OPENED;
    if (text.length_bytes > 0) {
        signing_wipe(text.data, text.length_bytes);
    }
    buffer_deinit(&text);
    return opened;
}

char *log_opened_make(const struct event_log *log, struct database *database,
                      const struct event *event)
{
    struct content_key key;
    struct payload payload;
    struct buffer text;
    if (event->type != EVENT_MESSAGE_SENT || !event->data.message.sealed ||
        !find_key(database, event->hash, &key)) {
        return NULL;
    }
    bool opened = open_event(log, event, &key, &payload);
    signing_wipe(&key, sizeof key);
    if (!opened) {
        return NULL;
    }
    buffer_init(&text);
    if (payload.kind == PAYLOAD_KEYS) {
        write_keys(database, &payload, node_id_equal(&event->author, &log->options.key->node_id),
                   &text);
    } else {
        payload_write_opened(&payload, &text);
    }
    payload_deinit(&payload);
    return buffer_take(&text);
}

void log_opened_note(struct event_log *log)
{
    for (size_t i = 0; i < log->fresh_count && log->options.on_commit != NULL; i++) {
        struct log_event *fresh = &log->fresh[i];
        const struct event *event = event_verified_get(fresh->event);
        if (fresh->opened != NULL && !log_opened_has_key(&log->database, event->hash)) {
            memory_free(fresh->opened); /* it was deleted at once */
            fresh->opened = NULL;
        } else if (fresh->concerns_us && fresh->opened == NULL) {
            fresh->opened = log_opened_make(log, &log->database, event);
        }
    }
}
