#include "handlers/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/canonical.h"

enum { RETRY_AFTER_MS = 1000 };

/* Sends `json` as the body of `reply`. Consumes it. */
static void reply_json(struct exchange *exchange, struct reply reply, json_t *json)
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
    exchange->reply(exchange, &reply);
    json_decref(json);
    buffer_deinit(&text);
}

void exchange_reply_json(struct exchange *exchange, int status, json_t *json)
{
    reply_json(exchange, (struct reply){.status = status}, json);
}

void exchange_reply_canonical(struct exchange *exchange, const char *text, size_t length_bytes)
{
    struct reply reply = {.status = 200,
                          .content_type = "application/json",
                          .bytes = text,
                          .length_bytes = length_bytes,
                          .canonical = true};
    exchange->reply(exchange, &reply);
}

void exchange_reply_output(struct exchange *exchange, json_t *output)
{
    int64_t ms = clock_monotonic_ms(exchange->clock) - exchange->started_ms;
    exchange_reply_json(exchange, 200,
                        json_pack("{s:o,s:{s:I}}", "output", output, "meta", "ms", (json_int_t)ms));
}

void exchange_reply_later(struct exchange *exchange, enum wire_code code, const char *message,
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
    reply_json(exchange, reply, json);
}

void exchange_reply_error(struct exchange *exchange, enum wire_code code, const char *message)
{
    exchange_reply_later(exchange, code, message, 0);
}

void exchange_reply_schema_mismatch(struct exchange *exchange, const char *message,
                                    const char *schema_hash)
{
    struct reply reply = {.status = 400, .error = "schema_mismatch", .message = message};
    json_t *json = wire_code_to_json(reply.error, message);
    (void)json_object_set_new(json, "schema_hash_expected", json_string(schema_hash));
    reply_json(exchange, reply, json);
}

void exchange_reply_http_error(struct exchange *exchange, int status, const char *message)
{
    struct reply reply = {.status = status, .error = "bad_request", .message = message};
    reply_json(exchange, reply, wire_code_to_json(reply.error, message));
}

void exchange_reply_bytes(struct exchange *exchange, const char *content_type, const void *bytes,
                          size_t length_bytes)
{
    struct reply reply = {
        .status = 200, .content_type = content_type, .bytes = bytes, .length_bytes = length_bytes};
    exchange->reply(exchange, &reply);
}

bool exchange_query_integer(struct exchange *exchange, const char *name, int64_t otherwise,
                            int64_t *integer_out)
{
    const char *text = exchange->query(exchange, name);
    char *end = NULL;
    if (text == NULL) {
        *integer_out = otherwise;
        return true;
    }
    errno = 0;
    long long integer = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0) {
        char *message = memory_format("The query parameter %s must be a whole number.", name);
        exchange_reply_error(exchange, WIRE_BAD_REQUEST, message);
        memory_free(message);
        return false;
    }
    *integer_out = integer;
    return true;
}
