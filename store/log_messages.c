#include "store/log_messages_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/wall_clock.h"
#include "store/log_blocked_private.h"
#include "store/log_changes_private.h"
#include "store/log_concerns_private.h"
#include "store/log_events_private.h"
#include "store/log_keyring_private.h"
#include "store/log_kinds_private.h"
#include "store/log_nodes_private.h"
#include "store/log_opening_private.h"
#include "store/log_receipts_private.h"
#include "store/log_repair_private.h"
#include "store/log_schema_private.h"
#include "store/log_sealings_private.h"
#include "store/log_search_private.h"
#include "store/log_unread_private.h"

/* Of the hash of what a message was made from so much is kept: who repeats himself is no foe. */
enum { INPUT_BYTES = 8 };

static struct log_message message_of(const struct event *event, int64_t seq)
{
    struct log_message message = {.seq = seq,
                                  .lamport = event->lamport,
                                  .author = event->author,
                                  .recipient = event->data.message.recipient};
    memcpy(message.event_id, event->event_id, sizeof message.event_id);
    return message;
}

/* A message as it is shown. */
struct shown_message {
    enum message_e2e e2e;
    struct message_sent sent; /* what it says; of what could not be opened nothing */
    json_t *attachments;      /* owned: what was opened; else NULL */
    struct log_opening opening;
};

/* The attachments of what was opened, without their keys; NULL: there are none. */
static json_t *attachments_of(const struct payload *payload)
{
    json_t *attachments = NULL;
    struct buffer text;
    buffer_init(&text);
    payload_write_attachments(payload, &text);
    (void)canonical_parse(buffer_text(&text), text.length_bytes, CANONICAL_MOST_NESTING,
                          &attachments, NULL);
    buffer_deinit(&text);
    return attachments;
}

/* In clear, and deleted here: with a conversation that was cleared. */
static bool is_forgotten(struct event_log *log, const struct event *event)
{
    struct content_key none;
    return log_keyring_is_deleted(log_keyring_find(log, event->hash, &none));
}

/* False: it is sealed, and no message of its own but something about others. */
static bool look(struct event_log *log, const struct event *event, int64_t conversation,
                 struct shown_message *shown_out)
{
    *shown_out = (struct shown_message){.sent = event->data.message};
    if (!event->data.message.sealed) {
        if (is_forgotten(log, event)) {
            shown_out->e2e = MESSAGE_DELETED;
            shown_out->sent.body = "";
            shown_out->sent.body_bytes = 0;
            shown_out->sent.attachments = NULL;
        }
        return true;
    }
    log_opening_try(log, event, &shown_out->opening);
    log_changes_meet(log, event, conversation, &shown_out->opening);
    shown_out->e2e = shown_out->opening.e2e;
    shown_out->sent.attachments = NULL; /* what stands there is nobody's (§24.2) */
    if (shown_out->e2e != MESSAGE_OPENED) {
        return !shown_out->opening.is_spent;
    }
    const struct payload *payload = &shown_out->opening.payload;
    shown_out->attachments = attachments_of(payload);
    shown_out->sent.attachments = shown_out->attachments;
    shown_out->sent.body = payload->body;
    shown_out->sent.body_bytes = payload->body_bytes;
    return payload->kind == PAYLOAD_TEXT;
}

static void forget_look(struct shown_message *shown)
{
    json_decref(shown->attachments);
    log_opening_deinit(&shown->opening);
}

