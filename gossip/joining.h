/* Redeeming an invite: all or nothing (§17).
 *
 * Thread: one of its own; it blocks on the network. The log is built in communities/joining and
 * becomes the community's by one rename, so that any failure leaves nothing behind and the same
 * invite can be tried again.
 */
#ifndef HEARTHCHAT_GOSSIP_JOINING_H
#define HEARTHCHAT_GOSSIP_JOINING_H

#include "gossip/http_client.h"
#include "protocol/invite.h"
#include "store/event_log.h"

struct joining_request {
    const char *invite_text;
    const char *data_directory;
    const struct signing_key *key;
    const struct http_identity *identity;
    const struct clock *clock;
    json_t *manifest;             /* our node manifest; borrowed */
    const atomic_bool *cancelled; /* once true, the join gives up within seconds */
};

/* RESULT_INVALID no invite, RESULT_EXPIRED, RESULT_MISMATCH it is for another device,
 * RESULT_UNREACHABLE none of its addresses answered, RESULT_UNAUTHORIZED the inviter does not let
 * us in (any more), RESULT_IO. */
enum result joining_run(const struct joining_request *request, struct node_id *community_id_out,
                        struct error *error);

#endif
