#include "protocol/event_draft.h"

#include "protocol/hex.h"
#include "protocol/json_build.h"
#include "protocol/receiving_key.h"

/* A copy: the draft goes to another thread, and reference counts are one thread's business. */
static json_t *copied(const json_t *json)
{
    return json_build_copy(json);
}

static struct event_draft draft_of(enum event_type type, json_t *data)
{
    return (struct event_draft){.type = type, .data = data};
}

struct event_draft event_draft_message(const char *client_id, const struct node_id *recipient,
                                       const char *body, const json_t *attachments)
{
    char recipient_text[NODE_ID_TEXT_BYTES];
    node_id_format(recipient, recipient_text);
    json_t *data = json_build_pack("{s:s,s:s,s:s,s:o}", "client_id", client_id, "recipient",
                                   recipient_text, "body", body, "attachments",
                                   attachments == NULL ? json_array() : copied(attachments));
    return draft_of(EVENT_MESSAGE_SENT, data);
}

struct event_draft event_draft_sealed(const char *client_id, const struct node_id *recipient,
                                      json_t *envelope)
{
    char recipient_text[NODE_ID_TEXT_BYTES];
    node_id_format(recipient, recipient_text);
    return draft_of(EVENT_MESSAGE_SENT,
                    json_build_pack("{s:s,s:s,s:o,s:[]}", "client_id", client_id, "recipient",
                                    recipient_text, "body", envelope, "attachments"));
}

static struct event_draft receipt(enum event_type type, const char *target_event_id,
                                  const char *at_name, int64_t wall_seconds)
{
    char at[WALL_CLOCK_TEXT_BYTES];
    wall_clock_format(wall_seconds, at);
    return draft_of(type,
                    json_build_pack("{s:s,s:s}", "target_event_id", target_event_id, at_name, at));
}

struct event_draft event_draft_delivered(const char *target_event_id, int64_t wall_seconds)
{
    return receipt(EVENT_MESSAGE_DELIVERED, target_event_id, "delivered_at", wall_seconds);
}

struct event_draft event_draft_read(const char *target_event_id, int64_t wall_seconds)
{
    return receipt(EVENT_MESSAGE_READ, target_event_id, "read_at", wall_seconds);
}

struct event_draft event_draft_created(const char *name, const struct node_id *founder,
                                       const struct policy *policy)
{
    char founder_text[NODE_ID_TEXT_BYTES];
    node_id_format(founder, founder_text);
    return draft_of(EVENT_COMMUNITY_CREATED,
                    json_build_pack("{s:s,s:s,s:o}", "name", name, "founder_node_id", founder_text,
                                    "policy", policy_to_json(policy)));
}

struct event_draft event_draft_invited(const struct node_id *invitee, const char *display_name,
                                       enum member_level initial_level, int64_t expires_at)
{
    char invitee_text[NODE_ID_TEXT_BYTES];
    char expires_text[WALL_CLOCK_TEXT_BYTES];
    node_id_format(invitee, invitee_text);
    wall_clock_format(expires_at, expires_text);
    return draft_of(EVENT_MEMBER_INVITED,
                    json_build_pack("{s:s,s:s,s:s,s:s}", "invitee_node_id", invitee_text,
                                    "display_name", display_name, "initial_level",
                                    member_level_name(initial_level), "expires_at", expires_text));
}

struct event_draft event_draft_joined(const char *invite_event_id, const json_t *manifest)
{
    return draft_of(EVENT_MEMBER_JOINED,
                    json_build_pack("{s:s,s:o}", "invite_event_id", invite_event_id,
                                    "node_manifest", copied(manifest)));
}

struct event_draft event_draft_manifest(const json_t *manifest)
{
    return draft_of(EVENT_MANIFEST_UPDATED, json_build_pack("{s:o}", "manifest", copied(manifest)));
}

struct event_draft event_draft_revoked(const char *client_id, const struct node_id *target,
                                       const char *reason, const json_t *co_signers)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return draft_of(EVENT_MEMBER_REVOKED,
                    json_build_pack("{s:s,s:s,s:s,s:o}", "client_id", client_id, "target_node_id",
                                    target_text, "reason", reason, "co_signers",
                                    copied(co_signers)));
}

struct event_draft event_draft_level(bool promoted, const struct node_id *target,
                                     enum member_level new_level, const json_t *co_signers)
{
    char target_text[NODE_ID_TEXT_BYTES];
    node_id_format(target, target_text);
    return draft_of(promoted ? EVENT_MEMBER_PROMOTED : EVENT_MEMBER_DEMOTED,
                    json_build_pack("{s:s,s:s,s:o}", "target_node_id", target_text, "new_level",
                                    member_level_name(new_level), "co_signers",
                                    copied(co_signers)));
}

struct event_draft event_draft_prekeys(const struct receiving_key *prekey,
                                       const struct signing_key *key, bool reset)
{
    char node_id[NODE_ID_TEXT_BYTES];
    char prekey_text[RECEIVING_KEY_TEXT_BYTES];
    char identity_text[RECEIVING_KEY_TEXT_BYTES] = "";
    char signature_text[SIGNATURE_TEXT_BYTES];
    struct receiving_key identity;
    struct signature signature;
    node_id_format(&key->node_id, node_id);
    receiving_key_format(prekey, prekey_text);
    if (receiving_key_from_node_id(&key->node_id, &identity) == RESULT_OK) {
        receiving_key_format(&identity, identity_text);
    }
    signing_sign(key, prekey->key, sizeof prekey->key, &signature);
    signing_format_signature(&signature, signature_text);
    return draft_of(EVENT_PREKEYS_PUBLISHED,
                    json_build_pack("{s:s,s:s,s:{s:s,s:s},s:[],s:b}", "node_id", node_id,
                                    "identity_pubkey", identity_text, "signed_prekey", "pubkey",
                                    prekey_text, "signature", signature_text, "one_time_prekeys",
                                    "reset", (int)reset));
}

/* What both kinds of word on a session have. */
static json_t *session(const struct node_id *peer, const struct receiving_key *reply)
{
    char peer_text[NODE_ID_TEXT_BYTES];
    char reply_text[RECEIVING_KEY_TEXT_BYTES];
    node_id_format(peer, peer_text);
    receiving_key_format(reply, reply_text);
    return json_build_pack("{s:s,s:s}", "peer", peer_text, "reply", reply_text);
}

struct event_draft event_draft_established(const struct node_id *peer,
                                           const struct receiving_key *reply)
{
    return draft_of(EVENT_SESSION_ESTABLISHED, session(peer, reply));
}

struct event_draft event_draft_broken(const struct node_id *peer, const uint8_t *hashes,
                                      size_t count, const struct receiving_key *reply)
{
    json_t *data = session(peer, reply);
    json_t *events = json_array();
    for (size_t i = 0; i < count; i++) {
        char hash[2 * BLAKE3_HASH_BYTES + 1];
        hex_format(hashes + i * BLAKE3_HASH_BYTES, BLAKE3_HASH_BYTES, hash);
        (void)json_array_append_new(events, json_build_text(hash));
    }
    (void)json_object_set_new(data, "events", events);
    return draft_of(EVENT_SESSION_BROKEN, data);
}

void event_draft_deinit(struct event_draft *draft)
{
    json_decref(draft->data);
    draft->data = NULL;
}
