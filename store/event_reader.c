#include "store/event_reader.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "store/log_blocked_private.h"
#include "store/log_events_private.h"
#include "store/log_nodes_private.h"
#include "store/log_opened_private.h"
#include "store/log_readers_private.h"
#include "store/log_schema_private.h"
#include "store/stored_text_private.h"

/* The event's text, of a row (seq, lamport, json, …). */
static const char *text_of(const struct event_log *log, sqlite3_stmt *row, struct buffer *space,
                           size_t *length_out)
{
    const char *text = database_text(row, 2);
    *length_out = (size_t)sqlite3_column_bytes(row, 2);
    return stored_text_whole(text, length_out, &log->options.community_id, space);
}

/* Rows of (seq, lamport, json). True when the visitor took the last one. */
static bool visit_rows(struct event_log *log, struct database *reader, sqlite3_stmt *row,
                       event_reader_visit *visit, void *context)
{
    bool more = true;
    bool taken = false;
    struct buffer space;
    buffer_init(&space);
    while (more && database_next(reader, row)) {
        size_t length = 0;
        const char *text = text_of(log, row, &space, &length);
        more = visit(context, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), text,
                     length);
        taken = more;
    }
    database_done(row);
    buffer_deinit(&space);
    return taken;
}

/* Many statements in one transaction lock and look at the journal once. */
static struct database *acquire_for_many(struct event_log *log)
{
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    return reader;
}

static enum result release_after_many(struct event_log *log, struct database **reader)
{
    (void)sqlite3_exec((*reader)->handle, "COMMIT", NULL, NULL, NULL);
    return log_readers_release(log, reader);
}

enum result event_reader_after_seq(struct event_log *log, int64_t after_seq, size_t limit,
                                   event_reader_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    (void)visit_rows(log, reader,
                     database_query(reader,
                                    "SELECT seq,lamport,json FROM events WHERE seq>?1 AND aside=0"
                                    " ORDER BY seq LIMIT ?2",
                                    "ii", after_seq, (int64_t)limit),
                     visit, context);
    return log_readers_release(log, &reader);
}

enum result event_reader_after_lamport(struct event_log *log, int64_t after_lamport,
                                       event_reader_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    (void)visit_rows(
        log, reader,
        database_query(reader,
                       "SELECT seq,lamport,json FROM events WHERE lamport>?1 AND aside=0"
                       " ORDER BY lamport,event_id,hash",
                       "i", after_lamport),
        visit, context);
    return log_readers_release(log, &reader);
}

enum result event_reader_membership(struct event_log *log, int64_t after_lamport,
                                    event_reader_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    (void)visit_rows(
        log, reader,
        database_query(
            reader,
            "SELECT seq,lamport,json FROM (SELECT seq,lamport,json,event_id,hash FROM events"
            " INDEXED BY events_type WHERE type BETWEEN ?2 AND ?3 AND aside=0 AND lamport>?1"
            " UNION ALL SELECT e.seq,e.lamport,e.json,e.event_id,e.hash FROM manifests m"
            " CROSS JOIN events e INDEXED BY events_event_id ON e.event_id=m.event_id"
            " AND " LOG_SCHEMA_IS_AUTHOR(
                "e.author",
                "m.author") " AND e.aside=0 AND " LOG_SCHEMA_IS("e.hash",
                                                                "m.hash") " WHERE e.type=?4 AND "
                                                                          "e.lamport>?1) ORDER BY "
                                                                          "lamport,event_id,hash",
            "iiii", after_lamport, (int64_t)EVENT_COMMUNITY_CREATED, (int64_t)EVENT_POLICY_UPDATED,
            (int64_t)EVENT_MANIFEST_UPDATED),
        visit, context);
    return log_readers_release(log, &reader);
}

enum result event_reader_by_seq(struct event_log *log, const int64_t *seqs, size_t count,
                                event_reader_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    for (size_t i = 0; i < count; i++) {
        (void)visit_rows(
            log, reader,
            database_query(reader, "SELECT seq,lamport,json FROM events WHERE seq=?1 AND aside=0",
                           "i", seqs[i]),
            visit, context);
    }
    return log_readers_release(log, &reader);
}

/* So many hashes are looked up by one statement, which opens what it reads once: ?2 of them, one
 * behind the other in ?1. */
enum { AT_ONCE = 16 };
#define PLACES                                                                                     \
    "WITH h(place) AS "                                                                            \
    "(VALUES(0),(1),(2),(3),(4),(5),(6),(7),(8),(9),(10),(11),(12),(13),(14),(15))"
