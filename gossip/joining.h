/* Redeeming an invite: all or nothing (§17).
 *
 * Who is invited gets just as much of the log as says who belongs, says that it joined, and tells
 * the inviter's node. Who is a member already, and has no log, gets the same and says nothing. All
 * else the running gossip's reconciliation brings, so a join ends however long the log is and
 * whatever is written meanwhile.
 * Thread: any that may block on the network, one at a time. The log is built in communities/joining
 * and becomes the community's in one step, so that any failure leaves nothing behind and the same
 * invite can be tried again.
 */
#ifndef HEARTHCHAT_GOSSIP_JOINING_H
#define HEARTHCHAT_GOSSIP_JOINING_H

#include "gossip/http_client.h"
#include "protocol/invite.h"
#include "store/event_log.h"

struct joining_request {
    const struct invite *invite;
    const char *data_directory;
    const struct signing_key *key;
    const struct http_identity *identity;
    const struct clock *clock;
    struct account_table *accounts;
    json_t *manifest; /* our node manifest; borrowed. NULL for an invite without an invitation */
    const atomic_bool *cancelled; /* once true, the join gives up within seconds */
    bool unasked; /* nobody waits for it: it ends after LIMITS_RETURN_MS and LIMITS_RETURN_PAGES */
};

/* *returned_out: we were a member, and nothing was appended. RESULT_INVALID what the inviter's node
 * shows does not prove what it says; RESULT_EXPIRED by its clock, RESULT_MISMATCH the invite is for
 * another device, RESULT_UNREACHABLE none of its addresses answered, RESULT_UNAUTHORIZED the
 * inviter does not let us in (any more), RESULT_IO. */
enum result joining_run(const struct joining_request *request, bool *returned_out,
                        struct error *error);

#endif
