#include "store/log_sealing_private.h"

#include <string.h>

#include "protocol/event_kind.h"
#include "protocol/payload.h"
#include "store/log_keyring_private.h"
#include "store/log_nodes_private.h"
#include "store/log_offers_private.h"
#include "store/log_sealings_private.h"

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

/* A payload that is being sealed. */
struct sealing {
    struct event_log *log;
    const struct log_sealed *sealed;
    struct envelope_sealing parts;
    uint8_t ephemeral[HPKE_KEY_BYTES];
};

/* What W is made of, and the payload: what this message has and no other (§24.3). */
static void draw(const struct sealing *sealing, const char *purpose,
                 uint8_t drawn_out[static HEDGE_BYTES])
{
    const struct event_log *log = sealing->log;
    const struct log_sealed *sealed = sealing->sealed;
    const struct hkdf_part context[] = {
        {log->options.key->node_id.key, NODE_ID_BYTES},
        {log->options.community_id.key, NODE_ID_BYTES},
        {sealed->recipient->key, NODE_ID_BYTES},
        {sealed->client_id, strlen(sealed->client_id)},
        {&sealing->parts.seq, sizeof sealing->parts.seq},
        {sealed->payload->data, sealed->payload->length_bytes},
    };
    hedge_draw(&log->hedge, purpose, context, sizeof context / sizeof context[0], drawn_out);
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

/* NULL: it can't be sealed. */
static json_t *seal(struct sealing *sealing, int64_t recipient, struct log_secrets *secrets)
{
    struct event_log *log = sealing->log;
    const struct log_sealed *sealed = sealing->sealed;
    const struct envelope_place place = {.author = &log->options.key->node_id,
                                         .recipient = sealed->recipient,
                                         .community_id = &log->options.community_id,
                                         .client_id = sealed->client_id};
    sealing->parts.seq = log_sealings_next(log, recipient);
    sealing->parts.ephemeral = sealing->ephemeral;
    draw(sealing, "content key", sealing->parts.key.key);
    draw(sealing, "ephemeral", sealing->ephemeral);
    if (log_sealing_needs_reply(log, recipient)) {
        draw(sealing, "reply", secrets->pair.secret);
        hpke_public_key(secrets->pair.secret, secrets->pair.public.key);
        secrets->has_pair = true;
        secrets->peer = recipient;
        sealing->parts.reply = &secrets->pair.public;
    }
    secrets->has_key = true;
    secrets->key = sealing->parts.key;
    json_t *envelope = envelope_seal(&place, &sealing->parts, sealed->payload->data,
                                     sealed->payload->length_bytes);
    signing_wipe(&sealing->parts.key, sizeof sealing->parts.key);
    signing_wipe(sealing->ephemeral, sizeof sealing->ephemeral);
    return envelope;
}

enum result log_sealing_seal_payload(struct event_log *log, const struct log_sealed *sealed,
                                     struct log_secrets *secrets_out, struct event_draft *draft_out)
{
    struct sealing sealing = {.log = log, .sealed = sealed};
    struct log_offer offer;
    int64_t recipient = log_nodes_number(log, sealed->recipient);
    *secrets_out = (struct log_secrets){.has_key = false};
    if (!log->state.keeps_keys || !log_offers_current(log, recipient, log->self, &offer)) {
        return RESULT_MISMATCH;
    }
    sealing.parts.to = offer.key;
    json_t *envelope = seal(&sealing, recipient, secrets_out);
    if (envelope == NULL) {
        log_sealing_wipe(secrets_out);
        return RESULT_INVALID;
    }
    buffer_append(&secrets_out->payload, sealed->payload->data, sealed->payload->length_bytes);
    *draft_out = event_draft_sealed(sealed->client_id, sealed->recipient, envelope);
    return RESULT_OK;
}

/* The message of the same conversation that a draft answers. False: it is not here. */
static bool find_answered(struct event_log *log, const struct event_draft *draft,
                          const struct node_id *peer, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    sqlite3_stmt *row = database_query(
        &log->database,
        "SELECT hash FROM messages INDEXED BY messages_event_id WHERE event_id=?1"
        " AND conversation=?2 ORDER BY author<>?3,hash LIMIT 1",
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
static enum result seal_text(struct event_log *log, struct event_draft *draft,
                             const struct message_sent *message, struct log_secrets *secrets)
{
    struct event_draft sealed_draft;
    struct buffer payload;
    uint8_t answered[BLAKE3_HASH_BYTES];
    bool answers = draft->reply_to[0] != '\0';
    if (answers && !find_answered(log, draft, &message->recipient, answered)) {
        return RESULT_NOT_FOUND;
    }
    buffer_init(&payload);
    const struct log_sealed sealed = {&message->recipient, message->client_id, &payload};
    enum result result = payload_write_text(message->body, message->attachments,
                                            answers ? answered : NULL, &payload);
    if (result == RESULT_OK) {
        result = log_sealing_seal_payload(log, &sealed, secrets, &sealed_draft);
    }
    if (result == RESULT_OK) {
        event_draft_deinit(draft);
        *draft = sealed_draft;
    }
    if (payload.length_bytes > 0) {
        signing_wipe(payload.data, payload.length_bytes);
    }
    buffer_deinit(&payload);
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
                                const struct message_sent *message, struct log_secrets *secrets,
                                struct append_answer *answer)
{
    struct log_offer offer;
    if (log->state.keeps_keys &&
        log_offers_current(log, log_nodes_number(log, &message->recipient), log->self, &offer)) {
        enum result result = seal_text(log, draft, message, secrets);
        answer->e2e = result == RESULT_OK;
        return result == RESULT_OK ? RESULT_OK : explain(result, &answer->error);
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

enum result log_sealing_seal(struct event_log *log, struct event_draft *draft,
                             struct log_secrets *secrets_out, struct append_answer *answer)
{
    union event_data data;
    *secrets_out = (struct log_secrets){.has_key = false};
    if (draft->type != EVENT_MESSAGE_SENT ||
        (!log->state.keeps_keys && !draft->sealed_only && draft->reply_to[0] == '\0')) {
        return RESULT_OK;
    }
    enum result result =
        event_kind_decode(event_kind_get(draft->type), draft->data, &log->options.key->node_id,
                          &log->options.community_id, &data, &answer->error);
    if (result == RESULT_OK) {
        answer->e2e = data.message.sealed;
        if (!data.message.sealed) {
            result = seal_message(log, draft, &data.message, secrets_out, answer);
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

void log_sealing_wipe(struct log_secrets *secrets)
{
    if (secrets->payload.length_bytes > 0) {
        signing_wipe(secrets->payload.data, secrets->payload.length_bytes);
    }
    buffer_deinit(&secrets->payload);
    signing_wipe(secrets, sizeof *secrets);
}
