#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/history_private.h"
#include "store/log_private.h"

/* Of an author's two accepted events with one id, the one with the smaller hash is shown (§6).
 * Returns the arrival number of the author's other accepted event with this id and the smallest
 * hash, 0 if there is none; *smaller_out says whether its hash is smaller than ours. Another
 * author's event with this id is another event: nobody can hide what somebody else wrote. */
static int64_t find_twin(struct event_log *log, const struct event *event, int64_t seq,
                         bool *smaller_out)
{
    int64_t twin = 0;
    sqlite3_stmt *row = database_query(&log->database,
                                       "SELECT seq,hash<?3 FROM events WHERE event_id=?1 AND"
                                       " seq<>?2 AND author=?4 AND aside=0 ORDER BY hash LIMIT 1",
                                       "tibb", event->event_id, seq, event->hash,
                                       (int)sizeof event->hash, event->author.key, NODE_ID_BYTES);
    *smaller_out = false;
    if (database_next(&log->database, row)) {
        twin = sqlite3_column_int64(row, 0);
        *smaller_out = sqlite3_column_int(row, 1) != 0;
    }
    database_done(row);
    return twin;
}

static const struct node_id *peer_of(const struct event_log *log, const struct event *event)
{
    const struct node_id *self = &log->options.key->node_id;
    if (node_id_equal(&event->author, self)) {
        return &event->data.message.recipient;
    }
    return node_id_equal(&event->data.message.recipient, self) ? &event->author : NULL;
}

static void set_own(struct event_log *log, int64_t seq, bool own)
{
    database_run(&log->database, "UPDATE events SET own=?2 WHERE seq=?1", "ii", seq, (int64_t)own);
}

/* A message of a conversation that this node is part of. */
struct own_message {
    uint8_t peer[NODE_ID_BYTES];
    int64_t outgoing;
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
};

/* The messages with that id of which `recipient` is the recipient: one, unless somebody took
 * another one's id. Calls `visit` for each; how many there are. */
static size_t each_target(struct event_log *log, const char *event_id,
                          const struct node_id *recipient,
                          void (*visit)(struct event_log *log, const struct own_message *target,
                                        const struct event *receipt),
                          const struct event *receipt)
{
    size_t count = 0;
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT peer,outgoing,lamport FROM messages WHERE"
                       " event_id=?1 AND CASE WHEN outgoing THEN peer ELSE ?2 END=?3",
                       "tbb", event_id, log->options.key->node_id.key, NODE_ID_BYTES,
                       recipient->key, NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        struct own_message target = {.outgoing = sqlite3_column_int64(row, 1),
                                     .lamport = sqlite3_column_int64(row, 2)};
        if (sqlite3_column_bytes(row, 0) == NODE_ID_BYTES) {
            memcpy(target.peer, sqlite3_column_blob(row, 0), NODE_ID_BYTES);
            (void)snprintf(target.event_id, sizeof target.event_id, "%s", event_id);
            visit(log, &target, receipt);
            count++;
        }
    }
    database_done(row);
    return count;
}

static const uint8_t *recipient_of(const struct event_log *log, const struct own_message *message)
{
    return message->outgoing != 0 ? message->peer : log->options.key->node_id.key;
}

/* Read marks keep, for each watermark, the first receipt in replay order that reached it; marks
 * that others cover are dropped, so a message's reading is the first mark at or above it. */
static void add_read_mark(struct event_log *log, const struct own_message *target, int64_t lamport,
                          const char *event_id, const void *hash, const char *at)
{
    struct database *database = &log->database;
    if (database_integer(database, 0,
                         "SELECT 1 FROM read_marks WHERE peer=?1 AND outgoing=?2"
                         " AND (target_lamport,target_event_id)>=(?3,?4)"
                         " AND (lamport,event_id,hash)<=(?5,?6,?7) LIMIT 1",
                         "biititb", target->peer, NODE_ID_BYTES, target->outgoing, target->lamport,
                         target->event_id, lamport, event_id, hash, BLAKE3_HASH_BYTES) != 0) {
        return;
    }
    database_run(database,
                 "DELETE FROM read_marks WHERE peer=?1 AND outgoing=?2"
                 " AND (target_lamport,target_event_id)<=(?3,?4)"
                 " AND (lamport,event_id,hash)>=(?5,?6,?7)",
                 "biititb", target->peer, NODE_ID_BYTES, target->outgoing, target->lamport,
                 target->event_id, lamport, event_id, hash, BLAKE3_HASH_BYTES);
    database_run(database, "INSERT OR REPLACE INTO read_marks VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                 "biititbt", target->peer, NODE_ID_BYTES, target->outgoing, target->lamport,
                 target->event_id, lamport, event_id, hash, BLAKE3_HASH_BYTES, at);
}

