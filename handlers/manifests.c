#include "handlers/endpoints.h"
#include "protocol/community_manifest.h"

void node_manifest_handle(struct exchange *exchange, const struct services *services)
{
    exchange_reply_json(exchange, 200, services->manifest(services->node));
}

void community_manifest_handle(struct exchange *exchange, const struct services *services)
{
    struct event_log *log = services_log(services, exchange);
    if (log == NULL) {
        return;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    json_t *manifest = community_manifest_make(snapshot->membership, snapshot->head, services->key);
    event_log_release(log, &snapshot);
    exchange_reply_json(exchange, 200, manifest);
}
