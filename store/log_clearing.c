#include "store/log_clearing_private.h"

#include <stdio.h>
#include <string.h>

#include "protocol/payload.h"
#include "store/history.h"
#include "store/log_changes_private.h"
#include "store/log_events_private.h"
#include "store/log_keyring_private.h"
#include "store/log_messages_private.h"
#include "store/log_nodes_private.h"
#include "store/log_opened_private.h"
#include "store/log_opening_private.h"
#include "store/log_schema_private.h"
#include "store/log_unread_private.h"

enum { SLICE_MS = 5, PAGE = 64 };

/* One event on the way. */
struct clearing_item {
    int64_t seq;
    int64_t number;  /* §24.2's */
    int64_t lamport; /* where a message stands */
    int64_t author;
    uint8_t hash[BLAKE3_HASH_BYTES];
    char event_id[ULID_TEXT_BYTES];
    bool is_deleted;
};

static bool is_over(const struct event_log *log, int64_t until_ms)
{
    return log->database.failed ||
           (!log->options.synchronous && clock_monotonic_ms(log->options.clock) >= until_ms);
}

static size_t read_messages(struct event_log *log, struct clearing_item *page)
{
    const struct log_clearing *at = &log->clearing;
    size_t count = 0;
    sqlite3_stmt *row =
        database_query(&log->database,
                       "SELECT seq,lamport,event_id,author,sealed=?6 FROM messages"
                       " INDEXED BY messages_conversation WHERE conversation=?1 AND cleared=0"
                       " AND (lamport,event_id,author)>(?2,?3,?4) AND seq<=?5"
                       " ORDER BY lamport,event_id,author LIMIT ?7",
                       "iitiiii", at->conversation, at->lamport, at->event_id, at->author,
                       at->through, (int64_t)MESSAGE_DELETED, (int64_t)PAGE);
    while (count < PAGE && database_next(&log->database, row)) {
        struct clearing_item *item = &page[count++];
        item->seq = sqlite3_column_int64(row, 0);
        item->lamport = sqlite3_column_int64(row, 1);
        (void)snprintf(item->event_id, sizeof item->event_id, "%s", database_text(row, 2));
        item->author = sqlite3_column_int64(row, 3);
        item->is_deleted = sqlite3_column_int(row, 4) != 0;
    }
    database_done(row);
    return count;
}

static void clear_message(struct event_log *log, const struct event *event, int64_t seq,
                          bool is_deleted)
{
    if (event != NULL) {
        log_keyring_end(log, event->hash, LOG_KEYRING_CLEARED);
    }
    if (event != NULL && !is_deleted) {
        log_messages_forget(log, event, seq);
    }
    if (event != NULL) {
        log_unread_remove(log, event, seq, log->clearing.conversation);
    }
    database_run(&log->database, "UPDATE messages SET cleared=1 WHERE seq=?1", "i", seq);
}

/* False: none is left. */
static bool clear_messages(struct event_log *log, int64_t until_ms)
{
    struct clearing_item page[PAGE];
    struct log_clearing *at = &log->clearing;
    size_t count = read_messages(log, page);
    for (size_t i = 0; i < count && (i == 0 || !is_over(log, until_ms)); i++) {
        struct event *event = log_events_read(log, page[i].seq);
        clear_message(log, event, page[i].seq, page[i].is_deleted);
        event_destroy(&event);
        at->lamport = page[i].lamport;
        at->author = page[i].author;
        memcpy(at->event_id, page[i].event_id, sizeof at->event_id);
    }
    return count > 0;
}

/* What says something of a message that is deleted here says it no more; a deletion may still be
 * about one that comes. False: it says something of one that is not here. */
