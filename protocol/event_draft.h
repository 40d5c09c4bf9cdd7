/* Drafts of the events that this node writes, one function a type (§5).
 *
 * Thread: any. Each draft owns its data until event_sign() consumes it.
 */
#ifndef HEARTHCHAT_PROTOCOL_EVENT_DRAFT_H
#define HEARTHCHAT_PROTOCOL_EVENT_DRAFT_H

#include "protocol/event.h"
#include "protocol/receiving_key.h"

struct event_draft event_draft_message(const char *client_id, const struct node_id *recipient,
                                       const char *body, const json_t *attachments);

/* With an envelope for its body (§24.2), which is consumed. */
struct event_draft event_draft_sealed(const char *client_id, const struct node_id *recipient,
                                      json_t *envelope);
struct event_draft event_draft_delivered(const char *target_event_id, int64_t wall_seconds);
struct event_draft event_draft_read(const char *target_event_id, int64_t wall_seconds);
struct event_draft event_draft_created(const char *name, const struct node_id *founder,
                                       const struct policy *policy);
struct event_draft event_draft_invited(const struct node_id *invitee, const char *display_name,
                                       enum member_level initial_level, int64_t expires_at);
struct event_draft event_draft_joined(const char *invite_event_id, const json_t *manifest);
struct event_draft event_draft_manifest(const json_t *manifest);

/* `co_signers`: array of {"node_id","signature"} (co_signature.h), the author's among them; copied.
 */
struct event_draft event_draft_revoked(const char *client_id, const struct node_id *target,
                                       const char *reason, const json_t *co_signers);
struct event_draft event_draft_level(bool promoted, const struct node_id *target,
                                     enum member_level new_level, const json_t *co_signers);

/* Offers of receiving keys (§24.1). `key` signs the prekey, inside the event. */
struct event_draft event_draft_prekeys(const struct receiving_key *prekey,
                                       const struct signing_key *key, bool reset);
struct event_draft event_draft_established(const struct node_id *peer,
                                           const struct receiving_key *reply);

/* Names 1 to SESSION_EVENT_MOST_HASHES messages that wait for a key (§24.8), by their hashes, one
 * behind the other. */
struct event_draft event_draft_broken(const struct node_id *peer, const uint8_t *hashes,
                                      size_t count, const struct receiving_key *reply);

/* Frees a draft that is not signed after all. */
void event_draft_deinit(struct event_draft *draft);

#endif