static void show(struct event_log *log, const struct event *event, int64_t seq,
                 const struct shown_message *shown, int64_t conversation)
{
    uint8_t input[BLAKE3_HASH_BYTES];
    int64_t created_at = 0;
    struct buffer attachments;
    const struct payload *payload = &shown->opening.payload;
    event_data_hash_message(&shown->sent, input);
    (void)wall_clock_parse(event->wall_clock, &created_at);
    buffer_init(&attachments);
    event_data_write_attachments(&shown->sent, &attachments);
    /* In `place` is room for what log_search.c will write there. */
    database_run(
        &log->database,
        "INSERT INTO messages(seq,event_id,lamport,conversation,author,recipient,"
        "client_id,input,sealed,body,attachments,created_at,hash,reply_to,place,names,cleared)"
        " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,-8*?3," LOG_SEARCH_NAMES(
            "?11") ",CASE WHEN ?9 IN (?15,?16) THEN 0"
                   " ELSE EXISTS(SELECT 1 FROM keyring WHERE hash=?13 AND gone='cleared') END)",
        "itiiiitbittibbii", seq, event->event_id, event->lamport, conversation,
        log_nodes_number(log, &event->author), log_nodes_number(log, &shown->sent.recipient),
        shown->sent.client_id, input, INPUT_BYTES, (int64_t)shown->e2e, shown->sent.body,
        attachments.data, created_at, event->hash, (int)sizeof event->hash, payload->target,
        payload->has_target ? BLAKE3_HASH_BYTES : 0, (int64_t)MESSAGE_CLEAR,
        (int64_t)MESSAGE_OPENED);
    log_search_add(log, seq, shown->sent.body_bytes + attachments.length_bytes);
    buffer_deinit(&attachments);
    log_unread_add(log, event, seq, conversation);
    log_changes_settle(log, seq, event->hash);
}

static void hide(struct event_log *log, const struct event *event, int64_t seq,
                 int64_t conversation)
{
    log_unread_remove(log, event, seq, conversation);
    log_search_remove(log, seq);
    database_run(&log->database, "DELETE FROM messages WHERE seq=?1", "i", seq);
}

static void note_repeat(struct event_log *log, const struct event *event, int64_t seq,
                        int64_t conversation)
{
    database_run(&log->database,
                 "INSERT OR IGNORE INTO repeats(author,client_id,conversation,lamport,event_id,"
                 "hash,seq) VALUES(?1,?2,?3,?4,?5,?6,?7)",
                 "itiitbi", log_nodes_number(log, &event->author), event->data.message.client_id,
                 conversation, event->lamport, event->event_id, event->hash,
                 (int)sizeof event->hash, seq);
}

static void forget_repeat(struct event_log *log, const struct event *event, int64_t conversation)
{
    database_run(&log->database,
                 "DELETE FROM repeats WHERE author=?1 AND client_id=?2 AND conversation=?3"
                 " AND lamport=?4 AND event_id=?5 AND hash=?6",
                 "itiitb", log_nodes_number(log, &event->author), event->data.message.client_id,
                 conversation, event->lamport, event->event_id, event->hash,
                 (int)sizeof event->hash);
}

/* The shown message with this author, conversation and client_id; 0: there is none. */
static int64_t find_shown(struct event_log *log, const struct event *event, int64_t conversation)
{
    return database_integer(&log->database, 0,
                            "SELECT seq FROM messages WHERE client_id=?1 AND author=?2"
                            " AND conversation=?3",
                            "tii", event->data.message.client_id,
                            log_nodes_number(log, &event->author), conversation);
}

/* Of those with one author, conversation and client_id the first in replay order is shown (§5). */
static void show_first(struct event_log *log, const struct event *event, int64_t seq,
                       const struct shown_message *message, int64_t conversation)
{
    int64_t shown = find_shown(log, event, conversation);
    struct event *other = shown == 0 ? NULL : log_events_read(log, shown);
    if (other != NULL && event_compare(other, event) < 0) {
        note_repeat(log, event, seq, conversation);
    } else {
        if (other != NULL) {
            hide(log, other, shown, conversation);
            note_repeat(log, other, shown, conversation);
        }
        show(log, event, seq, message, conversation);
    }
    event_destroy(&other);
}

/* After the shown one is gone, the next in replay order is. */
static void show_next(struct event_log *log, const struct event *gone, int64_t conversation)
{
    int64_t author = log_nodes_number(log, &gone->author);
    int64_t next = database_integer(&log->database, 0,
                                    "SELECT seq FROM repeats WHERE author=?1 AND client_id=?2"
                                    " AND conversation=?3 ORDER BY lamport,event_id,hash LIMIT 1",
                                    "iti", author, gone->data.message.client_id, conversation);
    struct event *event = next == 0 ? NULL : log_events_read(log, next);
    if (event != NULL) {
        struct shown_message message;
        forget_repeat(log, event, conversation);
        (void)look(log, event, conversation, &message);
        show(log, event, next, &message, conversation);
        forget_look(&message);
    }
    event_destroy(&event);
}

