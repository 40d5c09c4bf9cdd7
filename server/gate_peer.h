/* The gate for peers: who is calling, by TLS certificate or signed headers, and what that one may
 * (§9).
 *
 * Members and invitees are counted by their NodeID, everybody else by address: keys cost nothing.
 * Thread: any. create/destroy: startup. Limits (§16): core/limits.h.
 */
#ifndef HEARTHCHAT_SERVER_GATE_PEER_H
#define HEARTHCHAT_SERVER_GATE_PEER_H

#include "server/listener_request.h"

struct gate_peer;

/* Borrows both. */
struct gate_peer *gate_peer_create(const struct node_parts *parts, struct callers *callers);
void gate_peer_destroy(struct gate_peer **gate);

/* With the headers known: who it is by its TLS key, what that one may, and how often. A request
 * that only its signature can identify passes on to gate_peer_admit_body(). */
bool gate_peer_admit(struct gate_peer *gate, struct listener_request *request,
                     struct refusal *refusal_out);

/* With the body known: the signed headers, and how often this capability. */
bool gate_peer_admit_body(struct gate_peer *gate, struct listener_request *request,
                          struct refusal *refusal_out);

/* A member's call brought news: it is not limited. False: it counts. */
bool gate_peer_forgive(struct gate_peer *gate, struct listener_request *request);

#endif
