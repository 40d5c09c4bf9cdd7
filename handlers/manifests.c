#include "handlers/endpoints.h"
#include "protocol/community_manifest.h"

void node_manifest_handle(struct request *request, const struct services *services)
{
    request_reply_json(request, 200, services->manifest(services->node));
}

void community_manifest_handle(struct request *request, const struct services *services)
{
    struct event_log *log = services_log(services, request);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    json_t *manifest = community_manifest_make(snapshot->membership, snapshot->head, services->key);
    event_log_release(log, &snapshot);
    request_reply_json(request, 200, manifest);
}