/* Marks from the receipts that came before their message. */
static void add_waiting_read_marks(struct event_log *log, const struct own_message *message)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT lamport,event_id,hash,at FROM receipts WHERE target_event_id=?1 AND type=?2"
        " AND author=?3",
        "tib", message->event_id, (int64_t)EVENT_MESSAGE_READ, recipient_of(log, message),
        NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        add_read_mark(log, message, sqlite3_column_int64(row, 0), database_text(row, 1),
                      sqlite3_column_blob(row, 2), database_text(row, 3));
    }
    database_done(row);
}

static void rebuild_read_marks(struct event_log *log, const uint8_t *peer, int64_t outgoing)
{
    struct own_message probe = {.outgoing = outgoing};
    memcpy(probe.peer, peer, NODE_ID_BYTES);
    database_run(&log->database, "DELETE FROM read_marks WHERE peer=?1 AND outgoing=?2", "bi", peer,
                 NODE_ID_BYTES, outgoing);
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT m.lamport,m.event_id,r.lamport,r.event_id,r.hash,r.at FROM receipts r"
        " JOIN messages m ON m.event_id=r.target_event_id"
        " WHERE m.peer=?1 AND m.outgoing=?2 AND r.type=?3 AND r.author=?4",
        "biib", peer, NODE_ID_BYTES, outgoing, (int64_t)EVENT_MESSAGE_READ,
        recipient_of(log, &probe), NODE_ID_BYTES);
    while (database_next(&log->database, row)) {
        probe.lamport = sqlite3_column_int64(row, 0);
        (void)snprintf(probe.event_id, sizeof probe.event_id, "%s", database_text(row, 1));
        add_read_mark(log, &probe, sqlite3_column_int64(row, 2), database_text(row, 3),
                      sqlite3_column_blob(row, 4), database_text(row, 5));
    }
    database_done(row);
}

static bool apply_message(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct node_id *peer = peer_of(log, event);
    const struct message_sent *message = &event->data.message;
    struct own_message own = {.lamport = event->lamport};
    struct buffer attachments;
    if (peer == NULL) {
        return false;
    }
    own.outgoing = peer == &message->recipient;
    memcpy(own.peer, peer->key, NODE_ID_BYTES);
    memcpy(own.event_id, event->event_id, sizeof own.event_id);
    buffer_init(&attachments);
    event_data_write_attachments(message, &attachments);
    database_run(&log->database,
                 "INSERT INTO messages VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9," HISTORY_ATTACHMENT_NAMES(
                     "?8") ")",
                 "itibitttt", seq, event->event_id, event->lamport, peer->key, NODE_ID_BYTES,
                 own.outgoing, message->client_id, message->body, attachments.data,
                 event->wall_clock);
    buffer_deinit(&attachments);
    database_run(&log->database,
                 "INSERT INTO messages_search(rowid,body,names)"
                 " SELECT seq,body,names FROM messages WHERE seq=?1",
                 "i", seq);
    set_own(log, seq, true);
    add_waiting_read_marks(log, &own);
    database_run(&log->database,
                 "UPDATE events SET own=1 WHERE hash IN (SELECT hash FROM receipts"
                 " WHERE target_event_id=?1 AND author=?2)",
                 "tb", event->event_id, recipient_of(log, &own), NODE_ID_BYTES);
    return true;
}

static void mark_read(struct event_log *log, const struct own_message *target,
                      const struct event *receipt)
{
    if (receipt->type == EVENT_MESSAGE_READ) {
        add_read_mark(log, target, receipt->lamport, receipt->event_id, receipt->hash,
                      receipt->data.receipt.at);
    }
}

static bool apply_receipt(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct receipt *receipt = &event->data.receipt;
    database_run(&log->database, "INSERT OR IGNORE INTO receipts VALUES(?1,?2,?3,?4,?5,?6,?7)",
                 "tibitbt", receipt->target_event_id, (int64_t)event->type, event->author.key,
                 NODE_ID_BYTES, event->lamport, event->event_id, event->hash,
                 (int)sizeof event->hash, receipt->at);
    bool counts = each_target(log, receipt->target_event_id, &event->author, mark_read, event) > 0;
    if (counts) {
        set_own(log, seq, true);
    }
    return counts;
}

