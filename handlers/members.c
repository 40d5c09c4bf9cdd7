#include "handlers/handlers.h"

#include "protocol/json_build.h"
static json_t *describe_member(const struct node_parts *parts, const struct membership *membership,
                               const struct member *member)
{
    const struct member_profile *profile = membership_profile(membership, member->person);
    json_t *entry = node_parts_describe_node(parts, &member->node_id, membership);
    struct endpoints endpoints;
    char added_at[WALL_CLOCK_TEXT_BYTES];
    char added_by[NODE_ID_TEXT_BYTES];
    member_profile_read_endpoints(profile, &endpoints);
    wall_clock_format(member_profile_added_at(profile), added_at);
    (void)json_object_set_new(entry, "endpoints", node_manifest_endpoints_to_json(&endpoints));
    node_id_format(member_profile_added_by(profile), added_by);
    (void)json_object_set_new(entry, "added_at", json_build_text(added_at));
    (void)json_object_set_new(entry, "added_by", json_build_text(added_by));
    return entry;
}

void members_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    json_t *members = json_array();
    for (size_t i = 0; i < snapshot->membership->member_count; i++) {
        (void)json_array_append_new(members, describe_member(parts, snapshot->membership,
                                                             &snapshot->membership->members[i]));
    }
    log_snapshot_release(log, &snapshot);
    request_reply_output(request, json_build_pack("{s:o}", "members", members));
}
