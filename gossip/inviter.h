/* The inviter's node as a guest meets it: where it answers, what its clock shows, for what it
 * exchanges an open invite, what it says of the community, pages of its log (§17).
 *
 * Thread: that of the join; every call blocks on the network. A 429 is waited out, for five minutes
 * in all. The caller owns the struct and what it borrows.
 */
#ifndef HEARTHCHAT_GOSSIP_INVITER_H
#define HEARTHCHAT_GOSSIP_INVITER_H

#include <jansson.h>

#include "core/clock.h"
#include "core/error.h"
#include "gossip/http_client.h"
#include "protocol/foreign_text.h"
#include "protocol/invite.h"

#define INVITER_MOST_URL_BYTES 320

struct inviter {
    const struct invite *invite; /* borrowed, as what follows */
    const struct node_id *self;
    const char *display_name; /* ours */
    const struct http_identity *identity;
    struct account *account;    /* its: pays for its answers */
    struct http_client *client; /* keeps the connection from one call to the next */
    const struct clock *clock;
    const atomic_bool *cancelled;
    int64_t until_ms; /* of the clock, monotonic: then every call ends */
    /* Set by inviter_reach(). */
    struct foreign_text text; /* of the last answer; foreign_text_close() at the end */
    struct endpoint endpoint;
    char base[INVITER_MOST_URL_BYTES];
    char invite_event_id[ULID_TEXT_BYTES]; /* of our invitation; "": it knows us as a member */
    int64_t ahead_ms;                      /* its clock minus ours */
    bool knows_member;                     /* we are among the members that it shows */
    int64_t head;                          /* of its log, then */
    bool is_plain;                         /* it does not know pages of the membership alone */
};

/* Tries the invite's addresses, and redeems it if it is open: the same key may do that again.
 * RESULT_UNREACHABLE: none answered as the inviter's node;
 * RESULT_UNAUTHORIZED: it does not let us in; RESULT_EXPIRED: nor could it, by its clock;
 * RESULT_INVALID: what it shows is of another community, or not signed by it. */
enum result inviter_reach(struct inviter *inviter, struct error *error);

/* A page of its log above `our_head`, in replay order; of the membership alone if it can. The
 * answer is the caller's until the next call: "events", and "more". */
enum result inviter_page(struct inviter *inviter, int64_t our_head, json_t **answer_out,
                         struct error *error);

/* Hands it a batch (event_batch.h). RESULT_UNAUTHORIZED: it refused an event of it. */
enum result inviter_push(struct inviter *inviter, const struct buffer *body, struct error *error);

#endif
