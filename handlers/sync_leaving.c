#include "gossip/gossip.h"
#include "handlers/handlers.h"

void sync_leaving_handle(struct request *request, const struct node_parts *parts)
{
    struct gossip *gossip = parts->gossip(parts->node);
    if (!json_is_object(request->body) || json_object_size(request->body) > 0) {
        request_reply_error(request, WIRE_BAD_REQUEST, "Expected {}.");
        return;
    }
    if (gossip != NULL) {
        gossip_peer_left(gossip, &request->caller.node_id);
    }
    request_reply_json(request, 200, json_object());
}
