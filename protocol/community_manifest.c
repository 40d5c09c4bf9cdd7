#include "protocol/community_manifest.h"

#include "protocol/json_build.h"
static json_t *member_to_json(const struct membership *membership, const struct member *member)
{
    const struct member_profile *profile = membership_profile(membership, member->person);
    char node_id[NODE_ID_TEXT_BYTES];
    char added_by[NODE_ID_TEXT_BYTES];
    char added_at[WALL_CLOCK_TEXT_BYTES];
    node_id_format(&member->node_id, node_id);
    node_id_format(member_profile_added_by(profile), added_by);
    wall_clock_format(member_profile_added_at(profile), added_at);
    return json_build_pack("{s:s,s:s,s:s,s:s}", "node_id", node_id, "level",
                           member_level_name(member->level), "added_at", added_at, "added_by",
                           added_by);
}

json_t *community_manifest_make(const struct membership *membership, int64_t head_lamport,
                                const struct signing_key *key)
{
    if (membership->name == NULL) {
        return NULL;
    }
    char community_id[NODE_ID_TEXT_BYTES];
    char signed_by[NODE_ID_TEXT_BYTES];
    char revoked_id[NODE_ID_TEXT_BYTES];
    char revoked_at[WALL_CLOCK_TEXT_BYTES];
    json_t *members = json_array();
    json_t *revoked = json_array();
    node_id_format(&membership->community_id, community_id);
    node_id_format(&key->node_id, signed_by);
    for (size_t i = 0; i < membership->member_count; i++) {
        (void)json_array_append_new(members, member_to_json(membership, &membership->members[i]));
    }
    for (size_t i = 0; i < membership->revoked_count; i++) {
        node_id_format(&membership->revoked[i].node_id, revoked_id);
        wall_clock_format(membership->revoked[i].revoked_at, revoked_at);
        (void)json_array_append_new(
            revoked, json_build_pack("{s:s,s:s}", "node_id", revoked_id, "revoked_at", revoked_at));
    }
    json_t *manifest = json_build_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:i,s:o,s:o,s:o,s:I,s:s}", "version", 1, "community_id", community_id,
        "name", membership->name, "root_key", community_id, "created_at", membership->created_at,
        "lamport_at_creation", 1, "policy", policy_to_json(&membership->policy), "members", members,
        "revoked", revoked, "head_lamport", (json_int_t)head_lamport, "signed_by", signed_by);
    (void)signing_sign_object(key, manifest);
    return manifest;
}
