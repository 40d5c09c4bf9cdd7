#include "protocol/membership.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct invitation_list *membership_share_invitations(struct invitation_list *list)
{
    (void)atomic_fetch_add(&list->references, 1);
    return list;
}

void membership_release_invitations(struct invitation_list **list)
{
    if (*list != NULL && atomic_fetch_sub(&(*list)->references, 1) == 1) {
        memory_free(*list);
    }
    *list = NULL;
}

struct membership *membership_share(struct membership *membership)
{
    (void)atomic_fetch_add(&membership->references, 1);
    return membership;
}

void membership_release(struct membership **membership)
{
    struct membership *gone = *membership;
    *membership = NULL;
    if (gone == NULL || atomic_fetch_sub(&gone->references, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < gone->profile_count; i++) {
        member_profile_release(&gone->profiles[i]);
    }
    for (size_t i = 0; i < gone->invitation_list_count; i++) {
        membership_release_invitations(&gone->invitations[i]);
    }
    memory_free(gone->name);
    memory_free(gone->members);
    memory_free(gone->revoked);
    memory_free(gone->profiles);
    memory_free(gone->invitations);
    member_names_destroy(&gone->names);
    memory_free(gone);
}

/* The arrays are ordered by their first field. */
static int compare_node_ids(const void *left, const void *right)
{
    return memcmp(left, right, NODE_ID_BYTES);
}

const struct member *membership_find(const struct membership *membership,
                                     const struct node_id *node_id)
{
    return membership->member_count == 0
               ? NULL
               : bsearch(node_id, membership->members, membership->member_count,
                         sizeof *membership->members, compare_node_ids);
}

const struct revocation *membership_find_revoked(const struct membership *membership,
                                                 const struct node_id *node_id)
{
    return membership->revoked_count == 0
               ? NULL
               : bsearch(node_id, membership->revoked, membership->revoked_count,
                         sizeof *membership->revoked, compare_node_ids);
}

const struct member_profile *membership_profile(const struct membership *membership,
                                                uint32_t person)
{
    return membership->profiles[person];
}

struct member_profile *membership_share_profile(const struct membership *membership,
                                                uint32_t person)
{
    return member_profile_share(membership->profiles[person]);
}

struct person_name_keys membership_name_keys(const struct membership *membership, uint32_t person)
{
    return member_profile_name_keys(membership->profiles[person]);
}

enum namesake membership_namesake(const struct membership *membership, const struct member *member)
{
    struct member_names *names = membership->names;
    if (member_names_begin(names, membership->member_count)) {
        for (size_t i = 0; i < membership->member_count; i++) {
            uint32_t person = membership->members[i].person;
            member_names_add(names, member_profile_name_keys(membership->profiles[person]));
        }
        member_names_sort(names);
    }
    enum namesake namesake =
        member_names_find(names, member_profile_name_keys(membership->profiles[member->person]));
    member_names_end(names);
    return namesake;
}

const struct invitation *membership_find_invitation(const struct membership *membership,
                                                    const char *event_id,
                                                    const struct node_id *invitee)
{
    for (size_t list = 0; list < membership->invitation_list_count; list++) {
        const struct invitation_list *unused = membership->invitations[list];
        for (size_t i = 0; i < unused->count; i++) {
            const struct invitation *invitation = &unused->invitations[i];
            if (node_id_equal(&invitation->invitee, invitee) &&
                strcmp(invitation->event_id, event_id) == 0) {
                return invitation;
            }
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
    for (size_t list = 0; list < membership->invitation_list_count; list++) {
        const struct invitation_list *unused = membership->invitations[list];
        for (size_t i = 0; i < unused->count; i++) {
            if (node_id_equal(&unused->invitations[i].invitee, node_id) &&
                unused->invitations[i].expires_at > wall_seconds) {
                return true;
            }
        }
    }
    return false;
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
