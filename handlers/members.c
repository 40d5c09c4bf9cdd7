#include "handlers/handlers.h"

#include "handlers/contact_json.h"
#include "protocol/json_build.h"
#include "store/log_verified.h"

static json_t *describe_member(const struct node_parts *parts, const struct membership *membership,
                               const struct log_verified_marks *marks,
                               const struct log_contacts *contacts, const struct member *member)
{
    const struct member_profile *profile = membership_profile(membership, member->person);
    json_t *entry = node_parts_describe_node(parts, &member->node_id, membership);
    struct endpoints endpoints;
    struct node_look look;
    const char *namesake;
    char added_at[WALL_CLOCK_TEXT_BYTES];
    char added_by[NODE_ID_TEXT_BYTES];
    member_profile_read_endpoints(profile, &endpoints);
    wall_clock_format(member_profile_added_at(profile), added_at);
    (void)json_object_set_new(entry, "endpoints", node_manifest_endpoints_to_json(&endpoints));
    node_id_format(member_profile_added_by(profile), added_by);
    (void)json_object_set_new(
        entry, "verified",
        json_boolean(log_verified_find(marks, membership, &member->node_id) != 0));
    contact_json_set(entry, log_contacts_find(contacts, &member->node_id));
    node_parts_look_at_member(parts, &member->node_id, member, membership, &look);
    namesake = contact_json_namesake(contacts, &member->node_id, &look);
    (void)json_object_set_new(entry, "namesake",
                              namesake == NULL ? json_null() : json_build_text(namesake));
    (void)json_object_set_new(entry, "added_at", json_build_text(added_at));
    (void)json_object_set_new(entry, "added_by", json_build_text(added_by));
    return entry;
}

void members_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    struct log_verified_marks marks = {0};
    struct log_contacts contacts = {0};
    if (log == NULL) {
        return;
    }
    if (log_verified_read(log, &marks) != RESULT_OK ||
        log_contacts_read(log, &contacts) != RESULT_OK) {
        log_verified_free(&marks);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The members can't be read; see the node's log.");
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    json_t *members = json_array();
    for (size_t i = 0; i < snapshot->membership->member_count; i++) {
        (void)json_array_append_new(members,
                                    describe_member(parts, snapshot->membership, &marks, &contacts,
                                                    &snapshot->membership->members[i]));
    }
    log_snapshot_release(log, &snapshot);
    log_verified_free(&marks);
    log_contacts_free(&contacts);
    request_reply_output(request, json_build_pack("{s:o}", "members", members));
}
