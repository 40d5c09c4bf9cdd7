/* Co-signatures of revocations and changes of level (§5, §7).
 *
 * Thread: any. As text for people to pass on: "<NodeID>,<Signature>".
 */
#ifndef HEARTHCHAT_PROTOCOL_CO_SIGNATURE_H
#define HEARTHCHAT_PROTOCOL_CO_SIGNATURE_H

#include "core/buffer.h"
#include "protocol/event_data.h"
#include "protocol/signing.h"

#define CO_SIGNATURE_CLIENT_ID_BYTES 80

/* The client_id that co-signers of a revocation agree on without talking: it follows from what is
 * revoked and why. */
void co_signature_client_id(const struct node_id *target, const char *reason,
                            char client_id_out[static CO_SIGNATURE_CLIENT_ID_BYTES]);

/* {"node_id","signature"} over a statement of event_data.h, which is consumed. The caller owns it.
 */
json_t *co_signature_make(const struct signing_key *key, json_t *statement);

/* Text to object; NULL when it is none. The caller owns it. */
json_t *co_signature_parse(const char *text);
void co_signature_format(const json_t *co_signature, struct buffer *text_out);

#endif
