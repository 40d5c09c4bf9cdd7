#include "store/event_reader.h"

#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "store/log_private.h"

enum { MOST_SCANNED = 5000 }; /* rows, of a look for what concerns somebody else */

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

/* A receipt counts when its author is the recipient of its target. */
#define CONCERNING                                                                                 \
    "SELECT seq,lamport,json FROM events e WHERE seq>?1 AND seq<=?2 AND type IN (9,10,11)"         \
    " AND aside=0 AND CASE WHEN type=9 THEN author=?3 OR json_extract(json,'$.data.recipient')=?4" \
    " ELSE EXISTS (SELECT 1 FROM events t WHERE t.event_id="                                       \
    "json_extract(e.json,'$.data.target_event_id') AND t.type=9 AND t.aside=0 AND CASE"            \
    " WHEN e.author=?3 THEN json_extract(t.json,'$.data.recipient')=?4 ELSE t.author=?3"           \
    " AND json_extract(t.json,'$.data.recipient')=json_extract(e.json,'$.author') END) END"        \
    " ORDER BY seq LIMIT ?5"

/* Passes on, and remembers how far it came. */
struct concerning {
    event_reader_visit *visit;
    void *context;
    size_t count;
    int64_t last_seq;
};

static bool visit_concerning(void *context, int64_t seq, int64_t lamport, const char *text,
                             size_t length_bytes)
{
    struct concerning *concerning = context;
    concerning->count++;
    concerning->last_seq = seq;
    return concerning->visit(concerning->context, seq, lamport, text, length_bytes);
}

enum result event_reader_concerning(struct event_log *log, const struct node_id *node_id,
                                    int64_t after_seq, size_t limit, event_reader_visit *visit,
                                    void *context, int64_t *through_out)
{
    char text[NODE_ID_TEXT_BYTES];
    struct concerning concerning = {visit, context, 0, 0};
    struct database *reader = log_reader_acquire(log);
    int64_t last_seq = database_integer(reader, 0, "SELECT max(seq) FROM events", "");
    int64_t through = after_seq > last_seq - MOST_SCANNED ? last_seq : after_seq + MOST_SCANNED;
    node_id_format(node_id, text);
    (void)visit_rows(reader,
                     database_query(reader, CONCERNING, "iibti", after_seq, through, node_id->key,
                                    NODE_ID_BYTES, text, (int64_t)limit),
                     visit_concerning, &concerning);
    *through_out = concerning.count == limit ? concerning.last_seq : through;
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

bool event_reader_sender(struct event_log *log, const char *event_id, struct node_id *sender_out)
{
    struct database *reader = log_reader_acquire(log);
    sqlite3_stmt *row =
        database_query(reader, "SELECT peer FROM messages WHERE event_id=?1 AND outgoing=0 LIMIT 1",
                       "t", event_id);
    bool found = database_next(reader, row) && sqlite3_column_bytes(row, 0) == NODE_ID_BYTES;
    if (found) {
        memcpy(sender_out->key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
    }
    database_done(row);
    log_reader_release(log, &reader);
    return found;
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

static int64_t size_of(const char *path, const char *suffix)
{
    struct stat status;
    char *name = memory_format("%s%s", path, suffix);
    int64_t bytes = stat(name, &status) == 0 ? (int64_t)status.st_blocks * 512 : 0;
    memory_free(name);
    return bytes;
}

enum result event_reader_usage(struct event_log *log, struct event_reader_usage *usage_out)
{
    const int64_t day_ms = 86400000;
    int64_t today = clock_wall_ms(log->options.clock) / day_ms;
    struct database *reader = log_reader_acquire(log);
    *usage_out = (struct event_reader_usage){.file_bytes = size_of(log->path, "") +
                                                           size_of(log->path, "-wal")};
    sqlite3_stmt *row = database_query(
        reader,
        "SELECT sum(events) FILTER (WHERE day>=?1),sum(bytes) FILTER (WHERE day>=?1),"
        "sum(events),sum(bytes) FROM growth WHERE day>?1-30",
        "i", today);
    if (database_next(reader, row)) {
        usage_out->day_events = sqlite3_column_int64(row, 0);
        usage_out->day_bytes = sqlite3_column_int64(row, 1);
        usage_out->month_events = sqlite3_column_int64(row, 2);
        usage_out->month_bytes = sqlite3_column_int64(row, 3);
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
