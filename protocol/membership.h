/* Who belongs to the community at one moment: what the replay of its community events came to (§7).
 *
 * Thread: read-only once published (community_publish()), from any; shared by counting.
 * Limits: a member takes 48 bytes and its profile, which copies share.
 */
#ifndef HEARTHCHAT_PROTOCOL_MEMBERSHIP_H
#define HEARTHCHAT_PROTOCOL_MEMBERSHIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"
#include "protocol/member_names.h"
#include "protocol/member_profile.h"

struct member {
    struct node_id node_id;
    enum member_level level;
    uint32_t person; /* its place among the profiles */
};

struct revocation {
    struct node_id node_id;
    int64_t lamport;    /* events of the node above this one are not accepted */
    int64_t revoked_at; /* seconds since 1970, by the clock of who did it */
    uint32_t person;
};

struct invitation {
    char event_id[ULID_TEXT_BYTES];
    struct node_id invitee;
    int64_t expires_at; /* seconds since 1970 */
};

/* The unused invitations of one inviter, in replay order. */
struct invitation_list {
    atomic_int references;
    uint32_t count;
    struct invitation invitations[];
};

struct invitation_list *membership_share_invitations(struct invitation_list *list);
void membership_release_invitations(struct invitation_list **list); /* NULL is fine */

struct membership {
    atomic_int references;
    struct node_id community_id;
    char *name; /* NULL until there is a community.created */
    char created_at[WALL_CLOCK_TEXT_BYTES];
    struct policy policy;
    size_t trusted_count;   /* members of level trusted or above */
    struct member *members; /* by node_id */
    size_t member_count;
    struct revocation *revoked; /* by node_id */
    size_t revoked_count;
    struct member_profile **profiles; /* by person */
    size_t profile_count;
    struct invitation_list **invitations;
    size_t invitation_list_count;
    struct member_names *names;
};

struct membership *membership_share(struct membership *membership);
void membership_release(struct membership **membership); /* NULL is fine */

enum membership_answer { MEMBERSHIP_ADMITS, MEMBERSHIP_UNKNOWN, MEMBERSHIP_REVOKED };

/* NULL when not a member now. Borrowed. */
const struct member *membership_find(const struct membership *membership,
                                     const struct node_id *node_id);
const struct revocation *membership_find_revoked(const struct membership *membership,
                                                 const struct node_id *node_id);

/* Of a member, or of who was one: a revocation leaves the name there was. Borrowed. */
const struct member_profile *membership_profile(const struct membership *membership,
                                                uint32_t person);

/* The same; one reference, the caller's. It is another as soon as anything of it changes. */
struct member_profile *membership_share_profile(const struct membership *membership,
                                                uint32_t person);

struct person_name_keys membership_name_keys(const struct membership *membership, uint32_t person);

/* Whether another member's name reads the same as this one's, or looks alike. NAMESAKE_NONE for who
 * has no name. */
enum namesake membership_namesake(const struct membership *membership, const struct member *member);

/* The first with that id for that node. An id alone says little: others can write events with it.
 */
const struct invitation *membership_find_invitation(const struct membership *membership,
                                                    const char *event_id,
                                                    const struct node_id *invitee);

/* True when that node holds an invitation that is unexpired at `wall_seconds` and has not joined.
 */
bool membership_is_invitee(const struct membership *membership, const struct node_id *node_id,
                           int64_t wall_seconds);

/* A full NodeID, or a short one that is unique among the members. RESULT_NOT_FOUND, RESULT_MISMATCH
 * when several members share the short form, RESULT_INVALID when it is neither form. A full NodeID
 * is resolved whether its node is a member or not. */
enum result membership_resolve(const struct membership *membership, const char *text,
                               struct node_id *node_id_out);

#endif
