#include "store/log_sealing_private.h"

#include <string.h>

#include "protocol/event_kind.h"
#include "protocol/payload.h"
#include "store/log_early_private.h"
#include "store/log_keyring_private.h"
#include "store/log_nodes_private.h"
#include "store/log_offers_private.h"
#include "store/log_schema_private.h"
#include "store/log_sealings_private.h"
#include "store/log_terms_private.h"

static void read_hedge(struct event_log *log)
{
    sqlite3_stmt *row = database_query(&log->database, "SELECT key FROM hedge", "");
    if (database_next(&log->database, row) && sqlite3_column_bytes(row, 0) == HEDGE_BYTES) {
        memcpy(log->hedge.key, sqlite3_column_blob(row, 0), HEDGE_BYTES);
    }
    database_done(row);
}

enum result log_sealing_begin(struct event_log *log)
{
    (void)database_execute(&log->database, "BEGIN IMMEDIATE");
    read_hedge(log);
    hedge_renew(&log->hedge);
    database_run(&log->database, "INSERT OR REPLACE INTO hedge(id,key) VALUES(1,?1)", "b",
                 log->hedge.key, HEDGE_BYTES);
    if (!log->database.failed && database_execute(&log->database, "COMMIT") == RESULT_OK) {
        return RESULT_OK;
    }
    (void)sqlite3_exec(log->database.handle, "ROLLBACK", NULL, NULL, NULL);
    return RESULT_IO;
}

void log_sealing_make_pair(struct event_log *log, int64_t peer, struct log_secrets *secrets)
{
    const struct hkdf_part context[] = {
        {log->options.key->node_id.key, NODE_ID_BYTES},
        {log->options.community_id.key, NODE_ID_BYTES},
        {&peer, sizeof peer},
        {&log->state.clock, sizeof log->state.clock},
    };
    hedge_draw(&log->hedge, "receiving key", context, sizeof context / sizeof context[0],
               secrets->pair.secret);
    hpke_public_key(secrets->pair.secret, secrets->pair.public.key);
    secrets->has_pair = true;
    secrets->peer = peer;
}

bool log_sealing_needs_reply(struct event_log *log, int64_t peer)
{
    struct log_offer ours;
    return !log_offers_current(log, log->self, peer, &ours) || ours.to_everybody ||
           !log_receiving_keys_has(log, &ours.key) || log_receiving_keys_is_used(log, &ours.key);
}

bool log_sealing_read_terms(struct event_log *log, int64_t peer, struct log_terms *terms_out)
{
    struct log_offer offer;
    if (!log->state.keeps_keys || !log_offers_current(log, peer, log->self, &offer)) {
        return false;
    }
    *terms_out = (struct log_terms){.peer = peer,
                                    .to = offer.key,
                                    .number = log_sealings_next(log, peer),
                                    .needs_reply = log_sealing_needs_reply(log, peer)};
    return !log->database.failed;
}

/* False: nothing can be sealed to that peer. */
static bool find_terms(struct event_log *log, const struct node_id *peer,
                       struct log_terms *terms_out)
{
    int64_t number = log_nodes_number(log, peer);
    if (log_terms_find(log, number, terms_out)) {
        return true;
    }
    if (!log_sealing_read_terms(log, number, terms_out)) {
        return false;
    }
    log_terms_keep(log, terms_out);
    return true;
}

enum result log_sealing_seal_payload(struct event_log *log, const struct log_sealed *sealed,
                                     struct log_secrets *secrets_out, struct event_draft *draft_out)
{
    struct log_terms terms;
    *secrets_out = (struct log_secrets){.has_key = false};
    if (!find_terms(log, sealed->recipient, &terms)) {
        return RESULT_MISMATCH;
    }
    enum result result = log_secrets_seal(log, sealed, &terms, secrets_out, draft_out);
    if (result == RESULT_OK) {
        log_early_go_on(log, sealed->recipient, &terms, NULL);
    }
    return result;
}

/* The message of the same conversation that a draft answers. False: it is not here. */
static bool find_answered(struct event_log *log, const struct event_draft *draft,
                          const struct node_id *peer, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT hash FROM messages WHERE seq IN " LOG_SCHEMA_OF_ID(
            "?1") " AND conversation=?2 ORDER BY author<>?3,hash LIMIT 1",
        "tii", draft->reply_to, log_nodes_find_conversation(&log->database, peer), log->self);
    bool found =
        database_next(&log->database, row) && sqlite3_column_bytes(row, 0) == BLAKE3_HASH_BYTES;
    if (found) {
        memcpy(hash_out, sqlite3_column_blob(row, 0), BLAKE3_HASH_BYTES);
    }
    database_done(row);
    return found;
}

