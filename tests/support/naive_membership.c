#include "support/naive_membership.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event_kind.h"

enum { MOST_UNUSED = 256, MOST_BROUGHT = 64, MOST_BROUGHT_BY_TRUSTED = 4096, MOST_ROUNDS = 8 };

struct offered {
    const struct event *event;
    bool is_used;
    bool has_lapsed;
};

struct replay {
    const struct node_id *community_id;
    bool is_founded;
    struct policy policy;
    struct naive_person *people;
    size_t person_count;
    struct offered *invitations; /* those that counted, in replay order */
    size_t invitation_count;
    size_t lapsed;
    size_t turned_away;
};

static struct naive_person *find(const struct replay *replay, const struct node_id *node_id)
{
    for (size_t i = 0; i < replay->person_count; i++) {
        if (node_id_equal(&replay->people[i].node_id, node_id)) {
            return &replay->people[i];
        }
    }
    return NULL;
}

static const struct naive_person *find_member(const struct replay *replay,
                                              const struct node_id *node_id)
{
    const struct naive_person *person = find(replay, node_id);
    return person != NULL && person->is_member ? person : NULL;
}

static bool is_trusted(const struct replay *replay, const struct node_id *node_id)
{
    const struct naive_person *member = find_member(replay, node_id);
    return member != NULL && member->level >= LEVEL_TRUSTED;
}

static struct naive_person *add_person(struct replay *replay, const struct event *event,
                                       const struct node_id *inviter, enum member_level level)
{
    replay->people =
        memory_resize(replay->people, replay->person_count + 1, sizeof *replay->people);
    struct naive_person *person = &replay->people[replay->person_count++];
    *person = (struct naive_person){.node_id = event->author,
                                    .inviter = *inviter,
                                    .level = level,
                                    .is_member = true,
                                    .invited_as = ""};
    return person;
}

static void replay_invited(struct replay *replay, const struct event *event)
{
    bool allowed =
        is_trusted(replay, &event->author) ||
        (find_member(replay, &event->author) != NULL && replay->policy.default_member_can_invite &&
         event->data.invited.initial_level == LEVEL_MEMBER);
    size_t unused = 0;
    struct offered *oldest = NULL;
    if (!allowed) {
        return;
    }
    replay->invitations = memory_resize(replay->invitations, replay->invitation_count + 1,
                                        sizeof *replay->invitations);
    replay->invitations[replay->invitation_count++] = (struct offered){.event = event};
    for (size_t i = 0; i < replay->invitation_count; i++) {
        struct offered *invitation = &replay->invitations[i];
        if (!invitation->is_used && !invitation->has_lapsed &&
            node_id_equal(&invitation->event->author, &event->author)) {
            oldest = oldest == NULL ? invitation : oldest;
            unused++;
        }
    }
    if (unused > MOST_UNUSED) {
        oldest->has_lapsed = true;
        replay->lapsed++;
    }
}

static struct offered *find_invitation(const struct replay *replay, const struct event *joined)
{
    for (size_t i = 0; i < replay->invitation_count; i++) {
        struct offered *invitation = &replay->invitations[i];
        if (!invitation->has_lapsed &&
            strcmp(invitation->event->event_id, joined->data.joined.invite_event_id) == 0 &&
            node_id_equal(&invitation->event->data.invited.invitee, &joined->author)) {
            return invitation;
        }
    }
    return NULL;
}

static void replay_joined(struct replay *replay, const struct event *event)
{
    struct offered *invitation = find_invitation(replay, event);
    size_t brought = 0;
    if (find(replay, &event->author) != NULL || invitation == NULL ||
        strcmp(event->wall_clock, invitation->event->data.invited.expires_at) >= 0) {
        return;
    }
    const struct node_id *inviter = &invitation->event->author;
    for (size_t i = 0; i < replay->person_count; i++) {
        const struct naive_person *person = &replay->people[i];
        brought += person->is_member && node_id_equal(&person->inviter, inviter) &&
                           !node_id_equal(&person->node_id, inviter)
                       ? 1
                       : 0;
    }
    if (brought >= (is_trusted(replay, inviter) ? MOST_BROUGHT_BY_TRUSTED : MOST_BROUGHT)) {
        replay->turned_away++;
        return;
    }
    invitation->is_used = true;
    add_person(replay, event, inviter, invitation->event->data.invited.initial_level)->invited_as =
        invitation->event->data.invited.display_name;
}

/* Whether so many agree as it takes: the policy's number, or all of the trusted but the target if
 * they are fewer; of the root key always the policy's number. */
static bool is_agreed(const struct replay *replay, const struct event *event,
                      const struct co_signers *signers, const struct node_id *target,
                      int64_t policys_number)
{
    int64_t agreeing = 0;
    int64_t others = 0;
    for (size_t i = 0; i < signers->count; i++) {
        agreeing += is_trusted(replay, &signers->node_ids[i]) ? 1 : 0;
    }
    for (size_t i = 0; i < replay->person_count; i++) {
        const struct node_id *node_id = &replay->people[i].node_id;
        others += is_trusted(replay, node_id) && !node_id_equal(node_id, target) ? 1 : 0;
    }
    int64_t needed = others < policys_number && !node_id_equal(target, replay->community_id)
                         ? others
                         : policys_number;
    return is_trusted(replay, &event->author) && agreeing >= needed;
}

