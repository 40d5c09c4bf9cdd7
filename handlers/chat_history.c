#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

enum { DEFAULT_LIMIT = 200 };

struct page {
    json_t *messages;
    const struct node_id *self;
};

static void add_message(void *context, const struct history_message *message)
{
    struct page *page = context;
    (void)json_array_append_new(page->messages, message_json_make(message, page->self));
}

void chat_history_call(struct request *request, const struct node_parts *parts, const json_t *input)
{
    struct node_id peer;
    struct history_query query = {.limit = DEFAULT_LIMIT};
    int64_t limit = DEFAULT_LIMIT;
    const char *peer_text = NULL;
    struct event_log *log = node_parts_log(parts, request);
    if (log == NULL) {
        return;
    }
    if (json_members_string(input, "peer", &peer_text, NULL)) {
        if (!node_parts_resolve(parts, request, peer_text, &peer)) {
            return;
        }
        query.peer = &peer;
    }
    (void)json_members_integer(input, "since_lamport", INT64_MIN, INT64_MAX, &query.since_lamport);
    (void)json_members_integer(input, "before_lamport", INT64_MIN, INT64_MAX,
                               &query.before_lamport);
    (void)json_members_integer(input, "limit", INT64_MIN, INT64_MAX, &limit);
    if (limit < 1 || limit > HISTORY_MOST_LIMIT) {
        request_reply_error(request, WIRE_BAD_REQUEST, "The limit must be between 1 and 1000.");
        return;
    }
    if (query.since_lamport < 0 || query.before_lamport < 0) {
        request_reply_error(request, WIRE_BAD_REQUEST,
                            "since_lamport and before_lamport must not be negative.");
        return;
    }
    query.newest = json_object_get(input, "since_lamport") == NULL;
    query.limit = (size_t)limit;
    bool more = false;
    struct page page = {json_array(), &parts->key->node_id};
    if (history_page(log, &query, add_message, &page, &more) != RESULT_OK) {
        json_decref(page.messages);
        request_reply_error(request, WIRE_INTERNAL_ERROR,
                            "The history can't be read; see the node's log.");
        return;
    }
    request_reply_output(
        request, json_build_pack("{s:o,s:b}", "messages", page.messages, "more", (int)more));
}

void chat_history_handle(struct request *request, const struct node_parts *parts)
{
    static const char *const integers[] = {"since_lamport", "before_lamport", "limit"};
    json_t *input = json_object();
    const char *peer = request->query(request, "peer");
    if (peer != NULL && peer[0] != '\0') {
        (void)json_object_set_new(input, "peer", json_build_text(peer));
    }
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        int64_t integer = 0;
        if (request->query(request, integers[i]) == NULL) {
            continue;
        }
        if (!request_query_integer(request, integers[i], 0, &integer)) {
            json_decref(input);
            return;
        }
        (void)json_object_set_new(input, integers[i], json_integer(integer));
    }
    capabilities_call(capabilities_find("chat.history"), request, parts, input);
    json_decref(input);
}
