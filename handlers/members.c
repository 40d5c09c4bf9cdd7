#include "handlers/handlers.h"

void members_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    json_t *members = json_array();
    for (size_t i = 0; i < snapshot->membership->member_count; i++) {
        const struct member *member = &snapshot->membership->members[i];
        json_t *entry = node_parts_describe_node(parts, &member->node_id, member);
        (void)json_object_set_new(entry, "endpoints",
                                  node_manifest_endpoints_to_json(&member->endpoints));
        (void)json_object_set_new(entry, "added_at", json_string(member->added_at));
        (void)json_array_append_new(members, entry);
    }
    event_log_release(log, &snapshot);
    request_reply_output(request, json_pack("{s:o}", "members", members));
}
