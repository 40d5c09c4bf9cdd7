#include "handlers/request.h"

#include <errno.h>
#include <stdlib.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/request_signature.h"

enum { RETRY_AFTER_MS = 1000 };

static void uncount(struct request *request)
{
    if (request->counted != NULL) {
        (void)atomic_fetch_sub(request->counted, 1);
        request->counted = NULL;
    }
}

/* The answers of all handlers. The request is gone behind this. */
static void give(struct request *request, const struct reply *reply)
{
    uncount(request);
    request->reply(request, reply);
}

/* Sends `json` as the body of `reply`. Consumes it. */
static void reply_json(struct request *request, struct reply reply, json_t *json)
{
    struct buffer text;
    buffer_init(&text);
    if (json == NULL || canonical_write(json, &text) != RESULT_OK) {
        json_decref(json);
        reply.error = "internal_error";
        reply.message = "The answer can't be written; see the node's log.";
        json = wire_code_to_json(reply.error, reply.message);
        reply.status = 500;
        buffer_clear(&text);
        (void)canonical_write(json, &text);
    }
    reply.content_type = "application/json";
    reply.bytes = text.data;
    reply.length_bytes = text.length_bytes;
    reply.canonical = true;
    give(request, &reply);
    json_decref(json);
    buffer_deinit(&text);
}

void request_reply_json(struct request *request, int status, json_t *json)
{
    reply_json(request, (struct reply){.status = status}, json);
}

void request_reply_to_news(struct request *request, const char *text, size_t length_bytes,
                           bool news)
{
    struct reply reply = {.status = 200,
                          .content_type = "application/json",
                          .bytes = text,
                          .length_bytes = length_bytes,
                          .canonical = true,
                          .uncounted = news};
    give(request, &reply);
}

void request_reply_whole(struct request *request, struct buffer *whole)
{
    const size_t room = REQUEST_SIGNATURE_ROOM_BYTES;
    buffer_reserve(whole, room);
    struct reply reply = {.status = 200,
                          .content_type = "application/json",
                          .bytes = whole->data + room,
                          .length_bytes = whole->length_bytes - room,
                          .whole = whole,
                          .canonical = true};
    give(request, &reply);
    buffer_deinit(whole);
}

void request_reply_canonical(struct request *request, const char *text, size_t length_bytes)
{
    request_reply_to_news(request, text, length_bytes, false);
}

void request_reply_stream(struct request *request, struct reply_stream *stream, const char *message)
{
    struct buffer piece;
    buffer_init(&piece);
    enum reply_piece first = stream->next(stream, &piece);
    if (first == REPLY_PIECE) {
        const struct reply reply = {.status = 200,
                                    .content_type = "application/json",
                                    .bytes = piece.data,
                                    .length_bytes = piece.length_bytes};
        uncount(request);
        request->stream(request, &reply, stream);
    } else {
        stream->end(stream);
        if (first == REPLY_PIECE_LAST) {
            request_reply_canonical(request, buffer_text(&piece), piece.length_bytes);
        } else {
            request_reply_error(request, WIRE_INTERNAL_ERROR, message);
        }
    }
    buffer_deinit(&piece);
}

void request_reply_output(struct request *request, json_t *output)
{
    int64_t ms = clock_monotonic_ms(request->clock) - request->started_ms;
    request_reply_json(
        request, 200,
        json_build_pack("{s:o,s:{s:I}}", "output", output, "meta", "ms", (json_int_t)ms));
}

void request_reply_later(struct request *request, enum wire_code code, const char *message,
                         int64_t retry_after_ms)
{
    struct reply reply = {.status = wire_code_status(code),
                          .error = wire_code_name(code),
                          .message = message,
                          .retry_after_ms = retry_after_ms};
    json_t *json = wire_code_to_json(reply.error, message);
    if (retry_after_ms == 0 && reply.status == 429) {
        reply.retry_after_ms = RETRY_AFTER_MS;
    }
    if (reply.retry_after_ms > 0) {
        (void)json_object_set_new(json, "retry_after_ms", json_integer(reply.retry_after_ms));
    }
    reply_json(request, reply, json);
}

void request_reply_error(struct request *request, enum wire_code code, const char *message)
{
    request_reply_later(request, code, message, 0);
}

void request_reply_schema_mismatch(struct request *request, const char *message,
                                   const char *schema_hash)
{
    struct reply reply = {.status = 400, .error = "schema_mismatch", .message = message};
    json_t *json = wire_code_to_json(reply.error, message);
    (void)json_object_set_new(json, "schema_hash_expected", json_build_text(schema_hash));
    reply_json(request, reply, json);
}

void request_reply_http_error(struct request *request, int status, const char *message)
{
    struct reply reply = {.status = status, .error = "bad_request", .message = message};
    reply_json(request, reply, wire_code_to_json(reply.error, message));
}

void request_reply_bytes(struct request *request, const char *content_type, const void *bytes,
                         size_t length_bytes)
{
    struct reply reply = {
        .status = 200, .content_type = content_type, .bytes = bytes, .length_bytes = length_bytes};
    give(request, &reply);
}

bool request_query_integer(struct request *request, const char *name, int64_t otherwise,
                           int64_t *integer_out)
{
    const char *text = request->query(request, name);
    char *end = NULL;
    if (text == NULL) {
        *integer_out = otherwise;
        return true;
    }
    errno = 0;
    long long integer = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        char *message = memory_format("The query parameter %s must be a whole number.", name);
        request_reply_error(request, WIRE_BAD_REQUEST, message);
        memory_free(message);
        return false;
    }
    *integer_out = integer;
    return true;
}
