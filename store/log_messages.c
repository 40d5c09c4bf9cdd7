#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_concerns_private.h"
#include "store/log_events_private.h"
#include "store/log_kinds_private.h"
#include "store/log_nodes_private.h"
#include "store/log_receipts_private.h"
#include "store/log_search_private.h"

static struct log_message message_of(const struct event *event, int64_t seq)
{
    struct log_message message = {.seq = seq,
                                  .lamport = event->lamport,
                                  .author = event->author,
                                  .recipient = event->data.message.recipient};
    memcpy(message.event_id, event->event_id, sizeof message.event_id);
    return message;
}

static void show(struct event_log *log, const struct event *event, int64_t seq,
                 int64_t conversation)
{
    const struct message_sent *message = &event->data.message;
    uint8_t input[BLAKE3_HASH_BYTES];
    struct buffer attachments;
    event_data_hash_message(message, input);
    buffer_init(&attachments);
    if (message->sealed) {
        buffer_append_text(&attachments, "[]"); /* what stands there is nobody's (§24) */
    } else {
        event_data_write_attachments(message, &attachments);
    }
    database_run(&log->database,
                 "INSERT INTO messages(seq,event_id,lamport,conversation,author,recipient,"
                 "client_id,input,sealed,body,attachments,created_at,names)"
                 " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12," LOG_SEARCH_NAMES("?11") ")",
                 "itiiiitbittt", seq, event->event_id, event->lamport, conversation,
                 log_nodes_number(log, &event->author), log_nodes_number(log, &message->recipient),
                 message->client_id, input, (int)sizeof input, (int64_t)message->sealed,
                 message->body, attachments.data, event->wall_clock);
    buffer_deinit(&attachments);
    log_search_add(log, seq);
}

static void hide(struct event_log *log, int64_t seq)
{
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
                       int64_t conversation)
{
    int64_t shown = find_shown(log, event, conversation);
    struct event *other = shown == 0 ? NULL : log_events_read(log, shown);
    if (other != NULL && event_compare(other, event) < 0) {
        note_repeat(log, event, seq, conversation);
    } else {
        if (other != NULL) {
            hide(log, shown);
            note_repeat(log, other, shown, conversation);
        }
        show(log, event, seq, conversation);
    }
    event_destroy(&other);
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
    if (peer != NULL) {
        show_first(log, event, seq, log_nodes_conversation(log, peer));
    }
    log_receipts_meet(log, &message);
    return peer != NULL;
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
        forget_repeat(log, event, conversation);
        show(log, event, next, conversation);
    }
    event_destroy(&event);
}

static void take_back_message(struct event_log *log, const struct event *event, int64_t seq)
{
    struct log_message message = message_of(event, seq);
    const struct node_id *peer = log_concerns_peer(log, &message);
    log_concerns_remove(log, seq, log_nodes_number(log, &message.author),
                        log_nodes_number(log, &message.recipient));
    if (peer != NULL) {
        int64_t conversation = log_nodes_conversation(log, peer);
        if (find_shown(log, event, conversation) == seq) {
            hide(log, seq);
            show_next(log, event, conversation);
        } else {
            forget_repeat(log, event, conversation);
        }
    }
    log_receipts_part(log, &message);
}

/* A client_id that was used answers with the first answer, if what was to be said is the same. */
static enum result complete_message(struct event_log *log, struct event_draft *draft,
                                    const union event_data *data, struct append_answer *answer)
{
    const struct message_sent *message = &data->message;
    uint8_t input[BLAKE3_HASH_BYTES];
    enum result result = RESULT_OK;
    (void)draft;
    event_data_hash_message(message, input);
    sqlite3_stmt *row = database_query(&log->database,
                                       "SELECT seq,event_id,lamport,input FROM messages"
                                       " WHERE client_id=?1 AND author=?2"
                                       " ORDER BY lamport,event_id LIMIT 1",
                                       "ti", message->client_id, log->self);
    if (database_next(&log->database, row)) {
        bool same = sqlite3_column_bytes(row, 3) == BLAKE3_HASH_BYTES &&
                    memcmp(sqlite3_column_blob(row, 3), input, BLAKE3_HASH_BYTES) == 0;
        answer->seq = sqlite3_column_int64(row, 0);
        (void)snprintf(answer->event_id, sizeof answer->event_id, "%s", database_text(row, 1));
        answer->lamport = sqlite3_column_int64(row, 2);
        answer->repeated = true;
        result = same ? RESULT_OK
                      : error_set(&answer->error, RESULT_EXISTS,
                                  "This client_id was used for another message; take a new one.");
    } else if (!community_is_member(log->state.community, &message->recipient)) {
        result = error_set(&answer->error, RESULT_NOT_FOUND,
                           "The recipient is not a member of this community.");
    }
    database_done(row);
    return result;
}

const struct log_kind log_messages_sent = {
    .apply = apply_message, .take_back = take_back_message, .complete = complete_message};
