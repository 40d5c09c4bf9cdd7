#include "store/log_append_change.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/history.h"
#include "store/log_blocked_private.h"
#include "store/log_events_private.h"
#include "store/log_lost_private.h"
#include "store/log_messages_private.h"
#include "store/log_nodes_private.h"
#include "store/log_own_private.h"
#include "store/log_schema_private.h"
#include "store/log_writer_private.h"

struct change_job {
    struct writer_job job;
    enum payload_kind kind;
    bool here_only;
    bool has_peer;
    struct node_id peer;
    char *event_id;
    char *text;
    char *client_id;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

/* The message that it speaks of. */
struct target {
    int64_t seq;
    bool is_own;
    enum message_e2e e2e;
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct node_id peer;
};

/* The number of the peer's; 0: there is none, or none is named. */
static int64_t find_conversation(struct event_log *log, const struct change_job *change)
{
    return change->has_peer ? log_nodes_find_conversation(&log->database, &change->peer) : 0;
}

static bool read_target(sqlite3_stmt *row, struct target *target_out)
{
    if (sqlite3_column_bytes(row, 3) != BLAKE3_HASH_BYTES ||
        sqlite3_column_bytes(row, 4) != NODE_ID_BYTES) {
        return false;
    }
    target_out->seq = sqlite3_column_int64(row, 0);
    target_out->is_own = sqlite3_column_int(row, 1) != 0;
    target_out->e2e = (enum message_e2e)sqlite3_column_int(row, 2);
    memcpy(target_out->hash, sqlite3_column_blob(row, 3), BLAKE3_HASH_BYTES);
    memcpy(target_out->peer.key, sqlite3_column_blob(row, 4), NODE_ID_BYTES);
    return true;
}

/* Two authors may give theirs one id. In one conversation our own is meant: whoever takes its id
 * harms nothing but what he wrote himself. */
static enum result find_target(struct event_log *log, const struct change_job *change,
                               struct target *target_out, struct error *error)
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT m.seq,m.author=?2,m.sealed,m.hash,c.key"
        " FROM messages m"
        " JOIN conversations c ON c.id=m.conversation"
        " WHERE m.seq IN " LOG_SCHEMA_OF_ID("?1") " AND (NOT ?4 OR m.conversation=?3)"
                                                  " ORDER BY m.author<>?2,m.hash",
        "tiii", change->event_id, log->self, find_conversation(log, change),
        (int64_t)change->has_peer);
    bool found = database_next(&log->database, row) && read_target(row, target_out);
    bool several = false;
    while (found && !several && database_next(&log->database, row)) {
        struct target other;
        several = read_target(row, &other) && !node_id_equal(&other.peer, &target_out->peer);
    }
    database_done(row);
    if (several) {
        return error_set(error, RESULT_INVALID,
                         "Messages of several conversations have this event_id: name the peer.");
    }
    return found ? RESULT_OK
                 : error_set(error, RESULT_NOT_FOUND, "No message here has this event_id.");
}

/* Whether it was said before, or the client_id served for something else. What can't be opened any
 * more was the same (§24.7). */
static bool is_repeat(struct event_log *log, struct change_job *change, enum result *result_out)
{
    struct append_answer *answer = &change->answer;
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT c.event_id,c.lamport,c.seq,c.target=x'' OR (c.kind=?3 AND c.text=?4 AND EXISTS"
        " (SELECT 1 FROM messages m WHERE m.seq IN " LOG_SCHEMA_OF_ID(
            "?5") " AND m.hash=c.target"
                  " AND (NOT ?6 OR m.conversation=?7)))"
                  " FROM changes c INDEXED BY changes_client_id WHERE c.client_id=?1 AND "
                  "c.author=?2"
                  " UNION ALL SELECT event_id,lamport,seq,sealed NOT IN (?8,?9)"
                  " FROM messages INDEXED BY messages_client_id WHERE client_id=?1 AND author=?2 "
                  "LIMIT 1",
        "tiittiiii", change->client_id, log->self, (int64_t)change->kind, change->text,
        change->event_id, (int64_t)change->has_peer, find_conversation(log, change),
        (int64_t)MESSAGE_CLEAR, (int64_t)MESSAGE_OPENED);
    bool was_used = database_next(&log->database, row);
    if (was_used) {
        (void)snprintf(answer->event_id, sizeof answer->event_id, "%s", database_text(row, 0));
        answer->lamport = sqlite3_column_int64(row, 1);
        answer->seq = sqlite3_column_int64(row, 2);
        answer->repeated = answer->e2e = true;
        *result_out =
            sqlite3_column_int(row, 3) != 0
                ? RESULT_OK
                : error_set(&answer->error, RESULT_EXISTS,
                            "This client_id was used for something else; take a new one.");
    }
    database_done(row);
    return was_used;
}

