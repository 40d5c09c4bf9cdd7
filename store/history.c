#include "store/history.h"

#include <stdio.h>
#include <string.h>

#include "protocol/payload.h"
#include "store/history_last_key_private.h"
#include "store/history_private.h"
#include "store/log_blocked_private.h"
#include "store/log_clearing_private.h"
#include "store/log_nodes_private.h"
#include "store/log_readers_private.h"

static bool find_peer(struct history_rows *rows, int64_t conversation)
{
    if (rows->conversation != conversation) {
        sqlite3_stmt *row = database_query(
            rows->reader, "SELECT key FROM conversations WHERE id=?1", "i", conversation);
        if (database_next(rows->reader, row) && sqlite3_column_bytes(row, 0) == NODE_ID_BYTES) {
            memcpy(rows->peer, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
            rows->conversation = conversation;
        }
        database_done(row);
    }
    return rows->conversation == conversation;
}

static bool is_at_or_after(int64_t lamport, const char *event_id, int64_t other_lamport,
                           const char *other_event_id)
{
    return lamport != other_lamport ? lamport > other_lamport
                                    : strcmp(event_id, other_event_id) >= 0;
}

static bool holds_for(const struct history_step *step, int64_t conversation,
                      const struct history_message *message)
{
    return step->conversation == conversation &&
           is_at_or_after(message->lamport, message->event_id, step->from_lamport,
                          step->from_event_id) &&
           (!step->found || is_at_or_after(step->target_lamport, step->target_event_id,
                                           message->lamport, message->event_id));
}

/* When its recipient said to have read it or a later one; NULL: not yet. */
static const char *find_read_at(struct history_rows *rows, int64_t conversation, int64_t recipient,
                                const struct history_message *message)
{
    struct history_step *step = &rows->steps[message->outgoing ? 0 : 1];
    if (!holds_for(step, conversation, message)) {
        sqlite3_stmt *row =
            database_query(rows->reader,
                           "SELECT target_lamport,target_event_id,at"
                           " FROM read_marks INDEXED BY read_marks_steps"
                           " WHERE conversation=?1 AND reader=?2 AND step=1"
                           " AND (target_lamport,target_event_id)>=(?3,?4)"
                           " ORDER BY target_lamport,target_event_id LIMIT 1",
                           "iiit", conversation, recipient, message->lamport, message->event_id);
        *step = (struct history_step){.conversation = conversation,
                                      .from_lamport = message->lamport,
                                      .found = database_next(rows->reader, row)};
        (void)snprintf(step->from_event_id, ULID_TEXT_BYTES, "%s", message->event_id);
        if (step->found) {
            step->target_lamport = sqlite3_column_int64(row, 0);
            (void)snprintf(step->target_event_id, ULID_TEXT_BYTES, "%s", database_text(row, 1));
            (void)snprintf(step->at, sizeof step->at, "%s", database_text(row, 2));
        }
        database_done(row);
    }
    return step->found ? step->at : NULL;
}

const char *history_rows_text(sqlite3_stmt *row, int column)
{
    return sqlite3_column_bytes(row, column) == 0 ? NULL : database_text(row, column);
}

/* What was said of it since. */
static void read_changes(sqlite3_stmt *row, struct history_message *message)
{
    message->hash = sqlite3_column_blob(row, 10);
    message->reply_to = (const char *)sqlite3_column_text(row, 11);
    message->edited_at = history_rows_text(row, 12);
    message->deleted_at = history_rows_text(row, 13);
    message->own_reaction = database_text(row, 14);
    message->peer_reaction = database_text(row, 15);
    message->deleted_there_at = (const char *)sqlite3_column_text(row, 16);
}

bool history_rows_read(struct history_rows *rows, sqlite3_stmt *row,
                       struct history_message *message_out)
{
    int64_t conversation = sqlite3_column_int64(row, 2);
    wall_clock_format(sqlite3_column_int64(row, 7), rows->created_at);
    *message_out = (struct history_message){
        .event_id = database_text(row, 0),
        .lamport = sqlite3_column_int64(row, 1),
        .peer = rows->peer,
        .outgoing = sqlite3_column_int(row, 3) != 0,
        .body = database_text(row, 5),
        .attachments = database_text(row, 6),
        .created_at = rows->created_at,
        .delivered_at = (const char *)sqlite3_column_text(row, 8),
        .e2e = (enum message_e2e)sqlite3_column_int(row, 9),
    };
    /* A mark alone says nothing of what could not be opened (§24.6). */
    if (message_out->e2e == MESSAGE_CLEAR || message_out->delivered_at != NULL) {
        message_out->read_at =
            rows->read_at_column != 0
                ? (const char *)sqlite3_column_text(row, rows->read_at_column)
                : find_read_at(rows, conversation, sqlite3_column_int64(row, 4), message_out);
    }
    read_changes(row, message_out);
    if (message_out->e2e == MESSAGE_DELETED && !message_out->outgoing &&
        sqlite3_column_bytes(row, 10) == BLAKE3_HASH_BYTES) {
        message_out->key_goes = history_last_key_goes(rows->reader, message_out->hash);
    }
    return sqlite3_column_bytes(row, 10) == BLAKE3_HASH_BYTES && find_peer(rows, conversation);
}

static void visit_rows(struct database *reader, sqlite3_stmt *row, history_visit *visit,
                       void *context)
{
    struct history_rows rows = {.reader = reader};
    struct history_message message;
    while (database_next(reader, row)) {
        if (history_rows_read(&rows, row, &message)) {
            visit(context, &message);
        }
    }
    database_done(row);
}

/* The statements that read a page: of one conversation, or of all. */
struct scope {
    const char *edge_forwards;  /* the lamport of the ?4-th message */
    const char *edge_backwards; /* the same from the end */
    const char *exists;
    const char *messages;
};

#define OF_ONE(parameter) "m.conversation=" parameter " AND " LOG_CLEARING_LEFT(parameter)
#define OF_EVERY(parameter) parameter "=0 AND " LOG_CLEARING_LEFT("m.conversation")
#define OF_ALL(parameter)                                                                          \
    OF_EVERY(parameter) "AND m.conversation NOT IN " LOG_BLOCKED_CONVERSATIONS " "

#define FROM_BETWEEN " FROM messages m WHERE m.lamport>?1 AND m.lamport<?2 AND "
#define FROM_BEHIND                                                                                \
    " FROM messages m WHERE m.lamport>?3 AND m.lamport<?4"                                         \
    " AND (m.lamport,m.event_id)>(?6,?7) AND "

#define SCOPE(of)                                                                                  \
    {                                                                                              \
        "SELECT m.lamport" FROM_BETWEEN of("?3") "ORDER BY m.lamport LIMIT 1 OFFSET ?4",           \
            "SELECT m.lamport" FROM_BETWEEN of("?3") "ORDER BY m.lamport DESC LIMIT 1 OFFSET ?4",  \
            "SELECT 1" FROM_BETWEEN of("?3") "LIMIT 1",                                            \
            "SELECT " HISTORY_COLUMNS FROM_BEHIND of("?5") "ORDER BY m.lamport,m.event_id"         \
    }

static const struct scope one_conversation = SCOPE(OF_ONE);
static const struct scope all_conversations = SCOPE(OF_ALL);
static const struct scope every_conversation = SCOPE(OF_EVERY);

static bool exists(struct database *reader, const struct scope *scope,
                   const struct history_reading *page)
{
    return database_integer(reader, 0, scope->exists, "iii", page->above, page->below,
                            page->conversation) != 0;
}

/* Cuts what the query means to a page, which ends with all messages of its last lamport; whether
 * there is more beyond. */
static bool cut(struct database *reader, const struct scope *scope, struct history_reading *page,
                size_t limit, bool backwards)
{
    struct history_reading rest = *page;
    int64_t edge =
        database_integer(reader, 0, backwards ? scope->edge_backwards : scope->edge_forwards,
                         "iiii", page->above, page->below, page->conversation, (int64_t)limit - 1);
    if (edge == 0) {
        return false;
    }
    if (backwards) {
        rest.below = edge;
        page->above = edge - 1;
    } else {
        rest.above = edge;
        page->below = edge + 1;
    }
    return exists(reader, scope, &rest);
}

static const struct scope *scope_of(const struct history_reading *reading)
{
    return !reading->of_all        ? &one_conversation
           : reading->with_blocked ? &every_conversation
                                   : &all_conversations;
}

enum result history_begin(struct event_log *log, const struct history_query *query,
                          struct history_reading *reading_out)
{
    struct database *reader = log_readers_acquire(log);
    *reading_out = (struct history_reading){
        .log = log,
        .above = query->since_lamport,
        .below = query->before_lamport == 0 ? INT64_MAX : query->before_lamport,
        .of_all = query->peer == NULL,
        .with_blocked = query->with_blocked};
    (void)database_execute(reader, "BEGIN");
    if (query->peer != NULL) {
        reading_out->conversation = log_nodes_find_conversation(reader, query->peer);
    }
    reading_out->more =
        cut(reader, scope_of(reading_out), reading_out, query->limit, query->newest);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    return log_readers_release(log, &reader);
}

/* Two authors may give theirs one id and one lamport: no piece ends between them. */
static bool is_same_place(const struct history_reading *reading,
                          const struct history_message *message)
{
    return reading->lamport == message->lamport &&
           strcmp(reading->event_id, message->event_id) == 0;
}

static void note_place(struct history_reading *reading, const struct history_message *message)
{
    reading->lamport = message->lamport;
    reading->above = message->lamport - 1;
    (void)snprintf(reading->event_id, sizeof reading->event_id, "%s", message->event_id);
}

enum result history_read_on(struct history_reading *reading, history_visit *visit,
                            bool (*is_over)(void *context), void *context, bool *ended_out)
{
    struct database *reader = log_readers_acquire(reading->log);
    struct history_rows rows = {.reader = reader};
    struct history_message message;
    bool over = false;
    bool left = false;
    sqlite3_stmt *row =
        database_query(reader, scope_of(reading)->messages, "iiiiiit", reading->log->self,
                       (int64_t)EVENT_MESSAGE_DELIVERED, reading->above, reading->below,
                       reading->conversation, reading->lamport, reading->event_id);
    while (!left && database_next(reader, row)) {
        bool whole = history_rows_read(&rows, row, &message);
        left = over && !is_same_place(reading, &message);
        if (!left && whole) {
            visit(context, &message);
        }
        if (!left) {
            note_place(reading, &message);
            over = over || is_over(context);
        }
    }
    database_done(row);
    *ended_out = !left;
    return log_readers_release(reading->log, &reader);
}

/* A page that is read at once. */
struct whole_page {
    history_visit *visit;
    void *context;
};

static void pass_on(void *context, const struct history_message *message)
{
    const struct whole_page *page = context;
    page->visit(page->context, message);
}

static bool is_never(void *context)
{
    (void)context;
    return false;
}

enum result history_page(struct event_log *log, const struct history_query *query,
                         history_visit *visit, void *context, bool *more_out)
{
    struct history_reading reading;
    struct whole_page page = {visit, context};
    bool ended = false;
    enum result result = history_begin(log, query, &reading);
    *more_out = reading.more;
    return result == RESULT_OK ? history_read_on(&reading, pass_on, is_never, &page, &ended)
                               : result;
}

enum result history_count_unread(struct event_log *log, const struct node_id *peer,
                                 int64_t *unread_out)
{
    struct database *reader = log_readers_acquire(log);
    *unread_out = database_integer(reader, 0, "SELECT unread FROM conversations WHERE key=?1", "b",
                                   peer->key, NODE_ID_BYTES);
    return log_readers_release(log, &reader);
}

enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    visit_rows(reader,
               database_query(reader,
                              "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.seq="
                              "(SELECT last_seq FROM conversations WHERE key=?3)",
                              "iib", log->self, (int64_t)EVENT_MESSAGE_DELIVERED, peer->key,
                              NODE_ID_BYTES),
               visit, context);
    return log_readers_release(log, &reader);
}

