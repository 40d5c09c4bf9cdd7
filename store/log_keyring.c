#include "store/log_keyring_private.h"

#include <string.h>

/* Why there is no key, in the words of the table. */
static const struct {
    const char *word;
    enum log_keyring_entry entry;
} reasons[] = {
    {"unreadable", LOG_KEYRING_UNREADABLE}, {"deleted", LOG_KEYRING_DELETED},
    {"cleared", LOG_KEYRING_CLEARED},       {"expired", LOG_KEYRING_EXPIRED},
    {"spent", LOG_KEYRING_SPENT},
};

static enum log_keyring_entry entry_of(sqlite3_stmt *row, struct content_key *key_out)
{
    if (sqlite3_column_bytes(row, 0) == ENVELOPE_KEY_BYTES) {
        memcpy(key_out->key, sqlite3_column_blob(row, 0), ENVELOPE_KEY_BYTES);
        return LOG_KEYRING_KEY;
    }
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (strcmp(database_text(row, 1), reasons[i].word) == 0) {
            return reasons[i].entry;
        }
    }
    return LOG_KEYRING_NOTHING;
}

enum log_keyring_entry log_keyring_find(struct event_log *log,
                                        const uint8_t hash[static BLAKE3_HASH_BYTES],
                                        struct content_key *key_out)
{
    enum log_keyring_entry entry = LOG_KEYRING_NOTHING;
    sqlite3_stmt *row = database_query(&log->database, "SELECT key,gone FROM keyring WHERE hash=?1",
                                       "b", hash, BLAKE3_HASH_BYTES);
    if (database_next(&log->database, row)) {
        entry = entry_of(row, key_out);
    }
    database_done(row);
    return entry;
}

void log_keyring_keep(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                      const struct content_key *key)
{
    database_run(&log->database, "INSERT OR IGNORE INTO keyring(hash,key,gone) VALUES(?1,?2,'')",
                 "bb", hash, BLAKE3_HASH_BYTES, key->key, ENVELOPE_KEY_BYTES);
}

void log_keyring_note_unreadable(struct event_log *log,
                                 const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    database_run(&log->database,
                 "INSERT OR IGNORE INTO keyring(hash,key,gone) VALUES(?1,NULL,'unreadable')", "b",
                 hash, BLAKE3_HASH_BYTES);
}

void log_keyring_end(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                     enum log_keyring_entry reason)
{
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].entry == reason) {
            database_run(&log->database,
                         "INSERT INTO keyring(hash,key,gone) VALUES(?1,NULL,?2) ON CONFLICT(hash)"
                         " DO UPDATE SET key=NULL,gone=CASE gone WHEN 'cleared' THEN gone"
                         " ELSE excluded.gone END",
                         "bt", hash, BLAKE3_HASH_BYTES, reasons[i].word);
        }
    }
}

void log_keyring_forget(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    database_run(&log->database, "DELETE FROM keyring WHERE hash=?1", "b", hash, BLAKE3_HASH_BYTES);
}