static bool is_about_deleted(struct event_log *log, int64_t seq, bool *is_about_out)
{
    int64_t kind = 0;
    uint8_t target[BLAKE3_HASH_BYTES];
    sqlite3_stmt *row =
        database_query(&log->database, "SELECT kind,target FROM changes WHERE seq=?1", "i", seq);
    *is_about_out =
        database_next(&log->database, row) && sqlite3_column_bytes(row, 1) == BLAKE3_HASH_BYTES;
    if (*is_about_out) {
        kind = sqlite3_column_int64(row, 0);
        memcpy(target, sqlite3_column_blob(row, 1), sizeof target);
    }
    database_done(row);
    return *is_about_out && kind != PAYLOAD_DELETE &&
           database_integer(&log->database, 0, "SELECT sealed FROM messages WHERE seq=?1", "i",
                            log_events_find_message(log, target)) == MESSAGE_DELETED;
}

/* Its key opens words: of a repeat, of what was said of messages; or keys of messages. */
static void spend(struct event_log *log, const struct clearing_item *item)
{
    bool is_about = false;
    if (!log_opened_has_key(&log->database, item->hash) ||
        (!is_about_deleted(log, item->seq, &is_about) && is_about)) {
        return;
    }
    struct event *event = log_events_read(log, item->seq);
    if (event != NULL && !is_about && log_messages_is_one(log, event, item->seq)) {
        clear_message(log, event, item->seq, false);
    } else if (event != NULL) {
        log_messages_spend(log, event, item->seq);
    }
    event_destroy(&event);
}

static size_t read_sealings(struct event_log *log, struct clearing_item *page)
{
    const struct log_clearing *at = &log->clearing;
    size_t count = 0;
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT number,seq,hash FROM sealings WHERE author=?1 AND recipient=?2"
        " AND (number,seq)>(?3,?4) AND seq<=?5 ORDER BY number,seq LIMIT ?6",
        "iiiiii", at->author, at->recipient, at->number, at->seq, at->through, (int64_t)PAGE);
    while (count < PAGE && database_next(&log->database, row)) {
        page[count].number = sqlite3_column_int64(row, 0);
        page[count].seq = sqlite3_column_int64(row, 1);
        if (sqlite3_column_bytes(row, 2) == BLAKE3_HASH_BYTES) {
            memcpy(page[count++].hash, sqlite3_column_blob(row, 2), BLAKE3_HASH_BYTES);
        }
    }
    database_done(row);
    return count;
}

/* False: none is left of that direction. */
static bool clear_others(struct event_log *log, int64_t until_ms)
{
    struct clearing_item page[PAGE];
    struct log_clearing *at = &log->clearing;
    size_t count = read_sealings(log, page);
    for (size_t i = 0; i < count && (i == 0 || !is_over(log, until_ms)); i++) {
        spend(log, &page[i]);
        at->number = page[i].number;
        at->seq = page[i].seq;
    }
    return count > 0;
}

static size_t read_aside(struct event_log *log, struct clearing_item *page)
{
    const struct log_clearing *at = &log->clearing;
    size_t count = 0;
    struct node_id author;
    if (!log_nodes_key(log, at->author, &author)) {
        return 0;
    }
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT seq,lamport FROM events INDEXED BY events_author WHERE " LOG_SCHEMA_IS_AUTHOR(
            "author", "?1") " AND aside=1 AND (lamport,seq)>(?2,?3) AND seq<=?4"
                            " ORDER BY lamport,seq LIMIT ?5",
        "biiii", author.key, NODE_ID_BYTES, at->lamport, at->seq, at->through, (int64_t)PAGE);
    while (count < PAGE && database_next(&log->database, row)) {
        page[count].seq = sqlite3_column_int64(row, 0);
        page[count++].lamport = sqlite3_column_int64(row, 1);
    }
    database_done(row);
    return count;
}

/* That holds when it comes back. What came aside nobody opened yet. */
static bool is_deletion(struct event_log *log, const struct event *event)
{
    struct log_opening opening;
    if (!event->data.message.sealed) {
        return false;
    }
    log_opening_try(log, event, &opening);
    bool is_one = opening.e2e == MESSAGE_OPENED && opening.payload.kind == PAYLOAD_DELETE;
    log_opening_deinit(&opening);
    return is_one;
}

