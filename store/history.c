#include "store/history.h"

#include <string.h>

#include "core/memory.h"
#include "store/history_private.h"
#include "store/log_private.h"

struct history_message history_message_of_row(sqlite3_stmt *row)
{
    return (struct history_message){
        .event_id = database_text(row, 0),
        .lamport = sqlite3_column_int64(row, 1),
        .peer = sqlite3_column_blob(row, 2),
        .outgoing = sqlite3_column_int(row, 3) != 0,
        .body = database_text(row, 4),
        .attachments = database_text(row, 5),
        .created_at = database_text(row, 6),
        .delivered_at = (const char *)sqlite3_column_text(row, 7),
        .read_at = (const char *)sqlite3_column_text(row, 8),
    };
}

static void visit_row(sqlite3_stmt *row, history_visit *visit, void *context)
{
    struct history_message message = history_message_of_row(row);
    visit(context, &message);
}

#define MESSAGES "SELECT " HISTORY_COLUMNS " FROM messages m "

/* The lamport of the page's last message in the direction of paging, 0 when the page takes all. */
static int64_t find_edge(struct database *reader, const struct history_query *query, bool backwards)
{
    const void *peer = query->peer == NULL ? NULL : query->peer->key;
    int64_t skip = (int64_t)query->limit - 1;
    int64_t before = query->before_lamport == 0 ? INT64_MAX : query->before_lamport;
    if (peer == NULL) {
        return backwards
                   ? database_integer(reader, 0,
                                      "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2"
                                      " ORDER BY lamport DESC LIMIT 1 OFFSET ?3",
                                      "iii", query->since_lamport, before, skip)
                   : database_integer(reader, 0,
                                      "SELECT lamport FROM messages WHERE lamport>?1 AND lamport<?2"
                                      " ORDER BY lamport LIMIT 1 OFFSET ?3",
                                      "iii", query->since_lamport, before, skip);
    }
    return backwards
               ? database_integer(reader, 0,
                                  "SELECT lamport FROM messages WHERE peer=?4 AND lamport>?1"
                                  " AND lamport<?2 ORDER BY lamport DESC LIMIT 1 OFFSET ?3",
                                  "iiib", query->since_lamport, before, skip, peer, NODE_ID_BYTES)
               : database_integer(reader, 0,
                                  "SELECT lamport FROM messages WHERE peer=?4 AND lamport>?1"
                                  " AND lamport<?2 ORDER BY lamport LIMIT 1 OFFSET ?3",
                                  "iiib", query->since_lamport, before, skip, peer, NODE_ID_BYTES);
}

static bool exists_between(struct database *reader, const struct node_id *peer, int64_t above,
                           int64_t below)
{
    return (peer == NULL
                ? database_integer(reader, 0,
                                   "SELECT 1 FROM messages WHERE lamport>?1 AND lamport<?2 LIMIT 1",
                                   "ii", above, below)
                : database_integer(reader, 0,
                                   "SELECT 1 FROM messages WHERE peer=?3 AND lamport>?1"
                                   " AND lamport<?2 LIMIT 1",
                                   "iib", above, below, peer->key, NODE_ID_BYTES)) != 0;
}

enum result history_page(struct event_log *log, const struct history_query *query,
                         history_visit *visit, void *context, bool *more_out)
{
    const uint8_t *self = log->options.key->node_id.key;
    bool backwards = query->before_lamport != 0 && query->since_lamport == 0;
    int64_t above = query->since_lamport;
    int64_t below = query->before_lamport == 0 ? INT64_MAX : query->before_lamport;
    struct database *reader = log_reader_acquire(log);
    (void)database_execute(reader, "BEGIN");
    int64_t edge = find_edge(reader, query, backwards);
    *more_out = false;
    if (edge != 0 && backwards) {
        *more_out = exists_between(reader, query->peer, above, edge);
        above = edge - 1;
    } else if (edge != 0) {
        *more_out = exists_between(reader, query->peer, edge, below);
        below = edge + 1;
    }
    sqlite3_stmt *row =
        query->peer == NULL
            ? database_query(reader,
                             MESSAGES "WHERE m.lamport>?2 AND m.lamport<?3"
                                      " ORDER BY m.lamport,m.event_id",
                             "bii", self, NODE_ID_BYTES, above, below)
            : database_query(reader,
                             MESSAGES "WHERE m.peer=?4 AND m.lamport>?2 AND m.lamport<?3"
                                      " ORDER BY m.lamport,m.event_id",
                             "biib", self, NODE_ID_BYTES, above, below, query->peer->key,
                             NODE_ID_BYTES);
    while (database_next(reader, row)) {
        visit_row(row, visit, context);
    }
    database_done(row);
    (void)sqlite3_exec(reader->handle, "COMMIT", NULL, NULL, NULL);
    enum result result = reader->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, &reader);
    return result;
}

/* Unread: messages to us above both what we said we read and what we read silently. */
static int64_t count_unread(struct database *reader, const void *peer)
{
    return database_integer(
        reader, 0,
        "SELECT count(*) FROM messages WHERE outgoing=0 AND peer=?1 AND (lamport,event_id)>"
        "(SELECT lamport,event_id FROM ("
        "SELECT target_lamport AS lamport,target_event_id AS event_id FROM read_marks"
        " WHERE peer=?1 AND outgoing=0"
        " UNION ALL SELECT lamport,event_id FROM local_reads WHERE peer=?1"
        " UNION ALL SELECT 0,'') ORDER BY lamport DESC,event_id DESC LIMIT 1)",
        "b", peer, NODE_ID_BYTES);
}

enum result history_conversations(struct event_log *log, history_visit_conversation *visit,
                                  void *context)
{
    struct database *reader = log_reader_acquire(log);
    /* A loose scan of the index: one seek a peer, however many messages there are. */
    sqlite3_stmt *row =
        database_query(reader,
                       "WITH RECURSIVE p(peer) AS (SELECT min(peer) FROM messages UNION ALL"
                       " SELECT (SELECT min(peer) FROM messages WHERE peer>p.peer) FROM p WHERE "
                       "p.peer IS NOT NULL)"
                       " SELECT peer FROM p WHERE peer IS NOT NULL",
                       "");
    while (database_next(reader, row)) {
        struct history_conversation conversation = {0};
        if (sqlite3_column_bytes(row, 0) == NODE_ID_BYTES) {
            memcpy(conversation.peer.key, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
            conversation.unread = count_unread(reader, conversation.peer.key);
            visit(context, &conversation);
        }
    }
    database_done(row);
    enum result result = reader->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, &reader);
    return result;
}

enum result history_count_unread(struct event_log *log, const struct node_id *peer,
                                 int64_t *unread_out)
{
    struct database *reader = log_reader_acquire(log);
    *unread_out = count_unread(reader, peer->key);
    enum result result = reader->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, &reader);
    return result;
}

enum result history_last_message(struct event_log *log, const struct node_id *peer,
                                 history_visit *visit, void *context)
{
    struct database *reader = log_reader_acquire(log);
    sqlite3_stmt *row = database_query(
        reader, MESSAGES "WHERE m.peer=?2 ORDER BY m.lamport DESC,m.event_id DESC LIMIT 1", "bb",
        log->options.key->node_id.key, NODE_ID_BYTES, peer->key, NODE_ID_BYTES);
    if (database_next(reader, row)) {
        visit_row(row, visit, context);
    }
    database_done(row);
    enum result result = reader->failed ? RESULT_IO : RESULT_OK;
    log_reader_release(log, &reader);
    return result;
}
