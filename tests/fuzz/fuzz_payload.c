/* What is read of a payload is within the law's limits, and reads the same once it was written
 * again. */
#include "protocol/payload.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/event_data.h"
#include "protocol/signing.h"

static bool attachments_equal(const json_t *one, const json_t *other)
{
    return (json_array_size(one) == 0 && json_array_size(other) == 0) ||
           json_equal(one, other) != 0;
}

static void check_equal(const struct payload *one, const struct payload *other)
{
    FUZZ_ASSERT(one->kind == other->kind);
    FUZZ_ASSERT(one->body_bytes == other->body_bytes && strcmp(one->body, other->body) == 0);
    FUZZ_ASSERT(strcmp(one->emoji, other->emoji) == 0);
    FUZZ_ASSERT(one->has_target == other->has_target);
    FUZZ_ASSERT(memcmp(one->target, other->target, sizeof one->target) == 0);
    FUZZ_ASSERT(attachments_equal(one->attachments, other->attachments));
}

static void check_limits(const struct payload *payload)
{
    FUZZ_ASSERT(payload->body_bytes <= EVENT_DATA_MOST_BODY_BYTES);
    FUZZ_ASSERT(strlen(payload->body) == payload->body_bytes);
    FUZZ_ASSERT(strlen(payload->emoji) <= PAYLOAD_MOST_EMOJI_BYTES);
    FUZZ_ASSERT(payload->key_count <= PAYLOAD_MOST_KEYS);
    FUZZ_ASSERT(json_array_size(payload->attachments) <= EVENT_DATA_MOST_ATTACHMENTS);
    FUZZ_ASSERT(payload->kind != PAYLOAD_TEXT || payload->body_bytes > 0 ||
                json_array_size(payload->attachments) > 0);
}

/* In clear they are what any message may have. */
static void check_attachments(const struct payload *payload)
{
    struct buffer text;
    json_t *attachments = NULL;
    buffer_init(&text);
    payload_write_attachments(payload, &text);
    FUZZ_ASSERT(canonical_parse(text.data, text.length_bytes, 2, &attachments, NULL) == RESULT_OK);
    FUZZ_ASSERT(json_array_size(attachments) == json_array_size(payload->attachments));
    FUZZ_ASSERT(event_data_check_message("c", "x", 1, attachments, NULL) == RESULT_OK);
    json_decref(attachments);
    buffer_deinit(&text);
}

/* Those that are well-formed. */
static size_t collect_keys(const struct payload *payload, struct payload_key *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < payload->key_count; i++) {
        count += payload_key_at(payload, i, &keys[count]) ? 1 : 0;
    }
    return count;
}

static void check_keys(const struct payload *payload, const struct payload *again)
{
    static struct payload_key keys[PAYLOAD_MOST_KEYS + 1];
    size_t count = collect_keys(payload, keys);
    FUZZ_ASSERT(again->key_count == count);
    for (size_t i = 0; i < count; i++) {
        struct payload_key key;
        FUZZ_ASSERT(payload_key_at(again, i, &key));
        FUZZ_ASSERT(memcmp(&key, &keys[i], sizeof key) == 0);
    }
}

/* What the writer makes of what was read. */
static enum result write_again(const struct payload *payload, struct buffer *text)
{
    static struct payload_key keys[PAYLOAD_MOST_KEYS + 1];
    switch (payload->kind) {
    case PAYLOAD_TEXT:
        return payload_write_text(payload->body, payload->attachments,
                                  payload->has_target ? payload->target : NULL, text);
    case PAYLOAD_EDIT:
        return payload_write_edit(payload->target, payload->body, text);
    case PAYLOAD_DELETE:
        payload_write_delete(payload->target, text);
        break;
    case PAYLOAD_REACTION:
        payload_write_reaction(payload->target, payload->emoji, text);
        break;
    case PAYLOAD_KEYS:
        payload_write_keys(keys, collect_keys(payload, keys), text);
        break;
    }
    return RESULT_OK;
}

static void check(const struct payload *payload)
{
    struct payload again;
    struct buffer text;
    buffer_init(&text);
    check_limits(payload);
    check_attachments(payload);
    if (write_again(payload, &text) == RESULT_OK) {
        FUZZ_ASSERT(text.length_bytes <= ENVELOPE_MOST_PAYLOAD_BYTES);
        FUZZ_ASSERT(payload_read(text.data, text.length_bytes, &again) == ENVELOPE_OPENED);
        check_equal(payload, &again);
        check_keys(payload, &again);
        payload_deinit(&again);
    } else {
        FUZZ_ASSERT(text.length_bytes == 0);
    }
    FUZZ_ASSERT(canonical_write(payload->json, &text) == RESULT_OK);
    buffer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct payload payload;
    struct payload again;
    if (signing_start() != RESULT_OK) {
        return 0;
    }
    enum envelope_outcome outcome = payload_read(bytes, length, &payload);
    FUZZ_ASSERT(outcome != ENVELOPE_WAITING);
    FUZZ_ASSERT(payload_read(bytes, length, &again) == outcome);
    FUZZ_ASSERT((payload.json != NULL) == (outcome == ENVELOPE_OPENED));
    if (outcome == ENVELOPE_OPENED) {
        check_equal(&payload, &again);
        check(&payload);
    }
    payload_deinit(&payload);
    payload_deinit(&again);
    return 0;
}