/* It is in no view, and comes back without words. */
static void clear_absent(struct event_log *log, const struct event *event)
{
    struct node_id recipient;
    struct content_key key;
    if (event->type == EVENT_MESSAGE_SENT &&
        log_nodes_key(log, log->clearing.recipient, &recipient) &&
        node_id_equal(&event->data.message.recipient, &recipient) &&
        log_keyring_find(log, event->hash, &key) != LOG_KEYRING_CLEARED &&
        !is_deletion(log, event)) {
        log_keyring_end(log, event->hash, LOG_KEYRING_CLEARED);
        log_changes_destroy(log, event);
    }
    signing_wipe(&key, sizeof key);
}

/* Of whom does not belong now, and may again. False: none is left of that author. */
static bool clear_aside(struct event_log *log, int64_t until_ms)
{
    struct clearing_item page[PAGE];
    struct log_clearing *at = &log->clearing;
    size_t count = read_aside(log, page);
    for (size_t i = 0; i < count && (i == 0 || !is_over(log, until_ms)); i++) {
        struct event *event = log_events_read(log, page[i].seq);
        if (event != NULL) {
            clear_absent(log, event);
        }
        event_destroy(&event);
        at->lamport = page[i].lamport;
        at->seq = page[i].seq;
    }
    return count > 0;
}

/* The number of the node at the other end of the conversation. */
static int64_t find_peer(struct event_log *log)
{
    return database_integer(&log->database, 0,
                            "SELECT n.id FROM conversations c JOIN nodes n ON n.key=c.key"
                            " WHERE c.id=?1",
                            "i", log->clearing.conversation);
}

static void go_to(struct event_log *log, enum log_clearing_stage stage)
{
    struct log_clearing *at = &log->clearing;
    int64_t peer = find_peer(log);
    bool own = stage == LOG_CLEARING_OWN || stage == LOG_CLEARING_OWN_ASIDE;
    *at = (struct log_clearing){.stage = stage,
                                .conversation = at->conversation,
                                .through = at->through,
                                .author = own ? log->self : peer,
                                .recipient = own ? peer : log->self};
}

/* False: nothing of this stage is left. */
static bool clear_stage(struct event_log *log, int64_t until_ms)
{
    switch (log->clearing.stage) {
    case LOG_CLEARING_MESSAGES:
        return clear_messages(log, until_ms);
    case LOG_CLEARING_OWN:
    case LOG_CLEARING_THEIRS:
        return clear_others(log, until_ms);
    case LOG_CLEARING_OWN_ASIDE:
    case LOG_CLEARING_THEIRS_ASIDE:
        return clear_aside(log, until_ms);
    }
    return false;
}

/* False: nothing of any is left. */
static bool clear_some(struct event_log *log, int64_t until_ms)
{
    if (clear_stage(log, until_ms)) {
        return true;
    }
    if (log->clearing.stage != LOG_CLEARING_THEIRS_ASIDE) {
        go_to(log, log->clearing.stage + 1);
        return true;
    }
    database_run(&log->database, "UPDATE clearings SET done=1 WHERE conversation=?1", "i",
                 log->clearing.conversation);
    log_clearing_load(log);
    return log->state.is_clearing;
}

void log_clearing_run_slice(struct event_log *log)
{
    int64_t until_ms = clock_monotonic_ms(log->options.clock) + SLICE_MS;
    while (clear_some(log, until_ms) && !is_over(log, until_ms)) {
    }
}

void log_clearing_load(struct event_log *log)
{
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT conversation,through FROM clearings WHERE done=0 LIMIT 1", "");
    log->state.is_clearing = database_next(&log->database, row);
    log->clearing = (struct log_clearing){.stage = LOG_CLEARING_MESSAGES};
    if (log->state.is_clearing) {
        log->clearing.conversation = sqlite3_column_int64(row, 0);
        log->clearing.through = sqlite3_column_int64(row, 1);
    }
    database_done(row);
}
