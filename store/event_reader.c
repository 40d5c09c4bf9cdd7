#include "store/event_reader.h"

#include <string.h>

#include "store/log_private.h"

static enum result finish(struct event_log *log, struct database **reader)
{
    enum result result = (*reader)->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, reader);
    return result;
}

/* Rows of (seq, lamport, json). True when the visitor took the last one. */
static bool visit_rows(struct database *reader, sqlite3_stmt *row, event_reader_visit *visit,
                       void *context)
{
    bool more = true;
    bool taken = false;
    while (more && database_next(reader, row)) {
        const char *text = database_text(row, 2);
        more = visit(context, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), text,
                     (size_t)sqlite3_column_bytes(row, 2));
        taken = more;
    }
    database_done(row);
    return taken;
}

enum result event_reader_after_seq(struct event_log *log, int64_t after_seq, size_t limit,
                                   event_reader_visit *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    (void)visit_rows(reader,
                     database_query(reader,
                                    "SELECT seq,lamport,json FROM events WHERE seq>?1 AND aside=0"
                                    " ORDER BY seq LIMIT ?2",
                                    "ii", after_seq, (int64_t)limit),
                     visit, context);
    return finish(log, &reader);
}

enum result event_reader_own_after_seq(struct event_log *log, int64_t after_seq, size_t limit,
                                       event_reader_visit *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    (void)visit_rows(reader,
                     database_query(reader,
                                    "SELECT seq,lamport,json FROM events WHERE own=1 AND seq>?1"
                                    " ORDER BY seq LIMIT ?2",
                                    "ii", after_seq, (int64_t)limit),
                     visit, context);
    return finish(log, &reader);
}

enum result event_reader_after_lamport(struct event_log *log, int64_t after_lamport,
                                       event_reader_visit *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    (void)visit_rows(
        reader,
        database_query(reader,
                       "SELECT seq,lamport,json FROM events WHERE lamport>?1 AND aside=0"
                       " ORDER BY lamport,event_id,hash",
                       "i", after_lamport),
        visit, context);
    return finish(log, &reader);
}

enum result event_reader_by_seq(struct event_log *log, const int64_t *seqs, size_t count,
                                event_reader_visit *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    for (size_t i = 0; i < count; i++) {
        (void)visit_rows(
            reader,
            database_query(reader, "SELECT seq,lamport,json FROM events WHERE seq=?1 AND aside=0",
                           "i", seqs[i]),
            visit, context);
    }
    return finish(log, &reader);
}

enum result event_reader_by_hash(struct event_log *log, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                                 size_t count, event_reader_visit *visit, void *context,
                                 bool *taken)
{
    struct database *reader = log_reader_acquire(log);
    for (size_t i = 0; i < count; i++) {
        taken[i] = visit_rows(
            reader,
            database_query(reader, "SELECT seq,lamport,json FROM events WHERE hash=?1 AND aside=0",
                           "b", hashes[i], BLAKE3_HASH_BYTES),
            visit, context);
    }
    return finish(log, &reader);
}

bool event_reader_holds(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    struct database *reader = log_reader_acquire(log);
    bool holds = database_integer(reader, 0, "SELECT seq FROM events WHERE hash=?1", "b", hash,
                                  BLAKE3_HASH_BYTES) != 0;
    log_reader_release(log, &reader);
    return holds;
}

bool event_reader_is_delivered(struct event_log *log, const char *event_id)
{
    struct database *reader = log_reader_acquire(log);
    bool delivered =
        database_integer(reader, 0,
                         "SELECT 1 FROM messages m JOIN receipts r ON r.target_event_id=m.event_id"
                         " WHERE m.event_id=?1 AND m.outgoing=1 AND r.author=m.peer LIMIT 1",
                         "t", event_id) != 0;
    log_reader_release(log, &reader);
    return delivered;
}

enum result event_reader_heads(struct event_log *log, event_reader_visit_head *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    sqlite3_stmt *row = database_query(reader, "SELECT type,lamport FROM heads ORDER BY type", "");
    while (database_next(reader, row)) {
        visit(context, (enum event_type)sqlite3_column_int(row, 0), sqlite3_column_int64(row, 1));
    }
    database_done(row);
    return finish(log, &reader);
}

enum result event_reader_peers(struct event_log *log, event_reader_visit_peer *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    sqlite3_stmt *row = database_query(reader, "SELECT node_id,cursor,last_seen FROM peers", "");
    while (database_next(reader, row)) {
        if (sqlite3_column_bytes(row, 0) == NODE_ID_BYTES) {
            struct peer_record record = {.cursor = sqlite3_column_int64(row, 1),
                                         .last_seen = sqlite3_column_int64(row, 2)};
            memcpy(record.node_id.key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
            visit(context, &record);
        }
    }
    database_done(row);
    return finish(log, &reader);
}