#define FOUND(where)                                                                               \
    "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.seq IN " where                             \
    " AND (m.conversation=?3 OR (?3=-1 AND m.conversation NOT IN " LOG_BLOCKED_CONVERSATIONS       \
    ")) AND " LOG_CLEARING_LEFT(                                                                   \
        "m.conversation") "ORDER BY m.lamport DESC,m.event_id DESC LIMIT ?5"

enum result history_find(struct event_log *log, const struct history_name *name,
                         history_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    int64_t conversation =
        name->peer == NULL ? -1 : log_nodes_find_conversation(reader, name->peer);
    sqlite3_stmt *row =
        name->hash != NULL
            ? database_query(reader,
                             FOUND("(SELECT e.seq FROM events e INDEXED BY events_hash"
                                   " WHERE " LOG_SCHEMA_IS("e.hash", "?4") " AND e.aside=0)"),
                             "iiibi", log->self, (int64_t)EVENT_MESSAGE_DELIVERED, conversation,
                             name->hash, BLAKE3_HASH_BYTES, (int64_t)HISTORY_MOST_FOUND)
            : database_query(reader,
                             strlen(name->id_end) == ULID_TEXT_BYTES - 1
                                 ? FOUND(LOG_SCHEMA_OF_ID("?4"))
                                 : FOUND("(SELECT seq FROM messages INDEXED BY messages_order"
                                         " WHERE cleared=0"
                                         " AND substr(event_id,-length(?4))=?4)"),
                             "iiiti", log->self, (int64_t)EVENT_MESSAGE_DELIVERED, conversation,
                             name->id_end, (int64_t)HISTORY_MOST_FOUND);
    visit_rows(reader, row, visit, context);
    return log_readers_release(log, &reader);
}

