#include "store/export.h"

#include <string.h>

#include "store/history_private.h"
#include "store/log_clearing_private.h"
#include "store/log_events_private.h"
#include "store/log_readers_private.h"

struct export_proofs {
    struct event_log *log;
    struct database *reader;
    const uint8_t *hash; /* of the message's event */
    int64_t conversation;
};

enum result export_read(struct event_log *log, export_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    struct history_rows rows = {.reader = reader};
    struct history_message message;
    /* The row that is read keeps everything at its moment. */
    sqlite3_stmt *row = database_query(
        reader,
        "SELECT " HISTORY_COLUMNS " FROM messages m"
        " WHERE " LOG_CLEARING_LEFT("m.conversation") "ORDER BY m.lamport,m.event_id",
        "ii", log->self, (int64_t)EVENT_MESSAGE_DELIVERED);
    while (database_next(reader, row)) {
        if (history_rows_read(&rows, row, &message)) {
            const struct export_proofs proofs = {log, reader, message.hash, rows.conversation};
            visit(context, &message, &proofs);
        }
    }
    database_done(row);
    return log_readers_release(log, &reader);
}

void export_visit_events(const struct export_proofs *proofs, export_visit_event *visit,
                         void *context)
{
    sqlite3_stmt *row = database_query(
        proofs->reader,
        "SELECT e.json,k.key FROM (SELECT ?1 AS hash,0,'' UNION ALL"
        " SELECT c.hash,c.lamport,c.event_id FROM changes c WHERE c.target=?1"
        " AND c.conversation=?2 ORDER BY 2,3,1 LIMIT -1) p" /* keys are not sorted with them */
        " CROSS JOIN events e INDEXED BY events_hash ON " LOG_SCHEMA_IS(
            "e.hash", "p.hash") " LEFT JOIN keyring k ON k.hash=e.hash",
        "bi", proofs->hash, BLAKE3_HASH_BYTES, proofs->conversation);
    while (database_next(proofs->reader, row)) {
        struct content_key key;
        struct event *event = log_events_of_row(proofs->log, row, 0);
        bool has_key = sqlite3_column_bytes(row, 1) == ENVELOPE_KEY_BYTES;
        if (has_key) {
            memcpy(key.key, sqlite3_column_blob(row, 1), ENVELOPE_KEY_BYTES);
        }
        if (event != NULL) {
            visit(context, event->json, has_key ? &key : NULL);
        }
        event_destroy(&event);
        signing_wipe(&key, sizeof key);
    }
    database_done(row);
}
