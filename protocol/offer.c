#include "protocol/offer.h"

#include <string.h>

#include "protocol/envelope.h"
#include "protocol/json_members.h"
#include "protocol/session_event.h"

/* A prekey counts only with its own signature beside the event's. */
static bool read_prekey(const struct event *event, struct offer *offer)
{
    const json_t *data = event->data.kept;
    const json_t *prekey = NULL;
    const char *key = NULL;
    const char *signature_text = NULL;
    struct node_id node_id;
    struct signature signature;
    offer->to_everybody = true;
    return json_members_node_id(data, "node_id", &node_id) &&
           node_id_equal(&node_id, &event->author) &&
           (json_object_get(data, "reset") == NULL ||
            json_members_boolean(data, "reset", &offer->is_reset)) &&
           json_members_object(data, "signed_prekey", &prekey) &&
           json_members_string(prekey, "pubkey", &key, NULL) &&
           receiving_key_parse(key, &offer->key) == RESULT_OK &&
           json_members_string(prekey, "signature", &signature_text, NULL) &&
           signing_parse_signature(signature_text, &signature) == RESULT_OK &&
           signing_verify(&event->author, offer->key.key, sizeof offer->key.key, &signature) ==
               RESULT_OK;
}

static bool read_reply(const struct event *event, struct offer *offer)
{
    struct envelope_header header;
    const struct message_sent *message = &event->data.message;
    if (!message->sealed || !envelope_read_header(message->envelope, &header) ||
        !header.has_reply) {
        return false;
    }
    offer->peer = message->recipient;
    offer->key = header.reply;
    return true;
}

static bool read_session(const struct event *event, struct offer *offer)
{
    struct session_established established;
    struct session_broken broken;
    if (session_event_established(event, &established)) {
        offer->peer = established.peer;
        offer->key = established.reply;
        return true;
    }
    if (session_event_broken(event, &broken)) {
        offer->peer = broken.peer;
        offer->key = broken.reply;
        return true;
    }
    return false;
}

bool offer_of(const struct event *event, struct offer *offer_out)
{
    bool offers = false;
    struct offer offer = {.owner = event->author, .lamport = event->lamport};
    memcpy(offer.event_id, event->event_id, sizeof offer.event_id);
    memcpy(offer.hash, event->hash, sizeof offer.hash);
    if (event->type == EVENT_PREKEYS_PUBLISHED) {
        offers = read_prekey(event, &offer);
    } else if (event->type == EVENT_MESSAGE_SENT) {
        offers = read_reply(event, &offer);
    } else {
        offers = read_session(event, &offer);
    }
    if (offers) {
        *offer_out = offer;
    }
    return offers;
}

static bool is_later(const struct offer *offer, const struct offer *than)
{
    if (than == NULL) {
        return true;
    }
    if (offer->lamport != than->lamport) {
        return offer->lamport > than->lamport;
    }
    int order = strcmp(offer->event_id, than->event_id);
    return (order != 0 ? order : memcmp(offer->hash, than->hash, sizeof offer->hash)) > 0;
}

static void take_later(const struct offer *offer, const struct offer **newest)
{
    if (is_later(offer, *newest)) {
        *newest = offer;
    }
}

const struct offer *offer_current(const struct offer *offers, size_t count,
                                  const struct node_id *owner, const struct node_id *peer)
{
    const struct offer *prekey = NULL;
    const struct offer *reset = NULL;
    const struct offer *reply = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct offer *offer = &offers[i];
        if (!node_id_equal(&offer->owner, owner)) {
            continue;
        }
        if (!offer->to_everybody) {
            if (node_id_equal(&offer->peer, peer)) {
                take_later(offer, &reply);
            }
            continue;
        }
        take_later(offer, &prekey);
        if (offer->is_reset) {
            take_later(offer, &reset);
        }
    }
    return reply != NULL && is_later(reply, reset) ? reply : prekey;
}
