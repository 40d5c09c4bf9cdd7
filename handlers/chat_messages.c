#include <string.h>

#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/hex.h"
#include "protocol/json_build.h"

enum { LEAST_ID_CHARACTERS = 6 };

struct finding {
    const struct node_id *self;
    json_t *messages;
};

static void add_message(void *context, const struct history_message *message)
{
    struct finding *finding = context;
    (void)json_array_append_new(finding->messages, message_json_make(message, finding->self));
}

static bool is_end_of_id(const char *text)
{
    size_t length = strlen(text);
    return length >= LEAST_ID_CHARACTERS && length < ULID_TEXT_BYTES &&
           strspn(text, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == length;
}

void chat_messages_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    uint8_t hash[BLAKE3_HASH_BYTES];
    const char *peer_text = request->query(request, "peer");
    const char *hash_text = request->query(request, "hash");
    struct history_name name = {.id_end = request->query(request, "id")};
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (hash_text != NULL && hex_parse(hash_text, hash, sizeof hash)) {
        name.hash = hash;
    }
    if ((name.id_end == NULL) == (hash_text == NULL) || (hash_text != NULL && name.hash == NULL) ||
        (name.id_end != NULL && !is_end_of_id(name.id_end))) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Expected ?id= with the last 6 to 26 characters of an event_id, or "
                            "?hash= with the 64 hex digits of an event's hash.");
        return;
    }
    if (peer_text != NULL) {
        if (!node_parts_resolve(parts, request, peer_text, &peer)) {
            return;
        }
        name.peer = &peer;
    }
    struct finding finding = {&parts->key->node_id, json_array()};
    if (history_find(log, &name, add_message, &finding) != RESULT_OK) {
        json_decref(finding.messages);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The history can't be read; see the node's log.");
        return;
    }
    request_reply_output(request, json_build_pack("{s:o}", "messages", finding.messages));
}
