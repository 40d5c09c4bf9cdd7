#include "protocol/membership.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/fields.h"

struct membership *membership_create(const struct node_id *community_id)
{
    struct membership *membership = memory_allocate(1, sizeof *membership);
    membership->community_id = *community_id;
    membership->policy = policy_default();
    return membership;
}

static void *copy_array(const void *array, size_t count, size_t size_bytes)
{
    void *copy = memory_allocate(count, size_bytes);
    if (count > 0) {
        memcpy(copy, array, count * size_bytes);
    }
    return copy;
}

struct membership *membership_copy(const struct membership *membership)
{
    struct membership *copy = memory_allocate(1, sizeof *copy);
    *copy = *membership;
    copy->name = membership->name == NULL ? NULL : memory_duplicate_string(membership->name);
    copy->members =
        copy_array(membership->members, membership->member_count, sizeof *copy->members);
    copy->revoked =
        copy_array(membership->revoked, membership->revoked_count, sizeof *copy->revoked);
    copy->invitations = copy_array(membership->invitations, membership->invitation_count,
                                   sizeof *copy->invitations);
    for (size_t i = 0; i < copy->member_count; i++) {
        copy->members[i].display_name = memory_duplicate_string(copy->members[i].display_name);
    }
    for (size_t i = 0; i < copy->revoked_count; i++) {
        copy->revoked[i].display_name = memory_duplicate_string(copy->revoked[i].display_name);
    }
    for (size_t i = 0; i < copy->invitation_count; i++) {
        copy->invitations[i].display_name =
            memory_duplicate_string(copy->invitations[i].display_name);
    }
    return copy;
}

void membership_destroy(struct membership **membership)
{
    struct membership *gone = *membership;
    if (gone == NULL) {
        return;
    }
    for (size_t i = 0; i < gone->member_count; i++) {
        memory_free(gone->members[i].display_name);
    }
    for (size_t i = 0; i < gone->revoked_count; i++) {
        memory_free(gone->revoked[i].display_name);
    }
    for (size_t i = 0; i < gone->invitation_count; i++) {
        memory_free(gone->invitations[i].display_name);
    }
    memory_free(gone->name);
    memory_free(gone->members);
    memory_free(gone->revoked);
    memory_free(gone->invitations);
    memory_free(gone);
    *membership = NULL;
}

/* The arrays are ordered by their first field: a node_id, or an event_id. */
static int compare_first_key(const void *left, const void *right)
{
    return memcmp(left, right, NODE_ID_BYTES);
}

static int compare_event_id(const void *left, const void *right)
{
    return strcmp(left, ((const struct invitation *)right)->event_id);
}

/* A zeroed slot at the place where `key` belongs, behind its equals. */
static void *insert(void *array_pointer, size_t *count, size_t size_bytes, const void *key,
                    int (*compare)(const void *left, const void *right))
{
    char **array = array_pointer;
    *array = memory_resize(*array, *count + 1, size_bytes);
    size_t at = 0;
    while (at < *count && compare(key, *array + at * size_bytes) >= 0) {
        at++;
    }
    char *slot = *array + at * size_bytes;
    memmove(slot + size_bytes, slot, (*count - at) * size_bytes);
    memset(slot, 0, size_bytes);
    (*count)++;
    return slot;
}

const struct member *membership_find(const struct membership *membership,
                                     const struct node_id *node_id)
{
    return membership->member_count == 0
               ? NULL
               : bsearch(node_id, membership->members, membership->member_count,
                         sizeof *membership->members, compare_first_key);
}

static struct member *find_member(struct membership *membership, const struct node_id *node_id)
{
    const struct member *member = membership_find(membership, node_id);
    return member == NULL ? NULL : &membership->members[member - membership->members];
}

const struct revocation *membership_find_revoked(const struct membership *membership,
                                                 const struct node_id *node_id)
{
    return membership->revoked_count == 0
               ? NULL
               : bsearch(node_id, membership->revoked, membership->revoked_count,
                         sizeof *membership->revoked, compare_first_key);
}

