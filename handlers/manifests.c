#include "handlers/handlers.h"
#include "protocol/community_manifest.h"

void manifests_node_handle(struct request *request, const struct node_parts *parts)
{
    request_reply_json(request, 200, parts->manifest(parts->node));
}

void manifests_community_handle(struct request *request, const struct node_parts *parts)
{
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    json_t *manifest = community_manifest_make(snapshot->membership, snapshot->head, parts->key);
    log_snapshot_release(log, &snapshot);
    request_reply_json(request, 200, manifest);
}
