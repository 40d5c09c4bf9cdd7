#include "core/memory.h"
#include "handlers/handlers.h"
#include "protocol/hex.h"
#include "protocol/invite.h"
#include "protocol/json_build.h"
#include "store/event_reader.h"

static void describe_community(const struct node_parts *parts, json_t *node)
{
    struct event_log *log = parts->log(parts->node);
    char community_id[NODE_ID_TEXT_BYTES];
    char fingerprint[2 * FINGERPRINT_BYTES + 1];
    struct event_reader_usage usage;
    if (log == NULL) {
        (void)json_object_set_new(node, "community_id", json_null());
        (void)json_object_set_new(node, "community_name", json_null());
        (void)json_object_set_new(node, "policy", json_null());
        (void)json_object_set_new(node, "head", json_integer(0));
        (void)json_object_set_new(node, "events", json_integer(0));
        (void)json_object_set_new(node, "seq", json_integer(0));
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    node_id_format(&snapshot->membership->community_id, community_id);
    (void)json_object_set_new(node, "community_id", json_build_text(community_id));
    (void)json_object_set_new(node, "community_name", json_build_text(snapshot->membership->name));
    (void)json_object_set_new(node, "policy", policy_to_json(&snapshot->membership->policy));
    (void)json_object_set_new(node, "head", json_integer(snapshot->head));
    (void)json_object_set_new(node, "events", json_integer((json_int_t)snapshot->event_count));
    (void)json_object_set_new(node, "seq", json_integer(snapshot->last_seq));
    hex_format(snapshot->fingerprint, FINGERPRINT_BYTES, fingerprint);
    (void)json_object_set_new(node, "fingerprint", json_build_text(fingerprint));
    if (event_reader_usage(log, &usage) == RESULT_OK) {
        (void)json_object_set_new(
            node, "disk",
            json_build_pack(
                "{s:b,s:I,s:{s:I,s:I},s:{s:I,s:I}}", "read_only", (int)event_log_is_read_only(log),
                "log_bytes", (json_int_t)usage.file_bytes, "today", "events",
                (json_int_t)usage.day_events, "bytes", (json_int_t)usage.day_bytes, "month",
                "events", (json_int_t)usage.month_events, "bytes", (json_int_t)usage.month_bytes));
    }
    log_snapshot_release(log, &snapshot);
}

void node_info_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = parts->log(parts->node);
    const struct log_snapshot *snapshot = log == NULL ? NULL : log_snapshot_acquire(log);
    const struct node_id *self = &parts->key->node_id;
    json_t *node =
        node_parts_describe_node(parts, self, snapshot == NULL ? NULL : snapshot->membership);
    if (snapshot != NULL) {
        log_snapshot_release(log, &snapshot);
    }
    char *id_text = invite_make_id_text(self, parts->display_name);
    (void)json_object_set_new(node, "display_name", json_build_text(parts->display_name));
    (void)json_object_set_new(node, "id_text", json_build_text(id_text));
    (void)json_object_set_new(node, "version", json_build_text(parts->version));
    (void)json_object_set_new(node, "endpoints",
                              node_manifest_endpoints_to_json(parts->endpoints(parts->node)));
    memory_free(id_text);
    describe_community(parts, node);
    request_reply_output(request, node);
}
