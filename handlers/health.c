#include "handlers/handlers.h"
#include "protocol/json_build.h"

void health_handle(struct request *request, const struct node_parts *parts)
{
    (void)parts;
    request_reply_json(request, 200, json_build_pack("{s:s}", "status", "ok"));
}

void health_ready_handle(struct request *request, const struct node_parts *parts)
{
    struct gossip *gossip = parts->gossip(parts->node);
    bool ready = gossip != NULL && gossip_reached_anybody(gossip);
    request_reply_json(request, ready ? 200 : 503,
                       json_build_pack("{s:s}", "status",
                                       ready            ? "ready"
                                       : gossip == NULL ? "in no community"
                                                        : "no peer reached yet"));
}
