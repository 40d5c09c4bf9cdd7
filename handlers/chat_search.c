#include <string.h>

#include "handlers/found_json.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "protocol/node_id.h"
#include "store/search.h"

enum { DEFAULT_LIMIT = 50 };

struct findings {
    json_t *messages;
    const struct node_id *self;
};

static void add_message(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    struct findings *findings = context;
    json_t *told = message_json_make(message, findings->self);
    found_json_set(told, found);
    (void)json_array_append_new(findings->messages, told);
}

void chat_search_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    int64_t limit = 0;
    bool more = false;
    const char *text = request->query(request, "q");
    const char *peer_text = request->query(request, "peer");
    struct search_query query = {.text = text};
    struct findings findings = {.self = &parts->key->node_id};
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL || !request_query_integer(request, "limit", DEFAULT_LIMIT, &limit)) {
        return;
    }
    if (text == NULL || text[0] == '\0' || strlen(text) > SEARCH_MOST_QUERY_BYTES) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "Give q=… of 1 to 512 bytes: the words to look for.");
        return;
    }
    if (limit < 1 || limit > HISTORY_MOST_LIMIT) {
        request_reply_error(request, WIRE_BAD_REQUEST, "The limit must be between 1 and 1000.");
        return;
    }
    if (peer_text != NULL && peer_text[0] != '\0') {
        if (!node_parts_resolve(parts, request, peer_text, &peer)) {
            return;
        }
        query.peer = &peer;
    }
    query.limit = (size_t)limit;
    findings.messages = json_array();
    if (search_messages(log, &query, add_message, &findings, &more) != RESULT_OK) {
        json_decref(findings.messages);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The messages can't be searched; see the node's log.");
        return;
    }
    request_reply_output(
        request, json_build_pack("{s:o,s:b}", "messages", findings.messages, "more", (int)more));
}