/* Out of it. */
static void leave(struct event_log *log, const struct event *event, int64_t seq,
                  int64_t conversation)
{
    log_changes_leave(log, seq);
    if (find_shown(log, event, conversation) == seq) {
        hide(log, event, seq, conversation);
        show_next(log, event, conversation);
    } else {
        forget_repeat(log, event, conversation);
    }
}

static void open_again(struct event_log *log, const struct event *event, int64_t seq);

/* Ours open nothing here, and of who is unheard nobody is told what they opened: they go at once.
 */
static void take_keys(struct event_log *log, const struct event *event, int64_t seq,
                      int64_t conversation, const struct payload *payload)
{
    bool is_own = node_id_equal(&event->author, &log->options.key->node_id);
    bool is_unheard = log_blocked_is_unheard(log, event->hash);
    if (is_own) {
        log_changes_note_spent(log, event, seq, conversation);
    } else if (!is_unheard) {
        log_changes_note_given(log, event, seq, conversation);
    }
    log_repair_take_keys(log, event, payload, open_again);
    if (is_own || is_unheard) {
        log_keyring_end(log, event->hash, LOG_KEYRING_SPENT);
        log->has_deleted = true;
    }
}

/* What was opened and is no message of its own. */
static void take_note(struct event_log *log, const struct event *event, int64_t seq,
                      int64_t conversation, const struct payload *payload)
{
    switch (payload->kind) {
    case PAYLOAD_KEYS:
        take_keys(log, event, seq, conversation, payload);
        break;
    case PAYLOAD_EDIT:
    case PAYLOAD_DELETE:
    case PAYLOAD_REACTION:
        log_changes_enter(log, event, seq, conversation, payload, open_again);
        break;
    case PAYLOAD_TEXT:
        break;
    }
}

/* Of who was blocked when it came: what is deleted goes, and keys are taken; all else is nothing.
 */
static void enter_unheard(struct event_log *log, const struct event *event, int64_t seq,
                          int64_t conversation)
{
    struct shown_message message;
    const struct payload *payload = &message.opening.payload;
    if (!look(log, event, conversation, &message)) {
        if (payload->kind == PAYLOAD_DELETE || payload->kind == PAYLOAD_KEYS) {
            take_note(log, event, seq, conversation, payload);
        } else if (payload->kind ==
                   PAYLOAD_EDIT) { /* the deletion of its target would not find it */
            log_keyring_end(log, event->hash, LOG_KEYRING_SPENT);
            log->has_deleted = true;
        }
    }
    forget_look(&message);
}

/* Into its conversation. A key that comes late makes the receipt late. */
static void enter(struct event_log *log, const struct event *event, int64_t seq,
                  int64_t conversation, bool is_late)
{
    struct shown_message message;
    if (log_blocked_is_unheard(log, event->hash)) {
        enter_unheard(log, event, seq, conversation);
        return;
    }
    if (look(log, event, conversation, &message)) {
        show_first(log, event, seq, &message, conversation);
    } else if (message.opening.is_spent) {
        log_changes_note_spent(log, event, seq, conversation);
    } else {
        take_note(log, event, seq, conversation, &message.opening.payload);
    }
    is_late = is_late || (log->state.is_deriving && message.opening.is_first);
    if (is_late && message.e2e == MESSAGE_OPENED &&
        payload_asks_for_receipt(message.opening.payload.kind) &&
        node_id_equal(&event->data.message.recipient, &log->options.key->node_id)) {
        log_receipts_owe(log, seq);
    }
    log_opening_note(log, event, &message.opening);
    forget_look(&message);
}

