#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/log_private.h"

struct append_job {
    struct writer_job job;
    struct event_draft draft;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static enum result check_message(struct event_log *log, const struct verified_event *verified,
                                 struct append_answer *answer)
{
    const struct message_sent *message = &event_verified_get(verified)->data.message;
    enum result result = RESULT_OK;
    struct buffer attachments;
    sqlite3_stmt *row = database_query(&log->database,
                                       "SELECT seq,event_id,lamport,peer,body,attachments"
                                       " FROM messages WHERE client_id=?1 AND outgoing=1",
                                       "t", message->client_id);
    if (database_next(&log->database, row)) {
        buffer_init(&attachments);
        event_data_write_attachments(message, &attachments);
        bool same =
            sqlite3_column_bytes(row, 3) == NODE_ID_BYTES &&
            memcmp(sqlite3_column_blob(row, 3), message->recipient.key, NODE_ID_BYTES) == 0 &&
            strcmp(database_text(row, 4), message->body) == 0 &&
            strcmp(database_text(row, 5), buffer_text(&attachments)) == 0;
        buffer_deinit(&attachments);
        answer->seq = sqlite3_column_int64(row, 0);
        (void)snprintf(answer->event_id, sizeof answer->event_id, "%s", database_text(row, 1));
        answer->lamport = sqlite3_column_int64(row, 2);
        answer->repeated = true;
        result = same ? RESULT_OK
                      : error_set(&answer->error, RESULT_EXISTS,
                                  "This client_id was used for another message; take a new one.");
    } else if (membership_find(log->state.membership, &message->recipient) == NULL) {
        result = error_set(&answer->error, RESULT_NOT_FOUND,
                           "The recipient is not a member of this community.");
    }
    database_done(row);
    return result;
}

static enum result check_invited(const struct event_log *log, const struct event *event,
                                 struct error *error)
{
    const struct member_invited *invited = &event->data.invited;
    if (membership_find(log->state.membership, &invited->invitee) != NULL) {
        return error_set(error, RESULT_EXISTS, "This node is a member already.");
    }
    if (membership_find_revoked(log->state.membership, &invited->invitee) != NULL) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "This node was revoked; its device needs a new key to come back.");
    }
    return membership_may_invite(log->state.membership, &event->author, invited->initial_level)
               ? RESULT_OK
               : error_set(error, RESULT_UNAUTHORIZED,
                           "This node may not invite somebody as %s here; ask a trusted member.",
                           member_level_name(invited->initial_level));
}

/* What would be accepted but change nothing is refused with what is missing (§7). */
static enum result check_standing(const struct event_log *log, const struct event *event,
                                  struct error *error)
{
    const struct membership *membership = log->state.membership;
    bool revokes = event->type == EVENT_MEMBER_REVOKED;
    bool promotes = event->type == EVENT_MEMBER_PROMOTED;
    const struct node_id *target =
        revokes ? &event->data.revoked.target : &event->data.level.target;
    int64_t needed = revokes    ? membership->policy.min_signatures_to_revoke
                     : promotes ? 1
                                : membership->policy.min_signatures_to_demote;
    int64_t valid = membership_count_signers(membership, &event->author,
                                             revokes ? &event->data.revoked.co_signers
                                                     : &event->data.level.co_signers);
    const struct member *member = membership_find(membership, target);
    if (member == NULL) {
        return error_set(error, RESULT_NOT_FOUND, "That node is not a member of this community.");
    }
    if (revokes && node_id_equal(target, &event->author)) {
        return error_set(error, RESULT_INVALID, "A node can't revoke itself; ask another member.");
    }
    if (valid < 0) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "Only trusted members and anchors may do this; ask one of them.");
    }
    if (valid < needed) {
        return error_set(error, RESULT_UNAUTHORIZED,
                         "This takes %lld trusted members and there are %lld; ask others for "
                         "theirs: hearthchat co-sign.",
                         (long long)needed, (long long)valid);
    }
    return RESULT_OK;
}

static bool changes_standing(enum event_type type)
{
    return type == EVENT_MEMBER_REVOKED || type == EVENT_MEMBER_PROMOTED ||
           type == EVENT_MEMBER_DEMOTED;
}

static enum result sign(struct event_log *log, struct event_draft *draft,
                        struct verified_event **verified_out, struct append_answer *answer)
{
    char event_id[ULID_TEXT_BYTES];
    int64_t wall_ms = clock_wall_ms(log->options.clock);
    ulid_mint(&log->ulids, wall_ms, event_id);
    return event_sign(draft, log->options.key, &log->options.community_id, event_id,
                      log->state.clock + 1, wall_ms / 1000, verified_out, &answer->error);
}