const struct invitation *membership_find_invitation(const struct membership *membership,
                                                    const char *event_id,
                                                    const struct node_id *invitee)
{
    size_t low = 0;
    size_t high = membership->invitation_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(membership->invitations[middle].event_id, event_id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < membership->invitation_count &&
           strcmp(membership->invitations[low].event_id, event_id) == 0;
         low++) {
        if (invitee == NULL || node_id_equal(&membership->invitations[low].invitee, invitee)) {
            return &membership->invitations[low];
        }
    }
    return NULL;
}

bool membership_is_invitee(const struct membership *membership, const struct node_id *node_id,
                           int64_t wall_seconds)
{
    if (membership_find(membership, node_id) != NULL ||
        membership_find_revoked(membership, node_id) != NULL) {
        return false;
    }
    for (size_t i = 0; i < membership->invitation_count; i++) {
        if (node_id_equal(&membership->invitations[i].invitee, node_id) &&
            membership->invitations[i].expires_at > wall_seconds) {
            return true;
        }
    }
    return false;
}

bool membership_may_invite(const struct membership *membership, const struct node_id *inviter,
                           enum member_level level)
{
    const struct member *member = membership_find(membership, inviter);
    if (member == NULL) {
        return false;
    }
    return member->level >= LEVEL_TRUSTED ||
           (level == LEVEL_MEMBER && membership->policy.default_member_can_invite);
}

enum membership_answer membership_admits(const struct membership *membership,
                                         const struct node_id *author, int64_t lamport)
{
    if (membership_find(membership, author) != NULL) {
        return MEMBERSHIP_ADMITS;
    }
    const struct revocation *revocation = membership_find_revoked(membership, author);
    if (revocation == NULL) {
        return MEMBERSHIP_UNKNOWN;
    }
    return lamport > revocation->lamport ? MEMBERSHIP_REVOKED : MEMBERSHIP_ADMITS;
}

enum result membership_resolve(const struct membership *membership, const char *text,
                               struct node_id *node_id_out)
{
    uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
    const struct member *found = NULL;
    if (node_id_parse(text, node_id_out) == RESULT_OK) {
        return RESULT_OK;
    }
    if (node_id_parse_short(text, prefix) != RESULT_OK) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < membership->member_count; i++) {
        if (memcmp(membership->members[i].node_id.key, prefix, sizeof prefix) == 0) {
            if (found != NULL) {
                return RESULT_MISMATCH;
            }
            found = &membership->members[i];
        }
    }
    if (found == NULL) {
        return RESULT_NOT_FOUND;
    }
    *node_id_out = found->node_id;
    return RESULT_OK;
}

static struct member *add_member(struct membership *membership, const struct node_id *node_id,
                                 enum member_level level, const struct node_id *added_by,
                                 const char *added_at, const char *display_name)
{
    struct member *member = insert(&membership->members, &membership->member_count,
                                   sizeof *membership->members, node_id, compare_first_key);
    member->node_id = *node_id;
    member->level = level;
    member->added_by = *added_by;
    memcpy(member->added_at, added_at, sizeof member->added_at);
    member->display_name = memory_duplicate_string(display_name);
    return member;
}

static void apply_created(struct membership *membership, const struct event *event)
{
    if (membership->name != NULL) {
        return;
    }
    membership->name = fields_displayable(event->data.created.name);
    membership->policy = event->data.created.policy;
    memcpy(membership->created_at, event->wall_clock, sizeof membership->created_at);
    (void)add_member(membership, &event->author, LEVEL_ANCHOR, &event->author, event->wall_clock,
                     "");
}

static void apply_invited(struct membership *membership, const struct event *event)
{
    const struct member_invited *invited = &event->data.invited;
    if (!membership_may_invite(membership, &event->author, invited->initial_level)) {
        return;
    }
    struct invitation *invitation =
        insert(&membership->invitations, &membership->invitation_count,
               sizeof *membership->invitations, event->event_id, compare_event_id);
    memcpy(invitation->event_id, event->event_id, sizeof invitation->event_id);
    invitation->invitee = invited->invitee;
    invitation->inviter = event->author;
    invitation->level = invited->initial_level;
    invitation->display_name = fields_displayable(invited->display_name);
    (void)wall_clock_parse(invited->expires_at, &invitation->expires_at);
}