#define HASH_AT_PLACE(bytes) "substr(?1,32*h.place+1," bytes ")"
#define EVENTS_AT_PLACES                                                                           \
    " FROM h CROSS JOIN events e INDEXED BY events_hash WHERE h.place<?2 AND " LOG_SCHEMA_PREFIX(  \
        "e.hash") "=" HASH_AT_PLACE("6") " AND e.hash=" HASH_AT_PLACE("32")

static sqlite3_stmt *look_up(struct database *reader, const char *sql,
                             const uint8_t (*hashes)[BLAKE3_HASH_BYTES], size_t left)
{
    size_t count = left < AT_ONCE ? left : AT_ONCE;
    return database_query(reader, sql, "bi", hashes, (int)(count * sizeof *hashes), (int64_t)count);
}

enum result event_reader_by_hash(struct event_log *log, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                                 size_t count, event_reader_visit *visit, void *context,
                                 bool *taken)
{
    struct buffer space;
    struct database *reader = acquire_for_many(log);
    buffer_init(&space);
    memset(taken, 0, count * sizeof *taken);
    for (size_t i = 0; i < count; i += AT_ONCE) {
        sqlite3_stmt *row = look_up(reader,
                                    PLACES " SELECT e.seq,e.lamport,e.json,h.place" EVENTS_AT_PLACES
                                           " AND e.aside=0",
                                    hashes + i, count - i);
        while (database_next(reader, row)) {
            size_t length = 0;
            const char *text = text_of(log, row, &space, &length);
            taken[i + (size_t)sqlite3_column_int64(row, 3)] = visit(
                context, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), text, length);
        }
        database_done(row);
    }
    buffer_deinit(&space);
    return release_after_many(log, &reader);
}

/* What is looked for. */
struct range {
    const struct node_id *node_id;
    int64_t after_seq;
    size_t limit;
};

/* How far a look came. */
struct looking {
    int64_t last_seq;
    size_t count;
    bool stopped;
};

/* Gives an event to whoever asked; false: that one has enough. */
typedef bool take_row(struct event_log *log, struct database *reader, sqlite3_stmt *row,
                      void *taker);

/* Rows of (seq, lamport, json, hash, type) to `take`. */
static enum result look(struct event_log *log, const struct range *range, take_row *take,
                        void *taker, int64_t *through_out)
{
    struct looking looking = {.count = 0};
    struct database *reader = acquire_for_many(log);
    *through_out = log_events_last(reader);
    sqlite3_stmt *row = database_query(reader,
                                       "SELECT e.seq,e.lamport,e.json,e.hash,e.type FROM concerns c"
                                       " JOIN events e ON e.seq=c.seq WHERE c.node=?1 AND c.seq>?2"
                                       " ORDER BY c.seq LIMIT ?3",
                                       "iii", log_nodes_find(reader, range->node_id),
                                       range->after_seq, (int64_t)range->limit);
    while (!looking.stopped && database_next(reader, row)) {
        looking.count++;
        looking.last_seq = sqlite3_column_int64(row, 0);
        looking.stopped = !take(log, reader, row, taker);
    }
    database_done(row);
    if (looking.count == range->limit || looking.stopped) {
        *through_out = looking.last_seq;
    }
    return release_after_many(log, &reader);
}

/* Whoever wants events as they were signed. */
struct signed_taker {
    event_reader_visit *visit;
    void *context;
};

static bool take_signed(struct event_log *log, struct database *reader, sqlite3_stmt *row,
                        void *taker)
{
    const struct signed_taker *to = taker;
    struct buffer space;
    size_t length = 0;
    (void)reader;
    buffer_init(&space);
    const char *text = text_of(log, row, &space, &length);
    bool more = to->visit(to->context, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                          text, length);
    buffer_deinit(&space);
    return more;
}

enum result event_reader_concerning(struct event_log *log, const struct node_id *node_id,
                                    int64_t after_seq, size_t limit, event_reader_visit *visit,
                                    void *context, int64_t *through_out)
{
    const struct range range = {node_id, after_seq, limit};
    struct signed_taker taker = {visit, context};
    return look(log, &range, take_signed, &taker, through_out);
}

/* Whoever wants what they opened to. */
struct opened_taker {
    event_reader_visit_opened *visit;
    void *context;
};

/* Only what has a key is parsed. */
static char *open_row(struct event_log *log, struct database *reader, sqlite3_stmt *row)
{
    if (sqlite3_column_int(row, 4) != EVENT_MESSAGE_SENT ||
        sqlite3_column_bytes(row, 3) != BLAKE3_HASH_BYTES ||
        !log_opened_has_key(reader, sqlite3_column_blob(row, 3))) {
        return NULL;
    }
    struct event *event = log_events_of_row(log, row, 2);
    char *opened = event == NULL ? NULL : log_opened_make(log, reader, event);
    event_destroy(&event);
    return opened;
}

