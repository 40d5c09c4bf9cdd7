#include "store/log_changes_private.h"

#include <string.h>

#include "store/log_events_private.h"
#include "store/log_keyring_private.h"
#include "store/log_nodes_private.h"
#include "store/log_search_private.h"
#include "store/log_turns_private.h"

/* They stand in `changes.kind`. */
_Static_assert(PAYLOAD_EDIT == 1 && PAYLOAD_DELETE == 2 && PAYLOAD_REACTION == 3 &&
                   PAYLOAD_KEYS == 4,
               "the numbers are stored");

/* Who says something of which message, where. */
struct saying {
    const uint8_t *target;
    int64_t author;
    int64_t conversation;
};

static bool is_deleted(struct event_log *log, const struct saying *saying)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM changes WHERE target=?1 AND kind=?2 AND author=?3"
                            " AND conversation=?4 LIMIT 1",
                            "biii", saying->target, BLAKE3_HASH_BYTES, (int64_t)PAYLOAD_DELETE,
                            saying->author, saying->conversation) != 0;
}

/* The words of its edits go, and their keys; that they were there stays, for §24.7. */
static void spend_edits(struct event_log *log, const struct saying *saying)
{
    database_run(&log->database,
                 "INSERT INTO keyring(hash,key,gone) SELECT hash,NULL,'spent' FROM changes"
                 " WHERE target=?1 AND kind=?2 AND author=?3 AND conversation=?4"
                 " ON CONFLICT(hash) DO UPDATE SET key=NULL,gone=excluded.gone",
                 "biii", saying->target, BLAKE3_HASH_BYTES, (int64_t)PAYLOAD_EDIT, saying->author,
                 saying->conversation);
    database_run(&log->database,
                 "UPDATE changes SET target=x'',text='' WHERE target=?1 AND kind=?2 AND author=?3"
                 " AND conversation=?4",
                 "biii", saying->target, BLAKE3_HASH_BYTES, (int64_t)PAYLOAD_EDIT, saying->author,
                 saying->conversation);
    if (sqlite3_changes(log->database.handle) > 0) {
        log->has_deleted = true;
    }
}

/* What a peer gave keys with opens those of what is deleted, too. */
void log_changes_spend_given(struct event_log *log, const struct event *event)
{
    const struct node_id *self = &log->options.key->node_id;
    int64_t peer = log_nodes_number(
        log, node_id_equal(&event->author, self) ? &event->data.message.recipient : &event->author);
    database_run(&log->database,
                 "UPDATE keyring SET key=NULL,gone='spent' WHERE hash IN (SELECT hash FROM changes"
                 " WHERE target=x'' AND kind=?1 AND author=?2)",
                 "ii", (int64_t)PAYLOAD_KEYS, peer);
    database_run(&log->database,
                 "UPDATE changes SET kind=?3 WHERE target=x'' AND kind=?1 AND author=?2", "iii",
                 (int64_t)PAYLOAD_KEYS, peer, (int64_t)PAYLOAD_EDIT);
}

void log_changes_destroy(struct event_log *log, const struct event *event)
{
    struct envelope_header header;
    log_keyring_end(log, event->hash, LOG_KEYRING_DELETED);
    /* Another event with its commitment has its key. */
    if (event->data.message.sealed && envelope_read_header(event->data.message.envelope, &header)) {
        database_run(&log->database,
                     "UPDATE keyring SET key=NULL,gone='deleted' WHERE key IS NOT NULL AND hash IN"
                     " (SELECT hash FROM sealings INDEXED BY sealings_commitment"
                     " WHERE author=?1 AND recipient=?2 AND commitment=?3 AND indexed=1)",
                     "iib", log_nodes_number(log, &event->author),
                     log_nodes_number(log, &event->data.message.recipient), header.commit,
                     ENVELOPE_COMMIT_BYTES);
    }
    log_changes_spend_given(log, event);
    log_search_note_deleted(log);
    if (event->data.message.sealed && !node_id_equal(&event->author, &log->options.key->node_id)) {
        /* What it writes next is sealed to a newer key, and the one that opened this can go. */
        log_turns_owe_offer(log, log_nodes_number(log, &event->author));
    }
}

void log_changes_meet(struct event_log *log, const struct event *event, int64_t conversation,
                      struct log_opening *opening)
{
    const struct saying own = {event->hash, log_nodes_number(log, &event->author), conversation};
    if (opening->is_spent ||
        (opening->e2e == MESSAGE_OPENED && opening->payload.kind != PAYLOAD_TEXT)) {
        return;
    }
    if (opening->e2e != MESSAGE_DELETED && is_deleted(log, &own)) {
        log_opening_deinit(opening);
        log_changes_destroy(log, event);
        opening->e2e = MESSAGE_DELETED;
    }
    if (opening->e2e == MESSAGE_DELETED) {
        spend_edits(log, &own);
    }
}

