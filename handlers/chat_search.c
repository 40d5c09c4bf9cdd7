#include <string.h>

#include "core/memory.h"
#include "handlers/found_json.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "protocol/node_id.h"
#include "store/search.h"

enum { DEFAULT_LIMIT = 50 };

/* A search of the owner's, a step of it at a time. */
struct searching {
    struct search *search;
    const struct node_id *self;
    json_t *messages;
};

static void add_message(void *context, const struct history_message *message,
                        const struct search_found *found)
{
    struct searching *searching = context;
    json_t *told = message_json_make(message, searching->self);
    found_json_set(told, found);
    (void)json_array_append_new(searching->messages, told);
}

static void reply(struct request *request, struct searching *searching)
{
    bool more = false;
    searching->messages = json_array();
    if (search_end(&searching->search, add_message, searching, &more) == RESULT_OK) {
        request_reply_output(request, json_build_pack("{s:o,s:b}", "messages", searching->messages,
                                                      "more", (int)more));
    } else {
        json_decref(searching->messages);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The messages can't be searched; see the node's log.");
    }
    memory_free(searching);
}

static bool is_over(void *context)
{
    const struct request *request = context;
    return request->is_over(request);
}

static void look(struct request *request, void *context)
{
    struct searching *searching = context;
    if (search_go_on(searching->search, is_over, request)) {
        reply(request, searching);
    } else {
        request->go_on(request, look, searching);
    }
}

void chat_search_handle(struct request *request, const struct node_parts *parts)
{
    struct node_id peer;
    int64_t limit = 0;
    const char *text = request->query(request, "q");
    const char *peer_text = request->query(request, "peer");
    struct search_query query = {.text = text};
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
    struct searching *searching = memory_allocate(1, sizeof *searching);
    searching->search = search_begin(log, &query);
    searching->self = &parts->key->node_id;
    look(request, searching);
}
