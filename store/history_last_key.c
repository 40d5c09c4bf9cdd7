#include "store/history_last_key_private.h"

#include <string.h>

#include "protocol/base64url.h"
#include "protocol/receiving_key.h"
#include "store/history.h"
#include "store/log_receiving_keys_private.h"
#include "store/log_schema_private.h"
#include "store/log_upkeep_private.h"

/* Of a record of the header's `keys`: what has its tag, and how many characters there are of one
 * record alone (§24.2). */
enum { TAG_CHARACTERS = 12, TAG_CHARACTERS_BYTES = 9, RECORD_CHARACTERS = 123 };

/* The receiving keys that it may be sealed to: public halves between these. */
struct bounds {
    uint8_t first[HPKE_KEY_BYTES];
    uint8_t last[HPKE_KEY_BYTES];
};

/* False: to none. With several records to any. */
static bool read_tag(struct database *reader, const uint8_t *hash, struct bounds *bounds_out)
{
    uint8_t tag[TAG_CHARACTERS_BYTES];
    memset(bounds_out->first, 0, sizeof bounds_out->first);
    memset(bounds_out->last, 0xff, sizeof bounds_out->last);
    sqlite3_stmt *row = database_query(
        reader,
        "SELECT substr(keys,1,?2),length(keys) FROM (SELECT"
        " json_extract(e.json,'$.data.body.header.keys') AS keys"
        " FROM events e INDEXED BY events_hash WHERE " LOG_SCHEMA_IS("e.hash", "?1") ")",
        "bi", hash, BLAKE3_HASH_BYTES, (int64_t)TAG_CHARACTERS);
    bool found = database_next(reader, row) &&
                 base64url_decode_exact(database_text(row, 0), tag, sizeof tag);
    if (found && sqlite3_column_int64(row, 1) == RECORD_CHARACTERS) {
        memcpy(bounds_out->first, tag, RECEIVING_KEY_TAG_BYTES);
        memcpy(bounds_out->last, tag, RECEIVING_KEY_TAG_BYTES);
    }
    database_done(row);
    return found;
}

int64_t history_last_key_goes(struct database *reader, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    struct bounds bounds;
    if (!read_tag(reader, hash, &bounds)) {
        return HISTORY_KEY_IS_GONE;
    }
    sqlite3_stmt *row = database_query(
        reader,
        "SELECT k.peer,d.date+?3+CASE k.replaced WHEN 0 THEN max(k.day+?4-d.count,0)"
        " ELSE k.replaced-d.count END FROM receiving_keys k, service_days d"
        " WHERE k.public>=?1 AND k.public<=?2 ORDER BY k.peer=?5 DESC,2 DESC LIMIT 1",
        "bbiii", bounds.first, HPKE_KEY_BYTES, bounds.last, HPKE_KEY_BYTES,
        (int64_t)LOG_RECEIVING_KEYS_DAYS, (int64_t)LOG_UPKEEP_PREKEY_DAYS,
        (int64_t)LOG_RECEIVING_KEYS_EVERYBODY);
    int64_t day = HISTORY_KEY_IS_GONE;
    if (database_next(reader, row)) {
        day = sqlite3_column_int64(row, 0) == LOG_RECEIVING_KEYS_EVERYBODY
                  ? sqlite3_column_int64(row, 1)
                  : HISTORY_KEY_GOES_SOON;
    }
    database_done(row);
    return day;
}
