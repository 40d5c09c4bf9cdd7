#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "store/history.h"

/* A message may be edited as often as its author likes. */
enum { MOST_EARLIER = 50 };

struct telling {
    const struct node_id *self;
    json_t *message;
    json_t *words;
};

static void take_message(void *context, const struct history_message *message)
{
    struct telling *telling = context;
    telling->message = message_json_make(message, telling->self);
}

static void take_words(void *context, const char *body, const char *at)
{
    struct telling *telling = context;
    if (json_array_size(telling->words) > MOST_EARLIER) {
        (void)json_array_remove(telling->words, 0);
    }
    (void)json_array_append_new(telling->words,
                                json_build_pack("{s:o,s:o}", "body", json_build_stored_text(body),
                                                "at", json_build_stored_text(at)));
}

static void answer(struct request *request, struct telling *telling, enum result result)
{
    if (telling->message != NULL && result == RESULT_OK) {
        size_t count = json_array_size(telling->words);
        if (count > 0) { /* those of now are in the message */
            (void)json_array_remove(telling->words, count - 1);
        }
        request_reply_output(request, json_build_pack("{s:O,s:O}", "message", telling->message,
                                                      "earlier", telling->words));
    } else if (result == RESULT_OK || result == RESULT_NOT_FOUND) {
        request_reply_error(request, WIRE_NOT_FOUND,
                            "No message of this conversation has this event_id.");
    } else {
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The message can't be read; see the node's log.");
    }
}

void chat_message_handle(struct request *request, const struct node_parts *parts)
{
    const char *peer_text = request->query(request, "peer");
    const char *event_id = request->query(request, "event_id");
    struct node_id peer;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (peer_text == NULL || event_id == NULL || !ulid_is_valid(event_id)) {
        request_reply_error(request, WIRE_BAD_REQUEST, "Expected ?peer=ed25519:…&event_id=….");
        return;
    }
    if (!node_parts_resolve(parts, request, peer_text, &peer)) {
        return;
    }
    struct telling telling = {.self = &parts->key->node_id, .words = json_array()};
    enum result result = history_message(log, &peer, event_id, take_message, &telling);
    if (result == RESULT_OK && telling.message != NULL) {
        result = history_earlier_words(log, &peer, event_id, take_words, &telling);
    }
    answer(request, &telling, result);
    json_decref(telling.message);
    json_decref(telling.words);
}
