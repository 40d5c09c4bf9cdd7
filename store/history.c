#include "store/history.h"

#include <stdio.h>
#include <string.h>

#include "store/history_private.h"
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

bool history_rows_read(struct history_rows *rows, sqlite3_stmt *row,
                       struct history_message *message_out)
{
    int64_t conversation = sqlite3_column_int64(row, 2);
    *message_out = (struct history_message){
        .event_id = database_text(row, 0),
        .lamport = sqlite3_column_int64(row, 1),
        .peer = rows->peer,
        .outgoing = sqlite3_column_int(row, 3) != 0,
        .body = database_text(row, 5),
        .attachments = database_text(row, 6),
        .created_at = database_text(row, 7),
        .delivered_at = (const char *)sqlite3_column_text(row, 8),
        .sealed = sqlite3_column_int(row, 9) != 0,
    };
    /* A mark alone says nothing of what could not be opened (§24). */
    if (!message_out->sealed || message_out->delivered_at != NULL) {
        message_out->read_at =
            find_read_at(rows, conversation, sqlite3_column_int64(row, 4), message_out);
    }
    return find_peer(rows, conversation);
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

/* A part of the messages in the order of their lamports: of one conversation, or of all. */
struct stretch {
    int64_t above; /* exclusive */
    int64_t below; /* exclusive */
    int64_t conversation;
};

/* The statements that read a stretch. */
struct scope {
    const char *edge_forwards;  /* the lamport of the ?4-th message */
    const char *edge_backwards; /* the same from the end */
    const char *exists;
    const char *messages;
};

static const struct scope one_conversation = {
    "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2 AND conversation=?3"
    " ORDER BY lamport LIMIT 1 OFFSET ?4",
    "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2 AND conversation=?3"
    " ORDER BY lamport DESC LIMIT 1 OFFSET ?4",
    "SELECT 1 FROM messages WHERE lamport>?1 AND lamport<?2 AND conversation=?3 LIMIT 1",
    "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.lamport>?3 AND m.lamport<?4"
    " AND m.conversation=?5 ORDER BY m.lamport,m.event_id"};

static const struct scope all_conversations = {
    "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2 AND ?3=0"
    " ORDER BY lamport LIMIT 1 OFFSET ?4",
    "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2 AND ?3=0"
    " ORDER BY lamport DESC LIMIT 1 OFFSET ?4",
    "SELECT 1 FROM messages WHERE lamport>?1 AND lamport<?2 AND ?3=0 LIMIT 1",
    "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.lamport>?3 AND m.lamport<?4 AND ?5=0"
    " ORDER BY m.lamport,m.event_id"};

static bool exists(struct database *reader, const struct scope *scope,
                   const struct stretch *stretch)
{
    return database_integer(reader, 0, scope->exists, "iii", stretch->above, stretch->below,
                            stretch->conversation) != 0;
}

/* Cuts the stretch to a page, which ends with all messages of its last lamport; whether there is
 * more beyond. */
static bool cut(struct database *reader, const struct scope *scope, struct stretch *stretch,
                size_t limit, bool backwards)
{
    struct stretch rest = *stretch;
    int64_t edge = database_integer(
        reader, 0, backwards ? scope->edge_backwards : scope->edge_forwards, "iiii", stretch->above,
        stretch->below, stretch->conversation, (int64_t)limit - 1);
    if (edge == 0) {
        return false;
    }
    if (backwards) {
        rest.below = edge;
        stretch->above = edge - 1;
    } else {
        rest.above = edge;
        stretch->below = edge + 1;
    }
    return exists(reader, scope, &rest);
}

enum result history_page(struct event_log *log, const struct history_query *query,
                         history_visit *visit, void *context, bool *more_out)
{
    const struct scope *scope = query->peer == NULL ? &all_conversations : &one_conversation;
    struct stretch stretch = {.above = query->since_lamport,
                              .below =
                                  query->before_lamport == 0 ? INT64_MAX : query->before_lamport};
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    if (query->peer != NULL) {
        stretch.conversation = log_nodes_find_conversation(reader, query->peer);
    }
    *more_out = cut(reader, scope, &stretch, query->limit, query->newest);
    visit_rows(reader,
               database_query(reader, scope->messages, "iiiii", log->self,
                              (int64_t)EVENT_MESSAGE_DELIVERED, stretch.above, stretch.below,
                              stretch.conversation),
               visit, context);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    return log_readers_release(log, &reader);
}

/* Messages to us (?1) in a conversation (?3) above both what we said we read and what we read
 * silently. */
#define UNREAD                                                                                     \
    " FROM messages m WHERE conversation=?3 AND author<>?1"                                        \
    " AND (lamport,event_id)>(SELECT lamport,event_id FROM ("                                      \
    "SELECT * FROM (SELECT target_lamport AS lamport,target_event_id AS event_id"                  \
    " FROM read_marks INDEXED BY read_marks_steps"                                                 \
    " WHERE conversation=?3 AND reader=?1 AND step=1"                                              \
    " ORDER BY target_lamport DESC,target_event_id DESC LIMIT 1)"                                  \
    " UNION ALL SELECT lamport,event_id FROM local_reads WHERE conversation=?3"                    \
    " UNION ALL SELECT 0,'') ORDER BY lamport DESC,event_id DESC LIMIT 1)"

static int64_t count_unread(struct event_log *log, struct database *reader, int64_t conversation)
{
    return database_integer(reader, 0, "SELECT count(*)" UNREAD, "iii", log->self, (int64_t)0,
                            conversation);
}

enum result history_conversations(struct event_log *log, history_visit_conversation *visit,
                                  void *context)
{
    struct database *reader = log_readers_acquire(log);
    sqlite3_stmt *row =
        database_query(reader,
                       "SELECT c.id,c.key FROM conversations c WHERE EXISTS"
                       " (SELECT 1 FROM messages m WHERE m.conversation=c.id) ORDER BY c.key",
                       "");
    while (database_next(reader, row)) {
        struct history_conversation conversation = {0};
        if (sqlite3_column_bytes(row, 1) == NODE_ID_BYTES) {
            memcpy(conversation.peer.key, sqlite3_column_blob(row, 1), NODE_ID_BYTES);
            conversation.unread = count_unread(log, reader, sqlite3_column_int64(row, 0));
            visit(context, &conversation);
        }
    }
    database_done(row);
    return log_readers_release(log, &reader);
}

enum result history_count_unread(struct event_log *log, const struct node_id *peer,
                                 int64_t *unread_out)
{
    struct database *reader = log_readers_acquire(log);
    *unread_out = count_unread(log, reader, log_nodes_find_conversation(reader, peer));
    return log_readers_release(log, &reader);
}

/* The one message of a conversation that `sql` asks for. */
static enum result visit_one(struct event_log *log, const struct node_id *peer, const char *sql,
                             history_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    int64_t conversation = log_nodes_find_conversation(reader, peer);
    visit_rows(reader,
               database_query(reader, sql, "iii", log->self, (int64_t)EVENT_MESSAGE_DELIVERED,
                              conversation),
               visit, context);
    return log_readers_release(log, &reader);
}

enum result history_first_unread(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context)
{
    return visit_one(log, peer,
                     "SELECT " HISTORY_COLUMNS UNREAD " ORDER BY m.lamport,m.event_id LIMIT 1",
                     visit, context);
}

enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context)
{
    return visit_one(log, peer,
                     "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.conversation=?3"
                     " ORDER BY m.lamport DESC,m.event_id DESC LIMIT 1",
                     visit, context);
}