/* The draft of the text becomes that of its envelope. */
static enum result seal_draft(struct event_log *log, struct event_draft *draft,
                              const struct message_sent *message, const struct log_terms *terms,
                              struct log_secrets *secrets)
{
    struct event_draft sealed;
    uint8_t answered[BLAKE3_HASH_BYTES];
    bool answers = draft->reply_to[0] != '\0';
    if (answers && !find_answered(log, draft, &message->recipient, answered)) {
        return RESULT_NOT_FOUND;
    }
    enum result result =
        log_secrets_seal_text(log, message, answers ? answered : NULL, terms, secrets, &sealed);
    if (result == RESULT_OK) {
        event_draft_deinit(draft);
        *draft = sealed;
    }
    return result;
}

static enum result explain(enum result result, struct error *error)
{
    return result == RESULT_NOT_FOUND
               ? error_set(error, result,
                           "No message of this conversation has the event_id in reply_to.")
               : error_set(error, RESULT_INVALID,
                           "The text is too long to be encrypted; send it in parts.");
}

static enum result seal_message(struct event_log *log, struct event_draft *draft,
                                const struct message_sent *message, struct log_early_message *early,
                                struct log_secrets *secrets, struct append_answer *answer)
{
    struct log_terms terms;
    const struct node_id recipient = message->recipient; /* `message` goes with the draft */
    if (find_terms(log, &recipient, &terms)) {
        enum result result = seal_draft(log, draft, message, &terms, secrets);
        answer->e2e = result == RESULT_OK;
        if (result != RESULT_OK) {
            return explain(result, &answer->error);
        }
        log_early_go_on(log, &recipient, &terms, early);
        return RESULT_OK;
    }
    if (draft->sealed_only) {
        return error_set(&answer->error, RESULT_MISMATCH,
                         "The recipient's device can't receive encrypted messages yet; write "
                         "again when it has been updated.");
    }
    return draft->reply_to[0] == '\0'
               ? RESULT_OK
               : error_set(&answer->error, RESULT_MISMATCH, LOG_SEALING_NOT_ENCRYPTED);
}

static bool take_early(struct event_log *log, struct event_draft *draft,
                       struct log_early_message *early, struct log_secrets *secrets_out)
{
    struct log_terms terms;
    return find_terms(log, &early->recipient, &terms) &&
           log_early_take(log, early, &terms, draft, secrets_out);
}

enum result log_sealing_seal(struct event_log *log, struct event_draft *draft,
                             struct log_early_message *early, struct log_secrets *secrets_out,
                             struct append_answer *answer)
{
    union event_data data;
    *secrets_out = (struct log_secrets){.has_key = false};
    if (draft->type != EVENT_MESSAGE_SENT ||
        (!log->state.keeps_keys && !draft->sealed_only && draft->reply_to[0] == '\0')) {
        return RESULT_OK;
    }
    if (early != NULL && take_early(log, draft, early, secrets_out)) {
        answer->e2e = true;
        return RESULT_OK;
    }
    enum result result =
        event_kind_decode(event_kind_get(draft->type), draft->data, &log->options.key->node_id,
                          &log->options.community_id, &data, &answer->error);
    if (result == RESULT_OK) {
        answer->e2e = data.message.sealed;
        if (!data.message.sealed) {
            result = seal_message(log, draft, &data.message, early, secrets_out, answer);
        }
        event_kind_release(draft->type, &data);
    }
    return result;
}

void log_sealing_keep(struct event_log *log, const struct log_secrets *secrets,
                      const struct event *event)
{
    if (secrets->has_key) {
        log_keyring_keep(log, event->hash, &secrets->key);
    }
    if (secrets->has_pair) {
        log_receiving_keys_keep(log, &secrets->pair, secrets->peer, event->lamport);
    }
}

void log_sealing_forget(struct event_log *log, const struct log_secrets *secrets,
                        const uint8_t hash[static BLAKE3_HASH_BYTES])
{
    if (secrets->has_key) {
        log_keyring_forget(log, hash);
    }
    if (secrets->has_pair) {
        log_receiving_keys_drop(log, &secrets->pair.public);
    }
}