static bool apply(struct event_log *log, const struct event *event, int64_t seq)
{
    if (event->type == EVENT_MESSAGE_SENT) {
        return apply_message(log, event, seq);
    }
    if (event->type == EVENT_MESSAGE_DELIVERED || event->type == EVENT_MESSAGE_READ) {
        return apply_receipt(log, event, seq);
    }
    return false;
}

static void unmark(struct event_log *log, const struct own_message *target,
                   const struct event *receipt)
{
    (void)receipt;
    rebuild_read_marks(log, target->peer, target->outgoing);
}

/* The receipts of a message that is gone concern nobody here, unless another one has its id. */
static void unapply_message(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct node_id *peer = peer_of(log, event);
    if (peer == NULL) {
        return;
    }
    const struct node_id *recipient = &event->data.message.recipient;
    database_run(&log->database,
                 "INSERT INTO messages_search(messages_search,rowid,body,names)"
                 " SELECT 'delete',seq,body,names FROM messages WHERE seq=?1",
                 "i", seq);
    database_run(&log->database, "DELETE FROM messages WHERE seq=?1", "i", seq);
    database_run(&log->database,
                 "UPDATE events SET own=0 WHERE hash IN (SELECT hash FROM receipts"
                 " WHERE target_event_id=?1 AND author=?2)",
                 "tb", event->event_id, recipient->key, NODE_ID_BYTES);
    if (each_target(log, event->event_id, recipient, unmark, NULL) > 0) {
        database_run(&log->database,
                     "UPDATE events SET own=1 WHERE hash IN (SELECT hash FROM receipts"
                     " WHERE target_event_id=?1 AND author=?2)",
                     "tb", event->event_id, recipient->key, NODE_ID_BYTES);
    }
    rebuild_read_marks(log, peer->key, peer == recipient);
}

static void unapply(struct event_log *log, const struct event *event, int64_t seq)
{
    if (event->type == EVENT_MESSAGE_SENT) {
        unapply_message(log, event, seq);
    } else if (event->type == EVENT_MESSAGE_DELIVERED || event->type == EVENT_MESSAGE_READ) {
        database_run(&log->database,
                     "DELETE FROM receipts WHERE target_event_id=?1 AND type=?2 AND author=?3"
                     " AND lamport=?4 AND event_id=?5 AND hash=?6",
                     "tibitb", event->data.receipt.target_event_id, (int64_t)event->type,
                     event->author.key, NODE_ID_BYTES, event->lamport, event->event_id, event->hash,
                     (int)sizeof event->hash);
        (void)each_target(log, event->data.receipt.target_event_id, &event->author, unmark, NULL);
    }
    set_own(log, seq, false);
}

static bool with_stored(struct event_log *log, int64_t seq,
                        void (*change)(struct event_log *log, const struct event *event,
                                       int64_t seq))
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT json FROM events WHERE seq=?1", "i", seq);
    struct verified_event *event =
        database_next(&log->database, row) ? log_event_from_row(log, row, 0) : NULL;
    database_done(row);
    if (event == NULL) {
        return false;
    }
    change(log, event_verified_get(event), seq);
    event_verified_destroy(&event);
    return true;
}

static void reapply(struct event_log *log, const struct event *event, int64_t seq)
{
    (void)apply(log, event, seq);
}

bool log_views_apply(struct event_log *log, const struct event *event, int64_t seq, bool alone)
{
    bool twin_is_shown = false;
    int64_t twin = alone ? 0 : find_twin(log, event, seq, &twin_is_shown);
    if (twin != 0 && twin_is_shown) {
        return false;
    }
    if (twin != 0) {
        (void)with_stored(log, twin, unapply);
    }
    return apply(log, event, seq);
}

void log_views_remove(struct event_log *log, const struct event *event, int64_t seq)
{
    bool twin_is_shown = false;
    int64_t twin = find_twin(log, event, seq, &twin_is_shown);
    if (twin != 0 && twin_is_shown) {
        return; /* it never was in the views */
    }
    unapply(log, event, seq);
    if (twin != 0) {
        (void)with_stored(log, twin, reapply);
    }
}
