#include "store/log_secrets_private.h"

#include <string.h>

/* A payload that is being sealed. */
struct sealing {
    const struct event_log *log;
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

/* NULL: it can't be sealed. */
static json_t *seal(struct sealing *sealing, const struct log_terms *terms,
                    struct log_secrets *secrets)
{
    const struct event_log *log = sealing->log;
    const struct log_sealed *sealed = sealing->sealed;
    const struct envelope_place place = {.author = &log->options.key->node_id,
                                         .recipient = sealed->recipient,
                                         .community_id = &log->options.community_id,
                                         .client_id = sealed->client_id};
    sealing->parts.to = terms->to;
    sealing->parts.seq = terms->number;
    sealing->parts.ephemeral = sealing->ephemeral;
    draw(sealing, "content key", sealing->parts.key.key);
    draw(sealing, "ephemeral", sealing->ephemeral);
    if (terms->needs_reply) {
        draw(sealing, "reply", secrets->pair.secret);
        hpke_public_key(secrets->pair.secret, secrets->pair.public.key);
        secrets->has_pair = true;
        secrets->peer = terms->peer;
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

enum result log_secrets_seal(const struct event_log *log, const struct log_sealed *sealed,
                             const struct log_terms *terms, struct log_secrets *secrets_out,
                             struct event_draft *draft_out)
{
    struct sealing sealing = {.log = log, .sealed = sealed};
    *secrets_out = (struct log_secrets){.has_key = false};
    json_t *envelope = seal(&sealing, terms, secrets_out);
    if (envelope == NULL) {
        log_secrets_wipe(secrets_out);
        return RESULT_INVALID;
    }
    secrets_out->has_payload = payload_read(sealed->payload->data, sealed->payload->length_bytes,
                                            &secrets_out->payload) == ENVELOPE_OPENED;
    *draft_out = event_draft_sealed(sealed->client_id, sealed->recipient, envelope);
    return RESULT_OK;
}

enum result log_secrets_seal_text(const struct event_log *log, const struct message_sent *message,
                                  const uint8_t *answered, const struct log_terms *terms,
                                  struct log_secrets *secrets_out, struct event_draft *draft_out)
{
    struct buffer payload;
    buffer_init(&payload);
    *secrets_out = (struct log_secrets){.has_key = false};
    const struct log_sealed sealed = {&message->recipient, message->client_id, &payload};
    enum result result =
        payload_write_text(message->body, message->attachments, answered, &payload);
    if (result == RESULT_OK) {
        result = log_secrets_seal(log, &sealed, terms, secrets_out, draft_out);
    }
    if (payload.length_bytes > 0) {
        signing_wipe(payload.data, payload.length_bytes);
    }
    buffer_deinit(&payload);
    return result;
}

void log_secrets_wipe(struct log_secrets *secrets)
{
    if (secrets->has_payload) {
        payload_deinit(&secrets->payload);
    }
    signing_wipe(secrets, sizeof *secrets);
}