enum result log_append_own(struct event_log *log, struct event_draft *draft,
                           struct append_answer *answer_out)
{
    struct verified_event *verified = NULL;
    enum result result = sign(log, draft, &verified, answer_out);
    if (result != RESULT_OK) {
        return result;
    }
    const struct event *event = event_verified_get(verified);
    if (event->type == EVENT_MESSAGE_SENT) {
        result = check_message(log, verified, answer_out);
    } else if (event->type == EVENT_MEMBER_INVITED) {
        result = check_invited(log, event, &answer_out->error);
    } else if (changes_standing(event->type)) {
        result = check_standing(log, event, &answer_out->error);
    }
    if (result == RESULT_OK && !answer_out->repeated) {
        memcpy(answer_out->event_id, event->event_id, sizeof answer_out->event_id);
        answer_out->lamport = event->lamport;
        if (log_accept(log, &verified, NULL, &answer_out->seq) != EVENT_ACCEPTABLE) {
            result = error_set(&answer_out->error, RESULT_UNAUTHORIZED,
                               "This node does not belong to the community (any more).");
        } else {
            log->state.clock = answer_out->lamport;
        }
    }
    event_verified_destroy(&verified);
    return result;
}

static void run_append(struct writer_job *job, struct event_log *log)
{
    struct append_job *append = (struct append_job *)job;
    append->answer.result = log_append_own(log, &append->draft, &append->answer);
}

static void answer_append(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct append_job *append = (struct append_job *)job;
    (void)log;
    if (commit != RESULT_OK) {
        append->answer.result = error_set(
            &append->answer.error, RESULT_IO,
            "The disk did not take it: nothing was sent. Make room or look at the node's log.");
    }
    if (append->done != NULL) {
        append->done(append->context, &append->answer);
    }
    event_draft_deinit(&append->draft);
    memory_free(append);
}

enum result event_log_append(struct event_log *log, struct event_draft *draft,
                             event_log_answered *done, void *context)
{
    struct append_job *append = memory_allocate(1, sizeof *append);
    append->job = (struct writer_job){run_append, answer_append};
    append->draft = *draft;
    append->done = done;
    append->context = context;
    draft->data = NULL;
    enum result result = log_submit(log, &append->job);
    if (result != RESULT_OK) {
        event_draft_deinit(&append->draft);
        memory_free(append);
    }
    return result;
}

struct read_job {
    struct writer_job job;
    struct node_id peer;
    char event_id[ULID_TEXT_BYTES];
    bool silently;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static bool is_said_read(struct event_log *log, const struct read_job *read, int64_t lamport)
{
    return database_integer(&log->database, 0,
                            "SELECT 1 FROM read_marks WHERE peer=?1 AND outgoing=0"
                            " AND (target_lamport,target_event_id)>=(?2,?3) LIMIT 1",
                            "bit", read->peer.key, NODE_ID_BYTES, lamport, read->event_id) != 0;
}

static void run_read(struct writer_job *job, struct event_log *log)
{
    struct read_job *read = (struct read_job *)job;
    struct append_answer *answer = &read->answer;
    int64_t lamport = database_integer(
        &log->database, 0,
        "SELECT lamport FROM messages WHERE event_id=?1 AND peer=?2 AND outgoing=0", "tb",
        read->event_id, read->peer.key, NODE_ID_BYTES);
    if (lamport == 0) {
        answer->result = error_set(&answer->error, RESULT_NOT_FOUND,
                                   "No message of that peer to us has this event_id.");
        return;
    }
    if (is_said_read(log, read, lamport)) {
        answer->repeated = true;
        return;
    }
    if (read->silently) {
        database_run(&log->database,
                     "INSERT INTO local_reads VALUES(?1,?2,?3) ON CONFLICT(peer) DO UPDATE"
                     " SET lamport=excluded.lamport,event_id=excluded.event_id"
                     " WHERE (excluded.lamport,excluded.event_id)>(lamport,event_id)",
                     "bit", read->peer.key, NODE_ID_BYTES, lamport, read->event_id);
        return;
    }
    struct event_draft draft =
        event_draft_read(read->event_id, clock_wall_ms(log->options.clock) / 1000);
    answer->result = log_append_own(log, &draft, answer);
}

static void answer_read(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct read_job *read = (struct read_job *)job;
    (void)log;
    if (commit != RESULT_OK) {
        read->answer.result = error_set(&read->answer.error, RESULT_IO,
                                        "The disk did not take it; look at the node's log.");
    }
    read->done(read->context, &read->answer);
    memory_free(read);
}

enum result event_log_mark_read(struct event_log *log, const struct node_id *peer,
                                const char *event_id, bool silently, event_log_answered *done,
                                void *context)
{
    struct read_job *read = memory_allocate(1, sizeof *read);
    read->job = (struct writer_job){run_read, answer_read};
    read->peer = *peer;
    memcpy(read->event_id, event_id, sizeof read->event_id);
    read->silently = silently;
    read->done = done;
    read->context = context;
    enum result result = log_submit(log, &read->job);
    if (result != RESULT_OK) {
        memory_free(read);
    }
    return result;
}
