#include "store/log_restoring.h"

#include <string.h>

#include "core/memory.h"
#include "store/log_blocked_private.h"
#include "store/log_lost_private.h"
#include "store/log_nodes_private.h"
#include "store/log_sessions_private.h"
#include "store/log_writer_private.h"

/* Keys on their way, one message of them at a time. */
struct give_job {
    struct writer_job job;
    struct node_id peer;
    bool and_theirs; /* behind what it asks for */
    bool of_all;     /* that lies above `since` */
    int64_t since;
    bool of_theirs; /* what the peer wrote, behind what we did */
    int64_t number; /* of the message that was looked at last, and its arrival number */
    int64_t seq;
    bool ended;
    size_t found_count; /* in this transaction */
    struct log_restoring_answer answer;
    log_restoring_given *done;
    void *context;
};

static sqlite3_stmt *query_next(struct event_log *log, const struct give_job *give)
{
    int64_t peer = log_nodes_number(log, &give->peer);
    return give->of_all
               ? database_query(&log->database,
                                "SELECT hash,number,seq FROM sealings WHERE author=?1"
                                " AND recipient=?2 AND (number,seq)>(?3,?4) AND lamport>?5"
                                " ORDER BY number,seq LIMIT ?6",
                                "iiiiii", give->of_theirs ? peer : log->self,
                                give->of_theirs ? log->self : peer, give->number, give->seq,
                                give->since, (int64_t)PAYLOAD_MOST_KEYS)
               : database_query(&log->database,
                                "SELECT hash,0,0 FROM lost WHERE peer=?1 ORDER BY hash LIMIT ?2",
                                "ii", peer, (int64_t)PAYLOAD_MOST_KEYS);
}

/* The next ones to look at; how many. */
static size_t read_next(struct event_log *log, struct give_job *give, struct payload_key *keys)
{
    size_t read = 0;
    sqlite3_stmt *row = query_next(log, give);
    while (read < PAYLOAD_MOST_KEYS && database_next(&log->database, row)) {
        if (sqlite3_column_bytes(row, 0) == BLAKE3_HASH_BYTES) {
            memcpy(keys[read++].event, sqlite3_column_blob(row, 0), BLAKE3_HASH_BYTES);
        }
        give->number = sqlite3_column_int64(row, 1);
        give->seq = sqlite3_column_int64(row, 2);
    }
    database_done(row);
    if (read < PAYLOAD_MOST_KEYS) {
        give->ended = give->of_theirs || (!give->of_all && !give->and_theirs);
        give->of_all = give->of_theirs = true;
        give->number = give->seq = 0;
    }
    return read;
}

/* Those that can be given are; of the others nothing is to be remembered. */
static enum result give_some(struct event_log *log, struct give_job *give, struct payload_key *keys,
                             size_t read)
{
    struct payload_key *found = memory_allocate(PAYLOAD_MOST_KEYS, sizeof *found);
    give->found_count = 0;
    for (size_t i = 0; i < read; i++) {
        found[give->found_count] = keys[i];
        enum log_lost_claim claim = log_lost_look(log, &give->peer, &found[give->found_count]);
        give->found_count += claim == LOG_LOST_HAD ? 1 : 0;
    }
    enum result result = give->found_count == 0
                             ? RESULT_OK
                             : log_sessions_give(log, &give->peer, found, give->found_count);
    for (size_t i = 0; i < read && result == RESULT_OK; i++) {
        log_lost_forget(log, &give->peer, keys[i].event);
    }
    signing_wipe(found, PAYLOAD_MOST_KEYS * sizeof *found);
    memory_free(found);
    return result;
}

static void run_give(struct writer_job *job, struct event_log *log)
{
    struct give_job *give = (struct give_job *)job;
    struct log_restoring_answer *answer = &give->answer;
    if (!community_is_member(log->state.community, &give->peer)) {
        answer->result = error_set(&answer->error, RESULT_NOT_FOUND,
                                   "That node is not a member of this community.");
        return;
    }
    if (log_blocked_is(log, &give->peer)) {
        answer->result = error_set(&answer->error, RESULT_INVALID, LOG_BLOCKED_EXPLAINED);
        return;
    }
    struct payload_key *keys = memory_allocate(PAYLOAD_MOST_KEYS, sizeof *keys);
    size_t read = read_next(log, give, keys);
    answer->result = give_some(log, give, keys, read);
    if (answer->result == RESULT_MISMATCH) {
        (void)error_set(&answer->error, RESULT_MISMATCH,
                        "That member's device can't receive encrypted messages yet; try again "
                        "when it has been updated.");
    } else if (answer->result != RESULT_OK) {
        (void)error_set(&answer->error, answer->result, "The keys can't be sealed.");
    }
    memory_free(keys);
}

static void answer_give(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct give_job *give = (struct give_job *)job;
    struct log_restoring_answer *answer = &give->answer;
    if (commit != RESULT_OK) {
        answer->result = log_writer_explain(log, "The disk did not take all of it; do it again.",
                                            &answer->error);
    }
    answer->given += answer->result == RESULT_OK ? (int64_t)give->found_count : 0;
    if (answer->result == RESULT_OK && !give->ended) { /* others have their turn in between */
        if (log_writer_submit(log, job) == RESULT_OK) {
            return; /* it may be gone by now */
        }
        answer->result = error_set(&answer->error, RESULT_FULL,
                                   "Too much is being written at once; do it again in a second.");
    }
    log_lost_tell_of(log, &give->peer);
    give->done(give->context, answer);
    memory_free(give);
}

enum result log_restoring_give(struct event_log *log, const struct node_id *peer,
                               const int64_t *since_lamport, bool and_theirs,
                               log_restoring_given *done, void *context)
{
    struct give_job *give = memory_allocate(1, sizeof *give);
    *give = (struct give_job){.job = {.run = run_give, .done = answer_give},
                              .peer = *peer,
                              .and_theirs = and_theirs,
                              .of_all = since_lamport != NULL,
                              .since = since_lamport == NULL ? 0 : *since_lamport,
                              .done = done,
                              .context = context};
    enum result result = log_writer_submit(log, &give->job);
    if (result != RESULT_OK) {
        memory_free(give);
    }
    return result;
}