static void replay_revoked(struct replay *replay, const struct event *event)
{
    struct naive_person *target = find(replay, &event->data.revoked.target);
    if (target != NULL && target->is_member &&
        is_agreed(replay, event, &event->data.revoked.co_signers, &target->node_id,
                  replay->policy.min_signatures_to_revoke)) {
        target->is_member = false;
        target->is_revoked = true;
        target->revoked_at = event->lamport;
    }
}

static void replay_level(struct replay *replay, const struct event *event)
{
    const struct level_changed *change = &event->data.level;
    struct naive_person *target = find(replay, &change->target);
    if (target == NULL || !target->is_member) {
        return;
    }
    if (event->type == EVENT_MEMBER_PROMOTED) {
        bool agreed = is_trusted(replay, &event->author) && change->new_level > target->level;
        target->level = agreed ? change->new_level : target->level; /* the author's is one */
    } else if (change->new_level < target->level &&
               is_agreed(replay, event, &change->co_signers, &target->node_id,
                         replay->policy.min_signatures_to_demote)) {
        target->level = change->new_level;
    }
}

static void replay_event(struct replay *replay, const struct event *event)
{
    struct naive_person *author = find(replay, &event->author);
    if (event->type == EVENT_COMMUNITY_CREATED && !replay->is_founded) {
        replay->is_founded = true;
        replay->policy = event->data.created.policy;
        (void)add_person(replay, event, &event->author, LEVEL_ANCHOR);
    } else if (event->type == EVENT_MEMBER_INVITED) {
        replay_invited(replay, event);
    } else if (event->type == EVENT_MEMBER_JOINED) {
        replay_joined(replay, event);
        author = find(replay, &event->author);
        if (author != NULL) {
            author->manifest = event->data.joined.manifest;
        }
    } else if (event->type == EVENT_MEMBER_REVOKED) {
        replay_revoked(replay, event);
    } else if (event->type == EVENT_MEMBER_PROMOTED || event->type == EVENT_MEMBER_DEMOTED) {
        replay_level(replay, event);
    } else if (event->type == EVENT_POLICY_UPDATED && author != NULL && author->is_member &&
               node_id_equal(&event->author, replay->community_id)) {
        replay->policy = event->data.policy.policy;
    } else if (event->type == EVENT_MANIFEST_UPDATED && author != NULL) {
        author->manifest = event->data.manifest.manifest;
    }
}

/* Of an author's events that drive the membership and have one id the first in replay order counts;
 * manifests are none of them (§7). A joining is never
 * void for that: a twin before it, written when its author did not belong, is accepted because of
 * the joining alone, so it can't undo it (and there is no set in which it did). */
static bool has_earlier_twin(const struct naive_outcome *outcome, size_t index)
{
    const struct event *event = event_verified_get(outcome->sorted[index]);
    if (event->type == EVENT_MEMBER_JOINED || !event_kind_get(event->type)->drives_membership) {
        return false;
    }
    for (size_t i = 0; i < index; i++) {
        const struct event *other = event_verified_get(outcome->sorted[i]);
        if (outcome->accepted[i] && event_kind_get(other->type)->drives_membership &&
            strcmp(other->event_id, event->event_id) == 0 &&
            node_id_equal(&other->author, &event->author)) {
            return true;
        }
    }
    return false;
}

static struct replay replay_accepted(const struct naive_outcome *outcome,
                                     const struct node_id *community_id)
{
    struct replay replay = {.community_id = community_id};
    for (size_t i = 0; i < outcome->count; i++) {
        const struct event *event = event_verified_get(outcome->sorted[i]);
        if (outcome->accepted[i] && event_kind_get(event->type)->tells_of_members &&
            !has_earlier_twin(outcome, i)) {
            replay_event(&replay, event);
        }
    }
    return replay;
}

static bool belongs(const struct replay *replay, const struct event *event)
{
    const struct naive_person *author = find(replay, &event->author);
    return author != NULL && (author->is_member || event->lamport <= author->revoked_at);
}

static int compare_events(const void *left, const void *right)
{
    return event_compare(event_verified_get(*(struct verified_event *const *)left),
                         event_verified_get(*(struct verified_event *const *)right));
}

static void sort_events(struct verified_event *const *events, size_t count,
                        struct naive_outcome *outcome)
{
    outcome->sorted = memory_allocate(count, sizeof(struct verified_event *));
    outcome->accepted = memory_allocate(count, sizeof *outcome->accepted);
    memcpy(outcome->sorted, events, count * sizeof(struct verified_event *));
    qsort(outcome->sorted, count, sizeof(struct verified_event *), compare_events);
    for (size_t i = 0; i < count; i++) {
        if (outcome->count == 0 ||
            compare_events(&outcome->sorted[outcome->count - 1], &outcome->sorted[i]) != 0) {
            outcome->sorted[outcome->count] = outcome->sorted[i];
            outcome->accepted[outcome->count++] = true;
        }
    }
}

