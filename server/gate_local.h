/* The gate on loopback: who is this machine's owner, and who only looks like it (§9).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_SERVER_GATE_LOCAL_H
#define HEARTHCHAT_SERVER_GATE_LOCAL_H

#include "server/listener_request.h"

/* True for the owner's requests. With `same_user_only` the other end must belong to our user or to
 * root. False with what to answer; nothing about the node is revealed. Where it can't be found out
 * whose it is, that is no 401 but a 503: nobody is told to be somebody else. */
bool gate_local_admit(struct listener_request *request, uint16_t port, bool same_user_only,
                      struct refusal *refusal_out);

#endif
