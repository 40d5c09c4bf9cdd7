/* Nothing opens but what was sealed, just as it was; and what does not, does not each time.
 *
 * An input that begins with '{' is a body. Any other is a list of changes of the one that was
 * sealed, three bytes each: where in its text (two), and what stands there instead. */
#include "protocol/envelope.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "protocol/canonical.h"
#include "protocol/hex.h"
#include "protocol/json_members.h"
#include "support/test_support.h"

/* The known answer of §24. */
static struct {
    bool is_set;
    struct node_id author;
    struct node_id recipient;
    struct node_id community_id;
    char client_id[ULID_TEXT_BYTES];
    uint8_t public[HPKE_KEY_BYTES];
    uint8_t secret[HPKE_KEY_BYTES];
    struct content_key key;
    struct buffer body;    /* canonical */
    struct buffer payload; /* that is in it */
} sealed;

static void read_sealed(void)
{
    json_t *vectors = test_vectors("e2e.json");
    const json_t *event = json_object_get(vectors, "event");
    const json_t *data = json_object_get(event, "data");
    const char *client_id = json_string_value(json_object_get(data, "client_id"));
    const json_t *bob = json_object_get(vectors, "bob_receiving_key");
    buffer_init(&sealed.body);
    buffer_init(&sealed.payload);
    sealed.is_set = json_members_node_id(event, "author", &sealed.author) &&
                    json_members_node_id(data, "recipient", &sealed.recipient) &&
                    json_members_node_id(event, "community_id", &sealed.community_id) &&
                    hex_parse(json_string_value(json_object_get(bob, "secret")), sealed.secret,
                              sizeof sealed.secret) &&
                    hex_parse(json_string_value(json_object_get(vectors, "content_key")),
                              sealed.key.key, sizeof sealed.key.key) &&
                    canonical_write(json_object_get(data, "body"), &sealed.body) == RESULT_OK;
    FUZZ_ASSERT(sealed.is_set && strlen(client_id) < sizeof sealed.client_id);
    memcpy(sealed.client_id, client_id, strlen(client_id) + 1);
    hpke_public_key(sealed.secret, sealed.public);
    buffer_append_text(&sealed.payload,
                       json_string_value(json_object_get(vectors, "payload_canonical")));
    json_decref(vectors);
}

static bool find_secret(void *context, const uint8_t tag[static RECEIVING_KEY_TAG_BYTES],
                        size_t number, struct hpke_pair *pair_out)
{
    (void)context;
    memcpy(pair_out->public, sealed.public, HPKE_KEY_BYTES);
    memcpy(pair_out->secret, sealed.secret, HPKE_KEY_BYTES);
    return number == 0 && memcmp(tag, sealed.public, RECEIVING_KEY_TAG_BYTES) == 0;
}

/* Header and ciphertext, all of what is looked at. */
static bool is_sealed(const json_t *body)
{
    json_t *parts = json_object();
    struct buffer text;
    buffer_init(&text);
    (void)json_object_set(parts, "header", json_object_get(body, "header"));
    (void)json_object_set(parts, "ciphertext", json_object_get(body, "ciphertext"));
    (void)json_object_set_new(parts, "e2e", json_true());
    bool same = canonical_write(parts, &text) == RESULT_OK &&
                text.length_bytes == sealed.body.length_bytes &&
                memcmp(text.data, sealed.body.data, text.length_bytes) == 0;
    buffer_deinit(&text);
    json_decref(parts);
    return same;
}

static enum envelope_outcome open_with(const json_t *body, const struct envelope_place *place,
                                       const struct content_key *key)
{
    struct buffer payload;
    buffer_init(&payload);
    enum envelope_outcome outcome = envelope_open(body, place, key, &payload);
    FUZZ_ASSERT(outcome != ENVELOPE_WAITING);
    if (outcome == ENVELOPE_OPENED) {
        FUZZ_ASSERT(envelope_is_key(body, key));
        FUZZ_ASSERT(payload.length_bytes == sealed.payload.length_bytes);
        FUZZ_ASSERT(memcmp(payload.data, sealed.payload.data, payload.length_bytes) == 0);
    } else {
        FUZZ_ASSERT(payload.length_bytes == 0);
    }
    buffer_deinit(&payload);
    return outcome;
}

/* As its reader does it. */
static enum envelope_outcome read_body(const json_t *body, const struct envelope_place *place)
{
    struct content_key key;
    enum envelope_outcome outcome = envelope_find_key(body, place, find_secret, NULL, &key);
    return outcome == ENVELOPE_OPENED ? open_with(body, place, &key) : outcome;
}

static void check_header(const json_t *body)
{
    struct envelope_header header;
    struct envelope_header again;
    char reply[RECEIVING_KEY_TEXT_BYTES];
    bool understood = envelope_read_header(body, &header);
    FUZZ_ASSERT(envelope_read_header(body, &again) == understood);
    FUZZ_ASSERT(memcmp(&header.reply, &again.reply, sizeof again.reply) == 0);
    FUZZ_ASSERT(header.number == again.number && header.record_count == again.record_count);
    if (header.has_reply) {
        receiving_key_format(&header.reply, reply);
        FUZZ_ASSERT(
            strcmp(json_string_value(json_object_get(json_object_get(body, "header"), "reply")),
                   reply) == 0);
    }
}

static void check(const json_t *body)
{
    const struct envelope_place place = {&sealed.author, &sealed.recipient, &sealed.community_id,
                                         sealed.client_id};
    const struct envelope_place another = {&sealed.recipient, &sealed.author, &sealed.community_id,
                                           sealed.client_id};
    bool same = is_sealed(body);
    enum envelope_outcome outcome = read_body(body, &place);
    FUZZ_ASSERT((outcome == ENVELOPE_OPENED) == same);
    FUZZ_ASSERT(read_body(body, &place) == outcome);
    FUZZ_ASSERT((open_with(body, &place, &sealed.key) == ENVELOPE_OPENED) == same);
    FUZZ_ASSERT(read_body(body, &another) != ENVELOPE_OPENED);
    FUZZ_ASSERT(open_with(body, &another, &sealed.key) != ENVELOPE_OPENED);
    check_header(body);
}

/* NULL: it is no JSON any more. */
static json_t *change(const uint8_t *bytes, size_t length)
{
    json_t *body = NULL;
    struct buffer text;
    buffer_init(&text);
    buffer_append(&text, sealed.body.data, sealed.body.length_bytes);
    for (size_t i = 0; i + 3 <= length; i += 3) {
        size_t at = ((size_t)bytes[i] << 8 | bytes[i + 1]) % text.length_bytes;
        text.data[at] = (char)bytes[i + 2];
    }
    if (canonical_parse(text.data, text.length_bytes, CANONICAL_MOST_NESTING, &body, NULL) !=
        RESULT_OK) {
        body = NULL;
    }
    buffer_deinit(&text);
    return body;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *body = NULL;
    if (signing_start() != RESULT_OK) {
        return 0;
    }
    if (!sealed.is_set) {
        read_sealed();
    }
    if (length == 0 || bytes[0] != '{') {
        body = change(bytes, length);
    } else if (canonical_parse((const char *)bytes, length, CANONICAL_MOST_NESTING, &body, NULL) !=
               RESULT_OK) {
        return 0;
    }
    if (body != NULL) {
        check(body);
    }
    json_decref(body);
    return 0;
}
