#include "store/log_receipts_private.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_kinds_private.h"
#include "store/log_nodes_private.h"
#include "store/log_opening_private.h"
#include "store/log_read_marks_private.h"
#include "store/log_sealings_private.h"

/* A receipt as it is kept, for the message that it counts for. */
struct kept_receipt {
    int64_t seq;
    bool is_read;
    int64_t lamport;
    char event_id[ULID_TEXT_BYTES];
    uint8_t hash[BLAKE3_HASH_BYTES];
    char at[WALL_CLOCK_TEXT_BYTES];
};

static struct log_read_mark mark_of(struct event_log *log, const struct log_message *message,
                                    const struct kept_receipt *receipt)
{
    return (struct log_read_mark){.conversation =
                                      log_nodes_conversation(log, log_concerns_peer(log, message)),
                                  .reader = log_nodes_number(log, &message->recipient),
                                  .target_lamport = message->lamport,
                                  .target_event_id = message->event_id,
                                  .lamport = receipt->lamport,
                                  .event_id = receipt->event_id,
                                  .hash = receipt->hash,
                                  .at = receipt->at};
}

/* It concerns both of them, and is a mark in our conversation. */
static void count_for(struct event_log *log, const struct log_message *message,
                      const struct kept_receipt *receipt)
{
    log_concerns_add(log, receipt->seq, log_nodes_number(log, &message->recipient),
                     log_nodes_number(log, &message->author));
    if (receipt->is_read && log_concerns_peer(log, message) != NULL) {
        struct log_read_mark mark = mark_of(log, message, receipt);
        log_read_marks_add(log, &mark);
    }
}

/* Of one type: a list of types would be a table, made anew for each message. */
#define WAITING(type)                                                                              \
    "SELECT seq,type,lamport,event_id,hash,at FROM receipts WHERE target_event_id=?1"              \
    " AND type=" type " AND author=?4"

/* The receipts that wait for a message; the caller frees. */
static struct kept_receipt *find_waiting(struct event_log *log, const struct log_message *message,
                                         size_t *count_out)
{
    struct kept_receipt *receipts = NULL;
    size_t count = 0;
    int64_t recipient = log_nodes_number(log, &message->recipient);
    sqlite3_stmt *row = database_query(&log->database, WAITING("?2") " UNION ALL " WAITING("?3"),
                                       "tiii", message->event_id, (int64_t)EVENT_MESSAGE_DELIVERED,
                                       (int64_t)EVENT_MESSAGE_READ, recipient);
    while (database_next(&log->database, row)) {
        receipts = memory_resize(receipts, count + 1, sizeof *receipts);
        struct kept_receipt *receipt = &receipts[count];
        receipt->seq = sqlite3_column_int64(row, 0);
        receipt->is_read = sqlite3_column_int64(row, 1) == EVENT_MESSAGE_READ;
        receipt->lamport = sqlite3_column_int64(row, 2);
        (void)snprintf(receipt->event_id, sizeof receipt->event_id, "%s", database_text(row, 3));
        (void)snprintf(receipt->at, sizeof receipt->at, "%s", database_text(row, 5));
        if (sqlite3_column_bytes(row, 4) == BLAKE3_HASH_BYTES) {
            memcpy(receipt->hash, sqlite3_column_blob(row, 4), BLAKE3_HASH_BYTES);
            count++;
        }
    }
    database_done(row);
    *count_out = count;
    return receipts;
}

void log_receipts_meet(struct event_log *log, const struct log_message *message)
{
    size_t count = 0;
    if (strcmp(message->event_id, log->state.last_target) > 0) {
        return; /* as for most: ids grow with time, and receipts come later */
    }
    struct kept_receipt *receipts = find_waiting(log, message, &count);
    for (size_t i = 0; i < count; i++) {
        count_for(log, message, &receipts[i]);
    }
    memory_free(receipts);
}

static void count_again(struct event_log *log, const struct log_message *message, void *context)
{
    count_for(log, message, context);
}

void log_receipts_part(struct event_log *log, const struct log_message *message)
{
    size_t count = 0;
    struct kept_receipt *receipts = find_waiting(log, message, &count);
    int64_t recipient = log_nodes_number(log, &message->recipient);
    if (log_concerns_peer(log, message) != NULL) {
        log_read_marks_remove_target(log,
                                     log_nodes_conversation(log, log_concerns_peer(log, message)),
                                     recipient, message->lamport, message->event_id);
    }
    for (size_t i = 0; i < count; i++) {
        log_concerns_remove(log, receipts[i].seq, recipient,
                            log_nodes_number(log, &message->author));
        log_concerns_find_messages(log, message->event_id, &message->recipient, count_again,
                                   &receipts[i]);
    }
    memory_free(receipts);
}

