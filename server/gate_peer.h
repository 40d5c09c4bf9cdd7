/* The gate for peers: who is calling, by TLS certificate or signed headers, and what that one may
 * (§9).
 *
 * Thread: any; request ids that were seen are kept under a lock. create/destroy: startup.
 * Limits: 8,192 request ids; when they are all younger than 600 s, signed requests are refused.
 */
#ifndef HEARTHCHAT_SERVER_GATE_PEER_H
#define HEARTHCHAT_SERVER_GATE_PEER_H

#include "server/http_listener.h"

struct gate_peer;

struct gate_peer *gate_peer_create(const struct services *services);
void gate_peer_destroy(struct gate_peer **gate);

/* By the TLS key, with the headers known. A request that only its signature can identify passes on
 * to gate_peer_admit_body(). */
bool gate_peer_admit(struct gate_peer *gate, struct http_exchange *exchange,
                     struct refusal *refusal_out);

/* By the signed headers, with the body known. */
bool gate_peer_admit_body(struct gate_peer *gate, struct http_exchange *exchange,
                          struct refusal *refusal_out);

#endif
