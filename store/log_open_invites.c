#include "store/log_open_invites.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/blake3.h"
#include "store/log_own_private.h"
#include "store/log_standing_rules_private.h"
#include "store/log_writer_private.h"

struct add_job {
    struct writer_job job;
    uint8_t token_hash[BLAKE3_HASH_BYTES];
    struct open_invite open;
    struct append_answer answer;
    event_log_answered *done;
    void *context;
};

static void run_add(struct writer_job *job, struct event_log *log)
{
    struct add_job *add = (struct add_job *)job;
    const struct open_invite *open = &add->open;
    add->answer.result = log_standing_rules_may_invite(log, open->level, &add->answer.error);
    if (add->answer.result != RESULT_OK) {
        return;
    }
    database_run(&log->database,
                 "INSERT INTO open_invites(token_hash,level,expires,uses,used)"
                 " VALUES(?1,?2,?3,?4,0)",
                 "biii", add->token_hash, BLAKE3_HASH_BYTES, (int64_t)open->level, open->expires_at,
                 open->uses);
    database_run(&log->database,
                 "DELETE FROM open_invites WHERE id NOT IN"
                 " (SELECT id FROM open_invites ORDER BY id DESC LIMIT ?1)",
                 "i", (int64_t)LOG_OPEN_INVITES_MOST);
    database_run(&log->database,
                 "DELETE FROM redeemed WHERE open_invite NOT IN (SELECT id FROM open_invites)", "");
}

static void answer_add(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct add_job *add = (struct add_job *)job;
    if (commit != RESULT_OK) {
        add->answer.result =
            log_writer_explain(log, "The disk did not take it.", &add->answer.error);
    }
    add->done(add->context, &add->answer);
    signing_wipe(add->open.token, sizeof add->open.token);
    memory_free(add);
}

enum result log_open_invites_add(struct event_log *log, const struct open_invite *open,
                                 event_log_answered *done, void *context)
{
    struct add_job *add = memory_allocate(1, sizeof *add);
    add->job = (struct writer_job){.run = run_add, .done = answer_add};
    add->open = *open;
    add->done = done;
    add->context = context;
    blake3_hash(open->token, sizeof open->token, add->token_hash);
    enum result result = log_writer_submit(log, &add->job);
    if (result != RESULT_OK) {
        signing_wipe(add->open.token, sizeof add->open.token);
        memory_free(add);
    }
    return result;
}

struct redeem_job {
    struct writer_job job;
    uint8_t token_hash[BLAKE3_HASH_BYTES];
    struct node_id guest;
    char *display_name;
    struct redeem_answer answer;
    log_open_invites_redeemed *done;
    void *context;
};

/* What was promised by that token. */
struct promise {
    int64_t id; /* 0: nothing */
    enum member_level level;
    int64_t expires_at;
    bool is_used_up;
};

/* Looks at all of them, whichever it is. */
static struct promise find(struct event_log *log,
                           const uint8_t token_hash[static BLAKE3_HASH_BYTES])
{
    struct promise promise = {0};
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT id,token_hash,level,expires,uses,used FROM open_invites", "");
    while (database_next(&log->database, row)) {
        if (sqlite3_column_bytes(row, 1) == BLAKE3_HASH_BYTES &&
            signing_equal(sqlite3_column_blob(row, 1), token_hash, BLAKE3_HASH_BYTES)) {
            promise = (struct promise){.id = sqlite3_column_int64(row, 0),
                                       .level = (enum member_level)sqlite3_column_int(row, 2),
                                       .expires_at = sqlite3_column_int64(row, 3),
                                       .is_used_up = sqlite3_column_int64(row, 5) >=
                                                     sqlite3_column_int64(row, 4)};
        }
    }
    database_done(row);
    return promise;
}

