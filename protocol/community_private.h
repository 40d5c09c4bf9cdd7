/* What the two halves of the community share: facts and replay (community.c), and what is shown of
 * it (community_publish.c).
 *
 * Thread: one at a time.
 */
#ifndef HEARTHCHAT_PROTOCOL_COMMUNITY_PRIVATE_H
#define HEARTHCHAT_PROTOCOL_COMMUNITY_PRIVATE_H

#include "protocol/community.h"

struct checkpoint {
    uint32_t position; /* in replay order: facts before it are applied */
    struct replay state;
};

/* The unused invitations of a person as they were published, and of which list. */
struct published_list {
    struct unused_invitations *of; /* referenced, so that its address is its own */
    struct invitation_list *list;
};

struct community {
    struct people people;
    struct fact_table facts;
    uint32_t *order; /* handles in replay order */
    uint32_t order_count;
    struct checkpoint *checkpoints; /* ascending */
    size_t checkpoint_count;
    struct replay now;
    struct fact_record *offered; /* of the batch; signers are looked up when it is settled */
    uint32_t offered_count;
    uint32_t people_before; /* how many there were before the batch */
    uint32_t settled_first; /* fact of the batch before */
    uint32_t earliest;      /* position from which the next replay begins at the latest */
    struct community_change *changes;
    size_t change_count;
    struct member_profile **profiles; /* by person */
    struct published_list *published; /* by person */
    uint32_t profile_count;
};

#endif