/* What asked when it came was the first of those that are one message, and of its batch the others
 * come later. */
bool log_receipts_is_due(struct event_log *log, const struct event *event, int64_t seq, bool asked)
{
    return log->options.answers_messages && event->type == EVENT_MESSAGE_SENT &&
           node_id_equal(&event->data.message.recipient, &log->options.key->node_id) &&
           (!event->data.message.sealed || ((asked || !log_sealings_is_again(log, event, seq)) &&
                                            log_opening_asks_for_receipt(log, event, asked)));
}

void log_receipts_owe(struct event_log *log, int64_t seq)
{
    database_run(&log->database, "INSERT OR IGNORE INTO unanswered(seq) VALUES(?1)", "i", seq);
    log->state.has_unanswered = true;
}

bool log_receipts_is_answered(struct event_log *log, const char *event_id)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM receipts WHERE target_event_id=?1 AND type=?2"
                            " AND author=?3 LIMIT 1",
                            "tii", event_id, (int64_t)EVENT_MESSAGE_DELIVERED, log->self) != 0;
}

void log_receipts_load(struct event_log *log)
{
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT max(target_event_id) FROM receipts", "");
    if (database_next(&log->database, row)) {
        (void)snprintf(log->state.last_target, sizeof log->state.last_target, "%s",
                       database_text(row, 0));
    }
    database_done(row);
}

struct counting {
    struct kept_receipt receipt;
    bool is_ours;
    struct parties *parties;
};

static struct counting counting_of(const struct event *event, int64_t seq)
{
    struct counting counting = {.receipt = {.seq = seq,
                                            .is_read = event->type == EVENT_MESSAGE_READ,
                                            .lamport = event->lamport}};
    memcpy(counting.receipt.event_id, event->event_id, ULID_TEXT_BYTES);
    memcpy(counting.receipt.hash, event->hash, BLAKE3_HASH_BYTES);
    memcpy(counting.receipt.at, event->data.receipt.at, WALL_CLOCK_TEXT_BYTES);
    return counting;
}

static void count_new(struct event_log *log, const struct log_message *message, void *context)
{
    struct counting *counting = context;
    count_for(log, message, &counting->receipt);
    counting->is_ours = counting->is_ours || log_concerns_peer(log, message) != NULL;
    if (counting->parties->known) {
        counting->parties->several = true;
    } else {
        *counting->parties = (struct parties){
            .known = true, .author = message->author, .recipient = message->recipient};
    }
}

static bool apply_receipt(struct event_log *log, const struct event *event, int64_t seq,
                          struct parties *parties)
{
    struct counting counting = counting_of(event, seq);
    counting.parties = parties;
    const char *target = event->data.receipt.target_event_id;
    database_run(&log->database,
                 "INSERT OR IGNORE INTO receipts(target_event_id,type,author,lamport,event_id,hash,"
                 "seq,at) VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
                 "tiiitbit", target, (int64_t)event->type, log_nodes_number(log, &event->author),
                 event->lamport, event->event_id, event->hash, (int)sizeof event->hash, seq,
                 counting.receipt.at);
    if (strcmp(target, log->state.last_target) > 0) {
        memcpy(log->state.last_target, target, sizeof log->state.last_target);
    }
    log_concerns_find_messages(log, target, &event->author, count_new, &counting);
    return counting.is_ours;
}

static void count_no_more(struct event_log *log, const struct log_message *message, void *context)
{
    const struct counting *counting = context;
    log_concerns_remove(log, counting->receipt.seq, log_nodes_number(log, &message->recipient),
                        log_nodes_number(log, &message->author));
    if (counting->receipt.is_read && log_concerns_peer(log, message) != NULL) {
        struct log_read_mark mark = mark_of(log, message, &counting->receipt);
        log_read_marks_remove(log, &mark);
    }
}

static void take_back_receipt(struct event_log *log, const struct event *event, int64_t seq)
{
    struct counting counting = counting_of(event, seq);
    const char *target = event->data.receipt.target_event_id;
    log_concerns_find_messages(log, target, &event->author, count_no_more, &counting);
    database_run(&log->database,
                 "DELETE FROM receipts WHERE target_event_id=?1 AND type=?2 AND author=?3"
                 " AND lamport=?4 AND event_id=?5 AND hash=?6",
                 "tiiitb", target, (int64_t)event->type, log_nodes_number(log, &event->author),
                 event->lamport, event->event_id, event->hash, (int)sizeof event->hash);
}

const struct log_kind log_receipts_delivered = {.apply = apply_receipt,
                                                .take_back = take_back_receipt};
const struct log_kind log_receipts_read = {.apply = apply_receipt, .take_back = take_back_receipt};
