#include "handlers/message_json.h"

#include <string.h>

#include "protocol/canonical.h"

json_t *message_json_make(const struct history_message *message, const struct node_id *self)
{
    char own[NODE_ID_TEXT_BYTES];
    char other[NODE_ID_TEXT_BYTES];
    struct node_id peer;
    json_t *attachments = NULL;
    memcpy(peer.key, message->peer, NODE_ID_BYTES);
    node_id_format(self, own);
    node_id_format(&peer, other);
    if (message->sealed ||
        canonical_parse(message->attachments, strlen(message->attachments), CANONICAL_MOST_NESTING,
                        &attachments, NULL) != RESULT_OK) {
        attachments = json_array();
    }
    return json_pack("{s:s,s:I,s:s,s:s,s:s,s:o,s:o,s:s,s:s?,s:s?}", "event_id", message->event_id,
                     "lamport", (json_int_t)message->lamport, "from",
                     message->outgoing ? own : other, "to", message->outgoing ? other : own, "body",
                     message->sealed ? "" : message->body, "e2e",
                     message->sealed ? json_string("unsupported") : json_false(), "attachments",
                     attachments, "created_at", message->created_at, "delivered_at",
                     message->delivered_at, "read_at", message->read_at);
}
