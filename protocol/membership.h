/* Who belongs to the community: derived from the community.* events alone, in replay order (§7).
 *
 * Thread: a struct membership that is being built belongs to one thread; one that is published is
 * read-only and may be read from any. Ownership: create/copy give, destroy takes. Every node that
 * applies the same events in the same order gets the same answer.
 */
#ifndef HEARTHCHAT_PROTOCOL_MEMBERSHIP_H
#define HEARTHCHAT_PROTOCOL_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/event.h"
#include "protocol/node_manifest.h"

struct member {
    struct node_id node_id;
    enum member_level level;
    char added_at[WALL_CLOCK_TEXT_BYTES];
    struct node_id added_by;
    char *display_name; /* the node's own, else the one it was invited by; "" when none is known */
    struct endpoints endpoints;
};

struct revocation {
    struct node_id node_id;
    char revoked_at[WALL_CLOCK_TEXT_BYTES];
    int64_t lamport;    /* events of the node above this one are not accepted */
    char *display_name; /* that it had; for what it wrote before */
};

struct invitation {
    char event_id[ULID_TEXT_BYTES];
    struct node_id invitee;
    struct node_id inviter;
    enum member_level level;
    char *display_name;
    int64_t expires_at; /* seconds since 1970 */
};

struct membership {
    struct node_id community_id;
    char *name; /* NULL until community.created was applied */
    char created_at[WALL_CLOCK_TEXT_BYTES];
    struct policy policy;
    struct member *members; /* by node_id */
    size_t member_count;
    struct revocation *revoked; /* by node_id */
    size_t revoked_count;
    struct invitation *invitations; /* by event_id, of one id in replay order */
    size_t invitation_count;
};

struct membership *membership_create(const struct node_id *community_id);
struct membership *membership_copy(const struct membership *membership);
void membership_destroy(struct membership **membership);

/* Applies the next community event in replay order. An event whose author may not do that changes
 * nothing. */
void membership_apply(struct membership *membership, const struct event *event);

enum membership_answer { MEMBERSHIP_ADMITS, MEMBERSHIP_UNKNOWN, MEMBERSHIP_REVOKED };

/* Whether an event of that author with that lamport belongs into the log (§6 step 5). */
enum membership_answer membership_admits(const struct membership *membership,
                                         const struct node_id *author, int64_t lamport);

/* NULL when not a member now. Borrowed. */
const struct member *membership_find(const struct membership *membership,
                                     const struct node_id *node_id);
const struct revocation *membership_find_revoked(const struct membership *membership,
                                                 const struct node_id *node_id);
/* The first with that id for that node; `invitee` NULL: for anybody. An id alone says little:
 * others can write events with it. */
const struct invitation *membership_find_invitation(const struct membership *membership,
                                                    const char *event_id,
                                                    const struct node_id *invitee);

/* True when that node holds an invitation that is unexpired at `wall_seconds` and has not joined.
 */
bool membership_is_invitee(const struct membership *membership, const struct node_id *node_id,
                           int64_t wall_seconds);

bool membership_may_invite(const struct membership *membership, const struct node_id *inviter,
                           enum member_level level);

/* How many of the co-signers are trusted or above; -1 when the author is not. */
int64_t membership_count_signers(const struct membership *membership, const struct node_id *author,
                                 const struct co_signers *signers);

/* A full NodeID, or a short one that is unique among the members. RESULT_NOT_FOUND, RESULT_MISMATCH
 * when several members share the short form, RESULT_INVALID when it is neither form. A full NodeID
 * is resolved whether its node is a member or not. */
enum result membership_resolve(const struct membership *membership, const char *text,
                               struct node_id *node_id_out);

#endif