enum result history_peer_of(struct event_log *log, const char *event_id, struct node_id *peer_out)
{
    struct database *reader = log_readers_acquire(log);
    int conversations = 0;
    sqlite3_stmt *row = database_query(reader,
                                       "SELECT DISTINCT c.key FROM messages m"
                                       " JOIN conversations c ON c.id=m.conversation"
                                       " WHERE m.seq IN " LOG_SCHEMA_OF_ID("?1") " LIMIT 2",
                                       "t", event_id);
    while (database_next(reader, row)) {
        if (sqlite3_column_bytes(row, 0) == NODE_ID_BYTES) {
            memcpy(peer_out->key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
            conversations++;
        }
    }
    database_done(row);
    enum result result = log_readers_release(log, &reader);
    return result != RESULT_OK  ? result
           : conversations == 0 ? RESULT_NOT_FOUND
           : conversations == 1 ? RESULT_OK
                                : RESULT_MISMATCH;
}

/* One message, and what its author made of it since: found in its order, so that no words are
 * sorted. */
#define NAMED                                                                                      \
    " WHERE m.edited_at<>'' AND m.seq IN (SELECT e.seq FROM events e INDEXED BY events_hash"       \
    " WHERE " LOG_SCHEMA_IS("e.hash", "?1") " AND e.aside=0)"
static const char first_words[] =
    "SELECT m.original,strftime('%Y-%m-%dT%H:%M:%SZ',m.created_at,'unixepoch')"
    " FROM messages m" NAMED;
static const char later_words[] =
    "SELECT c.text,c.at FROM messages m CROSS JOIN changes c ON c.target=m.hash"
    " AND c.kind=?2 AND c.author=m.author AND c.conversation=m.conversation" NAMED
    " ORDER BY c.lamport,c.event_id,c.hash";

static void visit_words(struct database *reader, sqlite3_stmt *row, history_visit_words *visit,
                        void *context)
{
    while (database_next(reader, row)) {
        visit(context, database_text(row, 0), database_text(row, 1));
    }
    database_done(row);
}

enum result history_words(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES],
                          history_visit_words *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    visit_words(reader, database_query(reader, first_words, "b", hash, BLAKE3_HASH_BYTES), visit,
                context);
    visit_words(
        reader,
        database_query(reader, later_words, "bi", hash, BLAKE3_HASH_BYTES, (int64_t)PAYLOAD_EDIT),
        visit, context);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    return log_readers_release(log, &reader);
}