/* Whether it is shown, or would be if another one did not come before it. */
static bool is_entered(struct event_log *log, const struct event *event, int64_t seq,
                       int64_t conversation)
{
    return find_shown(log, event, conversation) == seq ||
           database_integer(&log->database, 0,
                            "SELECT 1 FROM repeats WHERE author=?1 AND client_id=?2"
                            " AND conversation=?3 AND seq=?4",
                            "itii", log_nodes_number(log, &event->author),
                            event->data.message.client_id, conversation, seq) != 0;
}

/* Its key came. */
static void open_again(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct log_message message = message_of(event, seq);
    const struct node_id *peer = log_concerns_peer(log, &message);
    if (peer == NULL) {
        return; /* between others */
    }
    int64_t conversation = log_nodes_conversation(log, peer);
    if (is_entered(log, event, seq, conversation) || log_blocked_is_unheard(log, event->hash)) {
        leave(log, event, seq, conversation);
        enter(log, event, seq, conversation, true);
    }
}

static bool apply_message(struct event_log *log, const struct event *event, int64_t seq,
                          struct parties *parties)
{
    struct log_message message = message_of(event, seq);
    *parties =
        (struct parties){.known = true, .author = message.author, .recipient = message.recipient};
    const struct node_id *peer = log_concerns_peer(log, &message);
    log_concerns_add(log, seq, log_nodes_number(log, &message.author),
                     log_nodes_number(log, &message.recipient));
    bool is_alone = log->entering.event == event && log->entering.is_alone;
    if (peer != NULL && (is_alone || !log_sealings_is_again(log, event, seq))) {
        enter(log, event, seq, log_nodes_conversation(log, peer), false);
    }
    log_receipts_meet(log, &message);
    return peer != NULL && !log_blocked_is_unheard(log, event->hash);
}

static void take_back_message(struct event_log *log, const struct event *event, int64_t seq)
{
    struct log_message message = message_of(event, seq);
    const struct node_id *peer = log_concerns_peer(log, &message);
    log_concerns_remove(log, seq, log_nodes_number(log, &message.author),
                        log_nodes_number(log, &message.recipient));
    if (peer != NULL) {
        leave(log, event, seq, log_nodes_conversation(log, peer));
    }
    log_receipts_part(log, &message);
}

static int64_t conversation_of(struct event_log *log, const struct event *event, int64_t seq)
{
    const struct log_message message = message_of(event, seq);
    return log_nodes_conversation(log, log_concerns_peer(log, &message));
}

void log_messages_give_way(struct event_log *log, const struct event *event, int64_t seq)
{
    leave(log, event, seq, conversation_of(log, event, seq));
}

void log_messages_forget(struct event_log *log, const struct event *event, int64_t seq)
{
    log_changes_destroy(log, event);
    open_again(log, event, seq);
}

bool log_messages_is_one(struct event_log *log, const struct event *event, int64_t seq)
{
    return is_entered(log, event, seq, conversation_of(log, event, seq));
}

void log_messages_spend(struct event_log *log, const struct event *event, int64_t seq)
{
    log_changes_leave(log, seq);
    log_keyring_end(log, event->hash, LOG_KEYRING_SPENT);
    log->has_deleted = true;
    if (!log_blocked_is_unheard(log, event->hash) && !log_sealings_is_again(log, event, seq) &&
        !log_events_have_twin_before(log, event)) {
        log_changes_note_spent(log, event, seq, conversation_of(log, event, seq));
    }
}

bool log_messages_are_of_today(struct event_log *log)
{
    return !log->state.keeps_keys ||
           database_integer(&log->database, 0,
                            "SELECT 1 FROM meta WHERE key='payloads' AND value=?1", "t",
                            PAYLOAD_VERSION) != 0;
}

void log_messages_renew(struct event_log *log)
{
    int64_t *seqs = NULL;
    size_t count = 0;
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT seq FROM messages NOT INDEXED WHERE sealed=?1", "i",
                       (int64_t)MESSAGE_UNSUPPORTED);
    while (database_next(&log->database, row)) {
        seqs = memory_resize(seqs, count + 1, sizeof *seqs);
        seqs[count++] = sqlite3_column_int64(row, 0);
    }
    database_done(row);
    for (size_t i = 0; i < count; i++) {
        struct event *event = log_events_read(log, seqs[i]);
        if (event != NULL) {
            open_again(log, event, seqs[i]);
        }
        event_destroy(&event);
    }
    memory_free(seqs);
    database_run(&log->database, "INSERT OR REPLACE INTO meta(key,value) VALUES('payloads',?1)",
                 "t", PAYLOAD_VERSION);
}

