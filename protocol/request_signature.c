#include "protocol/request_signature.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"
#include "protocol/ulid.h"
#include "protocol/wall_clock.h"

enum result request_signature_canonical(const struct request_envelope *envelope, const json_t *body,
                                        struct buffer *text)
{
    json_t *signed_body = body == NULL ? json_object() : json_incref((json_t *)(uintptr_t)body);
    json_t *object = NULL;
    enum result result =
        json_build_try(&object, "{s:O,s:s,s:s,s:s,s:s,s:s,s:s}", "body", signed_body, "capability",
                       envelope->capability, "community", envelope->community, "from",
                       envelope->from, "request_id", envelope->request_id, "timestamp",
                       envelope->timestamp, "version", envelope->version);
    if (result == RESULT_OK) {
        result = canonical_write(object, text);
    }
    json_decref(object);
    json_decref(signed_body);
    return result;
}

enum result request_signature_verify(const struct request_envelope *envelope, const json_t *body,
                                     int64_t wall_seconds, struct node_id *from_out)
{
    struct signature signature;
    struct node_id from;
    int64_t sent_at = 0;
    struct buffer text;
    if (node_id_parse(envelope->from, &from) != RESULT_OK || !ulid_is_valid(envelope->request_id) ||
        wall_clock_parse(envelope->timestamp, &sent_at) != RESULT_OK) {
        return RESULT_INVALID;
    }
    if (sent_at > wall_seconds + REQUEST_CLOCK_TOLERANCE_SECONDS ||
        sent_at < wall_seconds - REQUEST_CLOCK_TOLERANCE_SECONDS) {
        return RESULT_EXPIRED;
    }
    if (signing_parse_signature(envelope->signature, &signature) != RESULT_OK) {
        return RESULT_UNAUTHORIZED;
    }
    buffer_init(&text);
    enum result result = request_signature_canonical(envelope, body, &text);
    if (result == RESULT_OK) {
        result = signing_verify(&from, text.data, text.length_bytes, &signature);
    }
    if (result == RESULT_OK) {
        *from_out = from;
    }
    buffer_deinit(&text);
    return result;
}

void request_signature_sign_around(const struct signing_key *key, char *body, size_t body_bytes,
                                   const char *request_id, const char *timestamp,
                                   char signature_out[static SIGNATURE_TEXT_BYTES])
{
    static const char head[] = "{\"body\":";
    const size_t head_bytes = sizeof head - 1;
    struct signature signature;
    char from[NODE_ID_TEXT_BYTES];
    node_id_format(&key->node_id, from);
    memcpy(body - head_bytes, head, head_bytes);
    int tail_bytes = snprintf(body + body_bytes, REQUEST_SIGNATURE_ROOM_BYTES,
                              ",\"from\":\"%.*s\",\"request_id\":\"%.*s\",\"timestamp\":\"%.*s\"}",
                              NODE_ID_TEXT_BYTES, from, ULID_TEXT_BYTES, request_id,
                              WALL_CLOCK_TEXT_BYTES, timestamp);
    signing_sign(key, body - head_bytes, head_bytes + body_bytes + (size_t)tail_bytes, &signature);
    signing_format_signature(&signature, signature_out);
}

void request_signature_sign_answer(const struct signing_key *key, const char *body,
                                   size_t body_bytes, const char *request_id, const char *timestamp,
                                   char signature_out[static SIGNATURE_TEXT_BYTES])
{
    char *copy = memory_allocate(body_bytes + (size_t)2 * REQUEST_SIGNATURE_ROOM_BYTES, 1);
    memcpy(copy + REQUEST_SIGNATURE_ROOM_BYTES, body, body_bytes);
    request_signature_sign_around(key, copy + REQUEST_SIGNATURE_ROOM_BYTES, body_bytes, request_id,
                                  timestamp, signature_out);
    memory_free(copy);
}
