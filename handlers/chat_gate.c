#include "handlers/chat_gate.h"

bool chat_gate_is_open(struct request *request, const struct node_parts *parts)
{
    if (!parts->chat_enabled) {
        request_reply_error(request, WIRE_NOT_IMPLEMENTED,
                            "Chat is switched off on this node ([chat] enabled = false).");
    }
    return parts->chat_enabled;
}

bool chat_gate_reaches(struct request *request, const struct node_parts *parts,
                       const struct node_id *recipient)
{
    struct gossip *gossip = parts->gossip(parts->node);
    bool reaches =
        parts->store_and_forward || (gossip != NULL && gossip_presence(gossip, recipient).online);
    if (!reaches) {
        request_reply_error(request, WIRE_PARTITION,
                            "The recipient is not reachable now, and store_and_forward is switched "
                            "off on this node.");
    }
    return reaches;
}