static bool take_opened(struct event_log *log, struct database *reader, sqlite3_stmt *row,
                        void *taker)
{
    const struct opened_taker *to = taker;
    if (sqlite3_column_bytes(row, 3) == BLAKE3_HASH_BYTES &&
        !log_blocked_may_tell(reader, sqlite3_column_int64(row, 0), sqlite3_column_blob(row, 3))) {
        return true;
    }
    char *opened = open_row(log, reader, row);
    struct buffer space;
    size_t length = 0;
    buffer_init(&space);
    const char *text = text_of(log, row, &space, &length);
    bool more = to->visit(to->context, sqlite3_column_int64(row, 0), text, length, opened);
    buffer_deinit(&space);
    memory_free(opened);
    return more;
}

enum result event_reader_concerning_us(struct event_log *log, int64_t after_seq, size_t limit,
                                       event_reader_visit_opened *visit, void *context,
                                       int64_t *through_out)
{
    const struct range range = {&log->options.key->node_id, after_seq, limit};
    struct opened_taker taker = {visit, context};
    return look(log, &range, take_opened, &taker, through_out);
}

bool event_reader_holds(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    struct database *reader = log_readers_acquire(log);
    bool holds = log_events_hold(reader, hash);
    return log_readers_release(log, &reader) == RESULT_OK && holds;
}

void event_reader_holds_each(struct event_log *log, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                             size_t count, bool *holds_out)
{
    struct database *reader = acquire_for_many(log);
    memset(holds_out, 0, count * sizeof *holds_out);
    for (size_t i = 0; i < count; i += AT_ONCE) {
        sqlite3_stmt *row =
            look_up(reader, PLACES " SELECT h.place" EVENTS_AT_PLACES, hashes + i, count - i);
        while (database_next(reader, row)) {
            holds_out[i + (size_t)sqlite3_column_int64(row, 0)] = true;
        }
        database_done(row);
    }
    if (release_after_many(log, &reader) != RESULT_OK) {
        memset(holds_out, 0, count * sizeof *holds_out);
    }
}

bool event_reader_is_delivered(struct event_log *log, const char *event_id)
{
    struct database *reader = log_readers_acquire(log);
    bool delivered =
        database_integer(reader, 0,
                         "SELECT 1 FROM messages m JOIN receipts r ON r.target_event_id=m.event_id"
                         " WHERE m.seq IN " LOG_SCHEMA_OF_ID(
                             "?1") " AND m.author=?2 AND r.author=m.recipient LIMIT 1",
                         "ti", event_id, log->self) != 0;
    return log_readers_release(log, &reader) == RESULT_OK && delivered;
}

bool event_reader_has_used(struct event_log *log, const char *client_id)
{
    struct database *reader = log_readers_acquire(log);
    bool used = database_integer(reader, 0,
                                 "SELECT EXISTS(SELECT 1 FROM messages INDEXED BY"
                                 " messages_client_id WHERE client_id=?1 AND author=?2)"
                                 " OR EXISTS(SELECT 1 FROM changes INDEXED BY changes_client_id"
                                 " WHERE client_id=?1 AND author=?2)",
                                 "ti", client_id, log->self) != 0;
    return log_readers_release(log, &reader) == RESULT_OK && used;
}

enum result event_reader_heads(struct event_log *log, event_reader_visit_head *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    for (enum event_type type = EVENT_COMMUNITY_CREATED; event_kind_get(type) != NULL; type++) {
        int64_t lamport =
            database_integer(reader, 0, "SELECT max(lamport) FROM events WHERE type=?1 AND aside=0",
                             "i", (int64_t)type);
        if (lamport > 0) {
            visit(context, type, lamport);
        }
    }
    return log_readers_release(log, &reader);
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
    struct database *reader = log_readers_acquire(log);
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
    return log_readers_release(log, &reader);
}

enum result event_reader_peers(struct event_log *log, event_reader_visit_peer *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
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
    return log_readers_release(log, &reader);
}

enum result event_reader_addresses(struct event_log *log, const struct node_id *peer,
                                   event_reader_visit_address *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    sqlite3_stmt *row =
        database_query(reader,
                       "SELECT host,port,source,last_success FROM addresses WHERE node=?1"
                       " ORDER BY place DESC",
                       "b", peer->key, NODE_ID_BYTES);
    while (database_next(reader, row)) {
        struct peer_address address = {.endpoint.port = (uint16_t)sqlite3_column_int(row, 1),
                                       .last_success = sqlite3_column_int64(row, 3)};
        (void)snprintf(address.endpoint.host, sizeof address.endpoint.host, "%s",
                       database_text(row, 0));
        (void)snprintf(address.source, sizeof address.source, "%s", database_text(row, 2));
        visit(context, &address);
    }
    database_done(row);
    return log_readers_release(log, &reader);
}
