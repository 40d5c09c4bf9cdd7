#include <string.h>

#include "core/memory.h"
#include "handlers/capabilities.h"
#include "handlers/handlers.h"
#include "handlers/message_json.h"
#include "protocol/json_build.h"
#include "protocol/json_members.h"

enum { DEFAULT_LIMIT = 200 };

/* A page on its way. */
struct telling {
    struct reply_stream stream;
    struct history_reading reading;
    char self[NODE_ID_TEXT_BYTES];
    int64_t ms;
    struct buffer *piece;
    bool begun;
    bool some;
};

static void add_message(void *context, const struct history_message *message)
{
    struct telling *telling = context;
    struct node_id peer;
    char other[NODE_ID_TEXT_BYTES];
    memcpy(peer.key, message->peer, NODE_ID_BYTES);
    node_id_format(&peer, other);
    buffer_append_text(telling->piece, telling->some ? "," : "");
    message_json_write(message, telling->self, other, telling->piece);
    telling->some = true;
}

static bool is_enough(void *context)
{
    const struct telling *telling = context;
    return telling->piece->length_bytes >= REQUEST_PIECE_BYTES;
}

static enum reply_piece next(struct reply_stream *stream, struct buffer *piece)
{
    struct telling *telling = (struct telling *)stream;
    bool ended = false;
    telling->piece = piece;
    if (!telling->begun) {
        buffer_append_format(piece, "{\"meta\":{\"ms\":%lld},\"output\":{\"messages\":[",
                             (long long)telling->ms);
        telling->begun = true;
    }
    if (history_read_on(&telling->reading, add_message, is_enough, telling, &ended) != RESULT_OK) {
        return REPLY_PIECE_FAILED;
    }
    if (ended) {
        buffer_append_format(piece, "],\"more\":%s}}", telling->reading.more ? "true" : "false");
    }
    return ended ? REPLY_PIECE_LAST : REPLY_PIECE;
}

static void end(struct reply_stream *stream)
{
    memory_free(stream);
}

static void tell(struct request *request, const struct node_parts *parts, struct event_log *log,
                 const struct history_query *query)
{
    static const char unreadable[] = "The history can't be read; see the node's log.";
    struct telling *telling = memory_allocate(1, sizeof *telling);
    telling->stream = (struct reply_stream){.next = next, .end = end};
    node_id_format(&parts->key->node_id, telling->self);
    if (history_begin(log, query, &telling->reading) != RESULT_OK) {
        memory_free(telling);
        request_reply_error(request, WIRE_INTERNAL_ERROR, unreadable);
        return;
    }
    telling->ms = clock_monotonic_ms(request->clock) - request->started_ms;
    request_reply_stream(request, &telling->stream, unreadable);
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
    tell(request, parts, log, &query);
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
