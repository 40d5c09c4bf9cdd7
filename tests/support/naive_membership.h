/* A second opinion on §6 and §7: which of a history's events are accepted and who belongs, by
 * reading the law aloud. No index, no increments: sort, replay everything, look again.
 *
 * Thread: any. naive_membership_decide() gives, naive_membership_forget() takes; what an outcome
 * says of manifests is borrowed from the events.
 */
#ifndef HEARTHCHAT_TESTS_NAIVE_MEMBERSHIP_H
#define HEARTHCHAT_TESTS_NAIVE_MEMBERSHIP_H

#include "core/buffer.h"
#include "protocol/event.h"
#include "store/event_log.h"

struct naive_person {
    struct node_id node_id;
    struct node_id inviter; /* itself: the founder, whom nobody brought */
    enum member_level level;
    bool is_member;
    bool is_revoked;
    int64_t revoked_at;     /* lamport */
    const char *invited_as; /* the name in the invitation that counted */
    const json_t *manifest; /* the last in replay order of those that count as they arrive */
};

struct naive_outcome {
    struct verified_event **sorted; /* the events in replay order, each once; borrowed inside */
    bool *accepted;                 /* one of `sorted` each */
    size_t count;
    struct naive_person *people; /* members and revoked */
    size_t person_count;
    size_t accepted_count;
    size_t lapsed;      /* invitations that did: too many were unused */
    size_t turned_away; /* joinings that did not count: the inviter had brought too many */
    int64_t head;
    uint8_t fingerprint[FINGERPRINT_BYTES];
};

void naive_membership_decide(struct verified_event *const *events, size_t count,
                             const struct node_id *community_id, struct naive_outcome *outcome_out);
void naive_membership_forget(struct naive_outcome *outcome);

/* Appends a line for each thing that the log says otherwise: "set", "members", "names". */
void naive_membership_compare(const struct naive_outcome *outcome, struct event_log *log,
                              struct buffer *differences);

#endif