/* What the same guest got before; false: nothing. */
static bool find_redeemed(struct event_log *log, const struct promise *promise,
                          const struct node_id *guest, char event_id_out[static ULID_TEXT_BYTES])
{
    sqlite3_stmt *row = database_query(
        &log->database, "SELECT event_id FROM redeemed WHERE open_invite=?1 AND node=?2", "ib",
        promise->id, guest->key, NODE_ID_BYTES);
    bool found = database_next(&log->database, row);
    if (found) {
        (void)snprintf(event_id_out, ULID_TEXT_BYTES, "%s", database_text(row, 0));
    }
    database_done(row);
    return found;
}

static enum result invite(struct event_log *log, struct redeem_job *redeem,
                          const struct promise *promise)
{
    struct append_answer appended = {.result = RESULT_OK};
    if (log_standing_rules_may_invite(log, promise->level, NULL) != RESULT_OK) {
        return error_set(&redeem->answer.error, RESULT_UNAUTHORIZED,
                         "Who made this invite may not let anybody in any more; ask another "
                         "member.");
    }
    struct event_draft draft = event_draft_invited(&redeem->guest, redeem->display_name,
                                                   promise->level, promise->expires_at);
    enum result result = log_own_append(log, &draft, &appended);
    if (result != RESULT_OK) {
        redeem->answer.error = appended.error;
        return result;
    }
    memcpy(redeem->answer.invite_event_id, appended.event_id, ULID_TEXT_BYTES);
    database_run(&log->database, "UPDATE open_invites SET used=used+1 WHERE id=?1", "i",
                 promise->id);
    database_run(&log->database, "INSERT INTO redeemed(open_invite,node,event_id) VALUES(?1,?2,?3)",
                 "ibt", promise->id, redeem->guest.key, NODE_ID_BYTES,
                 redeem->answer.invite_event_id);
    return RESULT_OK;
}

static void run_redeem(struct writer_job *job, struct event_log *log)
{
    struct redeem_job *redeem = (struct redeem_job *)job;
    struct redeem_answer *answer = &redeem->answer;
    const struct promise promise = find(log, redeem->token_hash);
    bool is_member = community_is_member(log->state.community, &redeem->guest);
    answer->level = promise.level;
    answer->expires_at = promise.expires_at;
    if (promise.id != 0 && is_member) {
        return;
    }
    if (promise.id != 0 && promise.expires_at <= clock_wall_ms(log->options.clock) / 1000) {
        answer->result = error_set(&answer->error, RESULT_EXPIRED,
                                   "This invite has expired; ask for a new one.");
    } else if (promise.id != 0 &&
               find_redeemed(log, &promise, &redeem->guest, answer->invite_event_id)) {
        return;
    } else if (promise.id == 0 || promise.is_used_up) {
        answer->result = error_set(&answer->error, RESULT_NOT_FOUND,
                                   "This invite is unknown here, or has let in as many as it may; "
                                   "ask for a new one.");
    } else {
        answer->result = invite(log, redeem, &promise);
    }
}

static void answer_redeem(struct writer_job *job, struct event_log *log, enum result commit)
{
    struct redeem_job *redeem = (struct redeem_job *)job;
    if (commit != RESULT_OK) {
        redeem->answer.result =
            log_writer_explain(log, "The disk did not take it.", &redeem->answer.error);
    }
    redeem->done(redeem->context, &redeem->answer);
    memory_free(redeem->display_name);
    memory_free(redeem);
}

enum result log_open_invites_redeem(struct event_log *log,
                                    const uint8_t token[static INVITE_TOKEN_BYTES],
                                    const struct node_id *guest, const char *display_name,
                                    log_open_invites_redeemed *done, void *context)
{
    struct redeem_job *redeem = memory_allocate(1, sizeof *redeem);
    redeem->job = (struct writer_job){.run = run_redeem, .done = answer_redeem};
    redeem->guest = *guest;
    redeem->display_name = memory_duplicate_string(display_name);
    redeem->done = done;
    redeem->context = context;
    blake3_hash(token, INVITE_TOKEN_BYTES, redeem->token_hash);
    enum result result = log_writer_submit(log, &redeem->job);
    if (result != RESULT_OK) {
        memory_free(redeem->display_name);
        memory_free(redeem);
    }
    return result;
}
