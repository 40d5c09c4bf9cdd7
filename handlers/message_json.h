/* A message as chat.history and conversations show it (§14).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_MESSAGE_JSON_H
#define HEARTHCHAT_HANDLERS_MESSAGE_JSON_H

#include <jansson.h>

#include "core/buffer.h"
#include "store/history.h"

/* {"event_id","lamport","from","to","body","e2e","attachments","created_at","delivered_at",
 * "read_at"}, where they are so also "reply_to", "edited_at", "deleted_at", "deleted_there_at",
 * "reactions", "gone_by"; canonical.
 * "e2e" is false, or of a sealed one the word of §24.14; unless "ok", its body is "".
 * `own`, `other`: this node's NodeID and the peer's, written once for many messages. */
void message_json_write(const struct history_message *message, const char *own, const char *other,
                        struct buffer *out);

/* The same for who adds to it; fresh. */
json_t *message_json_make(const struct history_message *message, const struct node_id *self);

#endif