/* The row of the message with this hash; 0: none is shown. */
static int64_t find_shown(struct event_log *log, const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    return database_integer(&log->database, 0, "SELECT seq FROM messages WHERE seq=?1", "i",
                            log_events_find_message(log, hash));
}

/* Its new words, and the old ones aside. */
static void put_words(struct event_log *log, int64_t seq, const char *text, const char *at)
{
    log_search_take_out(log, seq);
    database_run(&log->database,
                 "UPDATE messages SET original=CASE edited_at WHEN '' THEN body ELSE original END,"
                 "body=?2,edited_at=?3 WHERE seq=?1",
                 "itt", seq, text, at);
    log_search_put_back(log, seq, strlen(text));
}

static void put_old_words(struct event_log *log, int64_t seq)
{
    if (database_integer(&log->database, 0, "SELECT edited_at<>'' FROM messages WHERE seq=?1", "i",
                         seq) != 0) {
        log_search_take_out(log, seq);
        database_run(&log->database,
                     "UPDATE messages SET body=original,original='',edited_at='' WHERE seq=?1", "i",
                     seq);
        log_search_put_back(log, seq, 0);
    }
}

static void settle_words(struct event_log *log, int64_t seq)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT c.text,c.at FROM messages m JOIN changes c ON c.target=m.hash"
        " AND c.kind=?2 AND c.author=m.author AND c.conversation=m.conversation"
        " WHERE m.seq=?1 AND m.sealed IN (?3,?4)"
        " ORDER BY c.lamport DESC,c.event_id DESC,c.hash DESC LIMIT 1",
        "iiii", seq, (int64_t)PAYLOAD_EDIT, (int64_t)MESSAGE_CLEAR, (int64_t)MESSAGE_OPENED);
    if (database_next(&log->database, row)) {
        put_words(log, seq, database_text(row, 0), database_text(row, 1));
    } else {
        put_old_words(log, seq);
    }
    database_done(row);
}

/* When its author deleted it; "" for one that was deleted here alone. */
static void settle_deletion(struct event_log *log, int64_t seq)
{
    database_run(&log->database,
                 "UPDATE messages SET deleted_at=coalesce((SELECT c.at FROM changes c"
                 " WHERE c.target=messages.hash AND c.kind=?2 AND c.author=messages.author"
                 " AND c.conversation=messages.conversation"
                 " ORDER BY c.lamport,c.event_id,c.hash LIMIT 1),'') WHERE seq=?1 AND sealed=?3",
                 "iii", seq, (int64_t)PAYLOAD_DELETE, (int64_t)MESSAGE_DELETED);
}

/* SQL: the last reaction of somebody to the message in the row. */
#define LAST_REACTION(author)                                                                      \
    "coalesce((SELECT c.text FROM changes c WHERE c.target=messages.hash AND c.kind=?3"            \
    " AND c.author=" author " AND c.conversation=messages.conversation"                            \
    " ORDER BY c.lamport DESC,c.event_id DESC,c.hash DESC LIMIT 1),'')"

static void settle_reactions(struct event_log *log, int64_t seq)
{
    database_run(&log->database,
                 "UPDATE messages SET own_reaction=" LAST_REACTION(
                     "?2") ",peer_reaction=" LAST_REACTION("CASE messages.author WHEN ?2 THEN "
                                                           "messages.recipient ELSE "
                                                           "messages.author END") " WHERE seq=?1 "
                                                                                  "AND sealed IN "
                                                                                  "(?4,?5)",
                 "iiiii", seq, log->self, (int64_t)PAYLOAD_REACTION, (int64_t)MESSAGE_CLEAR,
                 (int64_t)MESSAGE_OPENED);
}

static void settle(struct event_log *log, int64_t seq)
{
    settle_words(log, seq);
    settle_deletion(log, seq);
    settle_reactions(log, seq);
}

void log_changes_settle(struct event_log *log, int64_t seq,
                        const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    if (database_integer(&log->database, 0, "SELECT 1 FROM changes WHERE target=?1 LIMIT 1", "b",
                         hash, BLAKE3_HASH_BYTES) != 0) {
        settle(log, seq);
    }
}

