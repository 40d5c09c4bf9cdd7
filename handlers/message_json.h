/* A message as chat.history and conversations show it (§14).
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_HANDLERS_MESSAGE_JSON_H
#define HEARTHCHAT_HANDLERS_MESSAGE_JSON_H

#include <jansson.h>

#include "store/history.h"

/* {"event_id","lamport","from","to","body","e2e","attachments","created_at","delivered_at",
 * "read_at"}, where they are so also "reply_to", "edited_at", "deleted_at", "deleted_there_at",
 * "reactions"; fresh.
 * "e2e" is false, or of a sealed one the word of §24.14; unless "ok", its body is "". */
json_t *message_json_make(const struct history_message *message, const struct node_id *self);

#endif