/* Whether a row (…, input, sealed, whether it answers the same) says the same; of what can't be
 * opened any more nobody knows (§24.7). */
static bool is_same(sqlite3_stmt *row, const uint8_t input[static BLAKE3_HASH_BYTES])
{
    int e2e = sqlite3_column_int(row, 4);
    return (e2e != MESSAGE_CLEAR && e2e != MESSAGE_OPENED) ||
           (sqlite3_column_int(row, 5) != 0 && sqlite3_column_bytes(row, 3) == INPUT_BYTES &&
            memcmp(sqlite3_column_blob(row, 3), input, INPUT_BYTES) == 0);
}

/* Asked first, for most are new, and to sort what was used makes SQLite open a table for it. */
static bool is_used(struct event_log *log, const char *client_id)
{
    return database_integer(&log->database, 0,
                            "SELECT EXISTS(SELECT 1 FROM messages WHERE client_id=?1 AND author=?2)"
                            " OR EXISTS(SELECT 1 FROM changes INDEXED BY changes_client_id"
                            " WHERE client_id=?1 AND author=?2)",
                            "ti", client_id, log->self) != 0;
}

/* With the first answer, if what was to be said is the same; an edit, a deletion or a reaction
 * never is. */
static enum result answer_again(struct event_log *log, const struct event_draft *draft,
                                const struct message_sent *message, struct append_answer *answer)
{
    uint8_t input[BLAKE3_HASH_BYTES];
    enum result result = RESULT_OK;
    event_data_hash_message(message, input);
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT m.seq,m.event_id,m.lamport,m.input,m.sealed,CASE ?3 WHEN '' THEN m.reply_to=x''"
        " ELSE EXISTS(SELECT 1 FROM messages t WHERE t.seq IN " LOG_SCHEMA_OF_ID(
            "?3") " AND t.conversation=m.conversation AND t.hash=m.reply_to) END FROM messages m"
                  " WHERE m.client_id=?1 AND m.author=?2"
                  " UNION ALL SELECT seq,event_id,lamport,x'',CASE target WHEN x'' THEN ?4 ELSE ?5 "
                  "END,0"
                  " FROM changes INDEXED BY changes_client_id WHERE client_id=?1 AND author=?2"
                  " ORDER BY 3,2 LIMIT 1",
        "titii", message->client_id, log->self, draft->reply_to, (int64_t)MESSAGE_DELETED,
        (int64_t)MESSAGE_OPENED);
    if (database_next(&log->database, row)) {
        answer->seq = sqlite3_column_int64(row, 0);
        (void)snprintf(answer->event_id, sizeof answer->event_id, "%s", database_text(row, 1));
        answer->lamport = sqlite3_column_int64(row, 2);
        answer->repeated = true;
        answer->e2e = sqlite3_column_int(row, 4) != MESSAGE_CLEAR;
        result = is_same(row, input)
                     ? RESULT_OK
                     : error_set(&answer->error, RESULT_EXISTS,
                                 "This client_id was used for another message; take a new one.");
    }
    database_done(row);
    return result;
}

static enum result complete_message(struct event_log *log, struct event_draft *draft,
                                    const union event_data *data, struct append_answer *answer)
{
    const struct message_sent *message = &data->message;
    if (is_used(log, message->client_id)) {
        return answer_again(log, draft, message, answer);
    }
    if (!community_is_member(log->state.community, &message->recipient)) {
        return error_set(&answer->error, RESULT_NOT_FOUND,
                         "The recipient is not a member of this community.");
    }
    return log_blocked_is(log, &message->recipient)
               ? error_set(&answer->error, RESULT_INVALID, LOG_BLOCKED_EXPLAINED)
               : RESULT_OK;
}

const struct log_kind log_messages_sent = {
    .apply = apply_message, .take_back = take_back_message, .complete = complete_message};
