#include "handlers/message_json.h"

#include <string.h>

#include "protocol/canonical.h"
#include "protocol/json_build.h"

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
    return json_build_pack(
        "{s:o,s:I,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o}", "event_id",
        json_build_stored_text(message->event_id), "lamport", (json_int_t)message->lamport, "from",
        message->outgoing ? own : other, "to", message->outgoing ? other : own, "body",
        json_build_stored_text(message->body), "e2e",
        message->sealed ? json_build_text("unsupported") : json_false(), "attachments", attachments,
        "created_at", json_build_stored_text(message->created_at), "delivered_at",
        json_build_stored_text(message->delivered_at), "read_at",
        json_build_stored_text(message->read_at));
}
