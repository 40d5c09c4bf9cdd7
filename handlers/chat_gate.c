#include "handlers/chat_gate.h"

#include "store/history.h"

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

/* Messages of one id. Of two in a conversation our own is meant, which we can open. */
struct found {
    bool opens;
    bool is_unreadable;
};

static void note(void *context, const struct history_message *message)
{
    struct found *found = context;
    bool unreadable = message->e2e == MESSAGE_UNREADABLE;
    found->opens = found->opens || !unreadable;
    found->is_unreadable = found->is_unreadable || unreadable;
}

bool chat_gate_has_words(struct request *request, struct event_log *log, const struct node_id *peer,
                         const char *event_id)
{
    struct found found = {.opens = false};
    const struct history_name name = {.peer = peer, .id_end = event_id};
    if (history_find(log, &name, note, &found) == RESULT_OK && found.is_unreadable &&
        !found.opens) {
        request_reply_error(request, WIRE_E2E_DECRYPT_FAILED,
                            "This message can't be decrypted on this device, and won't be: there "
                            "is nothing to answer, edit or react to.");
        return false;
    }
    return true;
}