static enum result check(struct event_log *log, const struct change_job *change,
                         const struct target *target, struct error *error)
{
    bool is_reaction = change->kind == PAYLOAD_REACTION;
    if (!target->is_own && !is_reaction) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "Only who wrote a message can edit it, or delete it for both.");
    }
    if (target->e2e == MESSAGE_DELETED || target->e2e == MESSAGE_EXPIRED) {
        return error_set(error, RESULT_EXPIRED, "This message was deleted.");
    }
    if (change->kind == PAYLOAD_DELETE && target->e2e == MESSAGE_CLEAR) {
        return error_set(error, RESULT_MISMATCH,
                         "This message is not end-to-end encrypted: every member keeps it, and it "
                         "can't be deleted.");
    }
    if (!community_is_member(log->state.community, &target->peer)) {
        return error_set(error, RESULT_NOT_FOUND,
                         "The recipient is not a member of this community.");
    }
    return log_blocked_is(log, &target->peer)
               ? error_set(error, RESULT_INVALID, LOG_BLOCKED_EXPLAINED)
               : RESULT_OK;
}

static enum result write_payload(const struct change_job *change, const struct target *target,
                                 struct buffer *payload)
{
    switch (change->kind) {
    case PAYLOAD_EDIT:
        return payload_write_edit(target->hash, change->text, payload);
    case PAYLOAD_DELETE:
        payload_write_delete(target->hash, payload);
        return RESULT_OK;
    case PAYLOAD_REACTION:
        payload_write_reaction(target->hash, change->text, payload);
        return RESULT_OK;
    case PAYLOAD_TEXT:
    case PAYLOAD_KEYS:
        break;
    }
    return RESULT_INVALID;
}

static enum result explain(enum result result, struct error *error)
{
    return result == RESULT_MISMATCH
               ? error_set(error, result, LOG_SEALING_NOT_ENCRYPTED)
               : error_set(error, RESULT_INVALID,
                           "The text is too long to be encrypted; send it in parts.");
}

static enum result append(struct event_log *log, struct change_job *change,
                          const struct target *target)
{
    struct append_answer *answer = &change->answer;
    struct log_secrets secrets = {.has_key = false};
    struct event_draft draft;
    struct buffer payload;
    buffer_init(&payload);
    const struct log_sealed sealed = {&target->peer, change->client_id, &payload};
    enum result result = write_payload(change, target, &payload);
    if (result == RESULT_OK) {
        result = log_sealing_seal_payload(log, &sealed, &secrets, &draft);
    }
    if (result == RESULT_OK) {
        answer->e2e = true;
        result = log_own_append_with(log, &draft, &secrets, answer);
    } else {
        result = explain(result, &answer->error);
    }
    if (payload.length_bytes > 0) {
        signing_wipe(payload.data, payload.length_bytes);
    }
    buffer_deinit(&payload);
    log_secrets_wipe(&secrets);
    return result;
}

/* On this device alone. */
static enum result forget(struct event_log *log, const struct target *target,
                          struct append_answer *answer)
{
    if (target->e2e == MESSAGE_CLEAR) {
        return error_set(&answer->error, RESULT_MISMATCH,
                         "This message is not end-to-end encrypted: every member keeps it, and it "
                         "can't be deleted.");
    }
    struct event *event = log_events_read(log, target->seq);
    if (event != NULL && target->e2e != MESSAGE_DELETED) {
        log_messages_forget(log, event, target->seq);
    }
    event_destroy(&event);
    return RESULT_OK;
}

static void run_change(struct writer_job *job, struct event_log *log)
{
    struct change_job *change = (struct change_job *)job;
    struct append_answer *answer = &change->answer;
    struct target target = {.seq = 0};
    if (!change->here_only && is_repeat(log, change, &answer->result)) {
        return;
    }
    answer->result = find_target(log, change, &target, &answer->error);
    if (answer->result == RESULT_OK && change->here_only) {
        answer->result = forget(log, &target, answer);
        change->peer = target.peer;
    } else if (answer->result == RESULT_OK) {
        answer->result = check(log, change, &target, &answer->error);
        answer->result =
            answer->result == RESULT_OK ? append(log, change, &target) : answer->result;
    }
}

static void destroy(struct change_job *change)
{
    signing_wipe(change->text, strlen(change->text));
    memory_free(change->event_id);
    memory_free(change->text);
    memory_free(change->client_id);
    memory_free(change);
}

static void answer_change(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct change_job *change = (struct change_job *)job;
    if (commit != RESULT_OK) {
        change->answer.result = log_writer_explain(
            log, "The disk did not take it: nothing was sent.", &change->answer.error);
    } else if (change->here_only && change->answer.result == RESULT_OK) {
        log_lost_tell_of(log, &change->peer);
    }
    if (change->done != NULL) {
        change->done(change->context, &change->answer);
    }
    destroy(change);
}

enum result log_append_change(struct event_log *log, const struct log_change *change,
                              event_log_answered *done, void *context)
{
    struct change_job *made = memory_allocate(1, sizeof *made);
    made->job = (struct writer_job){.run = run_change, .done = answer_change};
    made->kind = change->kind;
    made->here_only = change->here_only;
    made->has_peer = change->peer != NULL;
    if (change->peer != NULL) {
        made->peer = *change->peer;
    }
    made->event_id = memory_format("%s", change->event_id);
    made->text = memory_format("%s", change->text);
    made->client_id = memory_format("%s", change->client_id);
    made->done = done;
    made->context = context;
    enum result result = log_writer_submit(log, &made->job);
    if (result != RESULT_OK) {
        destroy(made);
    }
    return result;
}