void naive_membership_decide(struct verified_event *const *events, size_t count,
                             const struct node_id *community_id, struct naive_outcome *outcome_out)
{
    bool changed = true;
    struct fingerprint fingerprint = {0};
    *outcome_out = (struct naive_outcome){0};
    sort_events(events, count, outcome_out);
    for (int round = 0; changed; round++) {
        struct replay replay = replay_accepted(outcome_out, community_id);
        changed = false;
        for (size_t i = 0; i < outcome_out->count; i++) {
            bool accepted = belongs(&replay, event_verified_get(outcome_out->sorted[i]));
            changed = changed || accepted != outcome_out->accepted[i];
            outcome_out->accepted[i] = accepted;
        }
        memory_free(outcome_out->people);
        memory_free(replay.invitations);
        outcome_out->people = replay.people;
        outcome_out->person_count = replay.person_count;
        if (round == 0) { /* later there are only those that are accepted */
            outcome_out->lapsed = replay.lapsed;
            outcome_out->turned_away = replay.turned_away;
        }
        if (round == MOST_ROUNDS) {
            abort(); /* the law would have no answer */
        }
    }
    for (size_t i = 0; i < outcome_out->count; i++) {
        const struct event *event = event_verified_get(outcome_out->sorted[i]);
        if (outcome_out->accepted[i]) {
            fingerprint_add(&fingerprint, event->hash);
            outcome_out->accepted_count++;
            outcome_out->head =
                event->lamport > outcome_out->head ? event->lamport : outcome_out->head;
        }
    }
    fingerprint_digest(&fingerprint, outcome_out->fingerprint);
}

void naive_membership_forget(struct naive_outcome *outcome)
{
    memory_free(outcome->sorted);
    memory_free(outcome->accepted);
    memory_free(outcome->people);
    *outcome = (struct naive_outcome){0};
}

/* Whether the member is shown as that manifest says. */
static bool shows(const struct member_profile *profile, const struct naive_person *person,
                  const json_t *json)
{
    struct node_manifest manifest;
    struct endpoints endpoints;
    member_profile_read_endpoints(profile, &endpoints);
    if (json == NULL || node_manifest_parse(json, &manifest) != RESULT_OK) {
        return endpoints.count == 0 &&
               strcmp(member_profile_name(profile), person->invited_as) == 0;
    }
    const char *name =
        manifest.display_name[0] != '\0' ? manifest.display_name : person->invited_as;
    return node_manifest_endpoints_equal(&endpoints, &manifest.endpoints) &&
           strcmp(member_profile_name(profile), name) == 0;
}

static void compare_person(const struct naive_person *person, const struct membership *membership,
                           struct buffer *differences)
{
    char text[NODE_ID_SHORT_BYTES];
    node_id_format_short(&person->node_id, text);
    const struct member *member = membership_find(membership, &person->node_id);
    const struct revocation *revocation = membership_find_revoked(membership, &person->node_id);
    const struct member_profile *profile =
        member == NULL ? NULL : membership_profile(membership, member->person);
    if ((member != NULL) != person->is_member || (revocation != NULL) != person->is_revoked ||
        (member != NULL && member->level != person->level) ||
        (member != NULL && !node_id_equal(member_profile_added_by(profile), &person->inviter)) ||
        (revocation != NULL && revocation->lamport != person->revoked_at)) {
        buffer_append_format(differences, "members: %s should be %s %s, revoked at %lld\n", text,
                             person->is_member ? "a member," : "no member,",
                             member_level_name(person->level), (long long)person->revoked_at);
    } else if (member != NULL && !shows(profile, person, person->manifest)) {
        buffer_append_format(differences, "names: %s is shown as \"%s\"\n", text,
                             member_profile_name(profile));
    }
}

void naive_membership_compare(const struct naive_outcome *outcome, struct event_log *log,
                              struct buffer *differences)
{
    size_t members = 0;
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    if (snapshot->event_count != outcome->accepted_count || snapshot->head != outcome->head ||
        memcmp(snapshot->fingerprint, outcome->fingerprint, FINGERPRINT_BYTES) != 0) {
        buffer_append_format(differences, "set: %llu events to %lld, should be %zu to %lld\n",
                             (unsigned long long)snapshot->event_count, (long long)snapshot->head,
                             outcome->accepted_count, (long long)outcome->head);
    }
    for (size_t i = 0; i < outcome->person_count; i++) {
        compare_person(&outcome->people[i], snapshot->membership, differences);
        members += outcome->people[i].is_member ? 1 : 0;
    }
    if (snapshot->membership->member_count != members ||
        snapshot->membership->revoked_count != outcome->person_count - members) {
        buffer_append_format(differences, "members: %zu and %zu revoked, should be %zu and %zu\n",
                             snapshot->membership->member_count,
                             snapshot->membership->revoked_count, members,
                             outcome->person_count - members);
    }
    log_snapshot_release(log, &snapshot);
}