static bool is_of(struct event_log *log, const struct event *target, const struct saying *saying)
{
    return log_nodes_number(log, &target->author) == saying->author && target->data.message.sealed;
}

/* Words for what is deleted are not kept, nor for what was in clear and cleared; false: these are
 * for something else. */
static bool is_too_late(struct event_log *log, const struct saying *saying)
{
    struct content_key key;
    int64_t seq = log_events_find_message(log, saying->target);
    struct event *target = seq == 0 ? NULL : log_events_read(log, seq);
    bool is_late = is_deleted(log, saying) ||
                   (target != NULL && log_nodes_number(log, &target->author) == saying->author &&
                    log_keyring_is_deleted(log_keyring_find(log, target->hash, &key)));
    signing_wipe(&key, sizeof key);
    event_destroy(&target);
    return is_late;
}

/* Of what is spent, `target` is NULL and `text` "". */
static void keep(struct event_log *log, const struct event *event, int64_t seq,
                 const struct saying *saying, enum payload_kind kind, const char *text)
{
    database_run(
        &log->database,
        "INSERT OR IGNORE INTO changes(target,kind,author,conversation,lamport,event_id,"
        "hash,seq,client_id,at,text) VALUES(coalesce(?1,x''),?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        "biiiitbittt", saying->target, saying->target == NULL ? 0 : BLAKE3_HASH_BYTES,
        (int64_t)kind, saying->author, saying->conversation, event->lamport, event->event_id,
        event->hash, BLAKE3_HASH_BYTES, seq, event->data.message.client_id, event->wall_clock,
        text);
}

void log_changes_note_spent(struct event_log *log, const struct event *event, int64_t seq,
                            int64_t conversation)
{
    const struct saying nothing = {NULL, log_nodes_number(log, &event->author), conversation};
    keep(log, event, seq, &nothing, PAYLOAD_EDIT, "");
}

bool log_changes_is_given(struct event_log *log, int64_t seq)
{
    return database_integer(&log->database, 0, "SELECT 1 FROM changes WHERE seq=?1 AND kind=?2",
                            "ii", seq, (int64_t)PAYLOAD_KEYS) != 0;
}

void log_changes_note_given(struct event_log *log, const struct event *event, int64_t seq,
                            int64_t conversation)
{
    const struct saying nothing = {NULL, log_nodes_number(log, &event->author), conversation};
    keep(log, event, seq, &nothing, PAYLOAD_KEYS, "");
}

/* Of a message that is here; what is not is met when it comes. */
static void delete_target(struct event_log *log, const struct saying *saying,
                          void (*show_again)(struct event_log *log, const struct event *event,
                                             int64_t seq))
{
    int64_t seq = log_events_find_message(log, saying->target);
    struct event *target = seq == 0 ? NULL : log_events_read(log, seq);
    spend_edits(log, saying);
    if (target != NULL && is_of(log, target, saying)) {
        show_again(log, target, seq);
    }
    event_destroy(&target);
}

void log_changes_enter(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation, const struct payload *payload,
                       void (*show_again)(struct event_log *log, const struct event *event,
                                          int64_t seq))
{
    const struct saying saying = {payload->target, log_nodes_number(log, &event->author),
                                  conversation};
    if (payload->kind == PAYLOAD_EDIT && is_too_late(log, &saying)) {
        log_keyring_end(log, event->hash, LOG_KEYRING_SPENT);
        log_changes_note_spent(log, event, seq, conversation);
        log_changes_spend_given(log, event);
        return;
    }
    keep(log, event, seq, &saying, payload->kind,
         payload->kind == PAYLOAD_REACTION ? payload->emoji : payload->body);
    if (payload->kind == PAYLOAD_DELETE) {
        log_changes_spend_given(log, event);
        delete_target(log, &saying, show_again);
    } else {
        settle(log, find_shown(log, saying.target));
    }
}

void log_changes_leave(struct event_log *log, int64_t seq)
{
    uint8_t target[BLAKE3_HASH_BYTES];
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT target FROM changes WHERE seq=?1", "i", seq);
    bool is_one = database_next(&log->database, row);
    bool is_spent = is_one && sqlite3_column_bytes(row, 0) != BLAKE3_HASH_BYTES;
    if (is_one && !is_spent) {
        memcpy(target, sqlite3_column_blob(row, 0), sizeof target);
    }
    database_done(row);
    if (is_one) {
        database_run(&log->database, "DELETE FROM changes WHERE seq=?1", "i", seq);
    }
    if (is_one && !is_spent) {
        settle(log, find_shown(log, target));
    }
}
