#include <string.h>

#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/hex.h"
#include "protocol/json_build.h"

/* A message may be edited as often as its author likes: of all that are found so many. */
enum { LEAST_ID_CHARACTERS = 6, MOST_EARLIER = 50 };

struct finding {
    const struct node_id *self;
    json_t *messages;
    uint8_t hashes[HISTORY_MOST_FOUND][BLAKE3_HASH_BYTES]; /* theirs */
};

static void add_message(void *context, const struct history_message *message)
{
    struct finding *finding = context;
    size_t count = json_array_size(finding->messages);
    if (count < HISTORY_MOST_FOUND) {
        memcpy(finding->hashes[count], message->hash, BLAKE3_HASH_BYTES);
        (void)json_array_append_new(finding->messages, message_json_make(message, finding->self));
    }
}

/* What was said before, on the way to what is said now. */
struct earlier {
    json_t *words;
    size_t most;
};

static void add_words(void *context, const char *body, const char *at)
{
    const struct earlier *earlier = context;
    if (json_array_size(earlier->words) > earlier->most) {
        (void)json_array_remove(earlier->words, 0);
    }
    (void)json_array_append_new(earlier->words,
                                json_build_pack("{s:o,s:o}", "body", json_build_stored_text(body),
                                                "at", json_build_stored_text(at)));
}

/* To each that was edited. */
static enum result add_earlier(struct event_log *log, const struct finding *finding)
{
    size_t index;
    json_t *message;
    enum result result = RESULT_OK;
    json_array_foreach(finding->messages, index, message)
    {
        struct earlier earlier = {json_array(), MOST_EARLIER / json_array_size(finding->messages)};
        if (result == RESULT_OK) {
            result = history_words(log, finding->hashes[index], add_words, &earlier);
        }
        size_t count = json_array_size(earlier.words);
        if (count > 0) {
            (void)json_array_remove(earlier.words, count - 1); /* those of now */
            (void)json_object_set(message, "earlier", earlier.words);
        }
        json_decref(earlier.words);
    }
    return result;
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
    struct finding finding = {.self = &parts->key->node_id, .messages = json_array()};
    if (history_find(log, &name, add_message, &finding) != RESULT_OK ||
        add_earlier(log, &finding) != RESULT_OK) {
        json_decref(finding.messages);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The history can't be read; see the node's log.");
        return;
    }
    request_reply_output(request, json_build_pack("{s:o}", "messages", finding.messages));
}