static void adopt_manifest(struct member *member, const json_t *json)
{
    struct node_manifest manifest;
    if (node_manifest_parse(json, &manifest) != RESULT_OK) {
        return;
    }
    member->endpoints = manifest.endpoints;
    if (manifest.display_name[0] != '\0') {
        memory_free(member->display_name);
        member->display_name = fields_displayable(manifest.display_name);
    }
}

static void apply_joined(struct membership *membership, const struct event *event)
{
    const struct invitation *invitation =
        membership_find_invitation(membership, event->data.joined.invite_event_id, &event->author);
    int64_t joined_at = 0;
    if (invitation == NULL || wall_clock_parse(event->wall_clock, &joined_at) != RESULT_OK ||
        joined_at >= invitation->expires_at ||
        membership_find(membership, &event->author) != NULL ||
        membership_find_revoked(membership, &event->author) != NULL) {
        return;
    }
    struct member *member =
        add_member(membership, &event->author, invitation->level, &invitation->inviter,
                   event->wall_clock, invitation->display_name);
    adopt_manifest(member, event->data.joined.manifest);
}

int64_t membership_count_signers(const struct membership *membership, const struct node_id *author,
                                 const struct co_signers *signers)
{
    int64_t valid = 0;
    const struct member *member = membership_find(membership, author);
    if (member == NULL || member->level < LEVEL_TRUSTED) {
        return -1;
    }
    for (size_t i = 0; i < signers->count; i++) {
        member = membership_find(membership, &signers->node_ids[i]);
        if (member != NULL && member->level >= LEVEL_TRUSTED) {
            valid++;
        }
    }
    return valid;
}

/* True when the author is trusted or above and so are enough of the co-signers. */
static bool has_signers(const struct membership *membership, const struct node_id *author,
                        const struct co_signers *signers, int64_t needed)
{
    int64_t valid = membership_count_signers(membership, author, signers);
    return valid >= 0 && valid >= needed;
}

static void apply_revoked(struct membership *membership, const struct event *event)
{
    const struct member_revoked *revoked = &event->data.revoked;
    struct member *target = find_member(membership, &revoked->target);
    if (target == NULL || !has_signers(membership, &event->author, &revoked->co_signers,
                                       membership->policy.min_signatures_to_revoke)) {
        return;
    }
    size_t index = (size_t)(target - membership->members);
    char *display_name = target->display_name;
    memmove(target, target + 1, (membership->member_count - index - 1) * sizeof *target);
    membership->member_count--;
    struct revocation *revocation =
        insert(&membership->revoked, &membership->revoked_count, sizeof *membership->revoked,
               &revoked->target, compare_first_key);
    revocation->node_id = revoked->target;
    revocation->lamport = event->lamport;
    revocation->display_name = display_name;
    memcpy(revocation->revoked_at, event->wall_clock, sizeof revocation->revoked_at);
}

static void apply_level(struct membership *membership, const struct event *event, bool promote)
{
    const struct level_changed *change = &event->data.level;
    struct member *target = find_member(membership, &change->target);
    int64_t needed = promote ? 1 : membership->policy.min_signatures_to_demote;
    if (target == NULL || !has_signers(membership, &event->author, &change->co_signers, needed) ||
        (promote ? change->new_level <= target->level : change->new_level >= target->level)) {
        return;
    }
    target->level = change->new_level;
}

void membership_apply(struct membership *membership, const struct event *event)
{
    struct member *author = find_member(membership, &event->author);
    if (event->type == EVENT_COMMUNITY_CREATED) {
        apply_created(membership, event);
    } else if (event->type == EVENT_MEMBER_INVITED) {
        apply_invited(membership, event);
    } else if (event->type == EVENT_MEMBER_JOINED) {
        apply_joined(membership, event);
    } else if (event->type == EVENT_MEMBER_REVOKED) {
        apply_revoked(membership, event);
    } else if (event->type == EVENT_MEMBER_PROMOTED || event->type == EVENT_MEMBER_DEMOTED) {
        apply_level(membership, event, event->type == EVENT_MEMBER_PROMOTED);
    } else if (event->type == EVENT_POLICY_UPDATED) {
        if (author != NULL && node_id_equal(&event->author, &membership->community_id)) {
            membership->policy = event->data.policy.policy;
        }
    } else if (event->type == EVENT_MANIFEST_UPDATED && author != NULL) {
        adopt_manifest(author, event->data.manifest.manifest);
    }
}
