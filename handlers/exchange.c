#include "handlers/exchange.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/canonical.h"

enum { RETRY_AFTER_MS = 1000 };

static void reply_json(struct exchange *exchange, int status, json_t *json, int64_t retry_after_ms)
{
    struct buffer text;
    buffer_init(&text);
    if (json == NULL || canonical_write(json, &text) != RESULT_OK) {
        json_decref(json);
        json =
            wire_error_json("internal_error", "The answer can't be written; see the node's log.");
        status = 500;
        buffer_clear(&text);
        (void)canonical_write(json, &text);
    }
    struct reply reply = {.status = status,
                          .content_type = "application/json",
                          .bytes = text.data,
                          .length_bytes = text.length_bytes,
                          .canonical = true,
                          .retry_after_ms = retry_after_ms};
    exchange->reply(exchange, &reply);
    json_decref(json);
    buffer_deinit(&text);
}

void exchange_reply_json(struct exchange *exchange, int status, json_t *json)
{
    reply_json(exchange, status, json, 0);
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
    reply_json(exchange, 200,
               json_pack("{s:o,s:{s:I}}", "output", output, "meta", "ms", (json_int_t)ms), 0);
}

void exchange_reply_error(struct exchange *exchange, enum wire_code code, const char *message)
{
    json_t *json = wire_error_json(wire_code_name(code), message);
    int64_t retry_after_ms = wire_code_status(code) == 429 ? RETRY_AFTER_MS : 0;
    if (retry_after_ms > 0) {
        (void)json_object_set_new(json, "retry_after_ms", json_integer(retry_after_ms));
    }
    reply_json(exchange, wire_code_status(code), json, retry_after_ms);
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
