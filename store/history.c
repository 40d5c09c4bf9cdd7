#include "store/history.h"

#include <string.h>

#include "store/history_private.h"
#include "store/log_nodes_private.h"
#include "store/log_readers_private.h"

bool history_message_of_row(sqlite3_stmt *row, struct history_message *message_out)
{
    *message_out = (struct history_message){
        .event_id = database_text(row, 0),
        .lamport = sqlite3_column_int64(row, 1),
        .peer = sqlite3_column_blob(row, 2),
        .outgoing = sqlite3_column_int(row, 3) != 0,
        .body = database_text(row, 4),
        .attachments = database_text(row, 5),
        .created_at = database_text(row, 6),
        .delivered_at = (const char *)sqlite3_column_text(row, 7),
        .read_at = (const char *)sqlite3_column_text(row, 8),
        .sealed = sqlite3_column_int(row, 9) != 0,
    };
    if (message_out->sealed && message_out->delivered_at == NULL) {
        message_out->read_at =
            NULL; /* a mark alone says nothing of what could not be opened (§24) */
    }
    return sqlite3_column_bytes(row, 2) == NODE_ID_BYTES;
}

static void visit_rows(struct database *reader, sqlite3_stmt *row, history_visit *visit,
                       void *context)
{
    struct history_message message;
    while (database_next(reader, row)) {
        if (history_message_of_row(row, &message)) {
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
    bool backwards = query->before_lamport != 0 && query->since_lamport == 0;
    struct stretch stretch = {.above = query->since_lamport,
                              .below =
                                  query->before_lamport == 0 ? INT64_MAX : query->before_lamport};
    struct database *reader = log_readers_acquire(log);
    (void)database_execute(reader, "BEGIN");
    if (query->peer != NULL) {
        stretch.conversation = log_nodes_find_conversation(reader, query->peer);
    }
    *more_out = cut(reader, scope, &stretch, query->limit, backwards);
    visit_rows(reader,
               database_query(reader, scope->messages, "iiiii", log->self,
                              (int64_t)EVENT_MESSAGE_DELIVERED, stretch.above, stretch.below,
                              stretch.conversation),
               visit, context);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    return log_readers_release(log, &reader);
}

/* Unread: messages to us above both what we said we read and what we read silently. */
static int64_t count_unread(struct event_log *log, struct database *reader, int64_t conversation)
{
    return database_integer(
        reader, 0,
        "SELECT count(*) FROM messages WHERE conversation=?1 AND author<>?2"
        " AND (lamport,event_id)>(SELECT lamport,event_id FROM ("
        "SELECT * FROM (SELECT target_lamport AS lamport,target_event_id AS event_id"
        " FROM read_marks INDEXED BY read_marks_steps"
        " WHERE conversation=?1 AND reader=?2 AND step=1"
        " ORDER BY target_lamport DESC,target_event_id DESC LIMIT 1)"
        " UNION ALL SELECT lamport,event_id FROM local_reads WHERE conversation=?1"
        " UNION ALL SELECT 0,'') ORDER BY lamport DESC,event_id DESC LIMIT 1)",
        "ii", conversation, log->self);
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

enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context)
{
    struct database *reader = log_readers_acquire(log);
    int64_t conversation = log_nodes_find_conversation(reader, peer);
    visit_rows(reader,
               database_query(reader,
                              "SELECT " HISTORY_COLUMNS " FROM messages m WHERE m.conversation=?3"
                              " ORDER BY m.lamport DESC,m.event_id DESC LIMIT 1",
                              "iii", log->self, (int64_t)EVENT_MESSAGE_DELIVERED, conversation),
               visit, context);
    return log_readers_release(log, &reader);
}
