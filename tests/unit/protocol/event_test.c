#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event.h"
#include "protocol/invite.h"
#include "protocol/request_signature.h"
#include "support/test_support.h"

/* Vectors as this program reads them: through the canonical parser. */
static json_t *reread(const json_t *json)
{
    json_t *value = NULL;
    char *text = json_dumps(json, JSON_COMPACT);
    assert_int_equal(canonical_parse(text, strlen(text), CANONICAL_MOST_NESTING, &value, NULL),
                     RESULT_OK);
    free(text);
    return value;
}

static void hex(const uint8_t *bytes, size_t length, char *out)
{
    for (size_t i = 0; i < length; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void event__reproduces_every_signing_vector(void **state)
{
    json_t *vectors = test_vectors("signing.json");
    size_t index;
    json_t *vector;
    (void)state;
    assert_int_equal(signing_start(), RESULT_OK);
    json_array_foreach(json_object_get(vectors, "events"), index, vector)
    {
        struct event *event = NULL;
        struct verified_event *verified = NULL;
        char hash[65];
        json_t *json = reread(json_object_get(vector, "event"));
        assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
        assert_string_equal(event->signed_text.data,
                            json_string_value(json_object_get(vector, "canonical_unsigned")));
        hex(event->hash, sizeof event->hash, hash);
        assert_string_equal(hash, json_string_value(json_object_get(vector, "event_hash")));
        assert_int_equal(event_verify(&event, &verified), RESULT_OK);
        /* What is passed on is the canonical text of the whole event. */
        size_t length = 0;
        struct buffer whole;
        buffer_init(&whole);
        assert_int_equal(canonical_write(json, &whole), RESULT_OK);
        const char *text = event_verified_text(verified, &length);
        assert_int_equal(length, whole.length_bytes);
        assert_memory_equal(text, whole.data, length);
        buffer_deinit(&whole);
        event_verified_destroy(&verified);
        json_decref(json);
    }
    json_decref(vectors);
}

static void event__refuses_every_bad_vector(void **state)
{
    json_t *vectors = test_vectors("signing.json");
    size_t index;
    json_t *vector;
    (void)state;
    assert_true(json_array_size(json_object_get(vectors, "bad_events")) > 0);
    json_array_foreach(json_object_get(vectors, "bad_events"), index, vector)
    {
        struct event *event = NULL;
        struct verified_event *verified = NULL;
        json_t *json = reread(vector);
        if (event_parse(json, NULL, &event) == EVENT_ACCEPTABLE) {
            assert_int_equal(event_verify(&event, &verified), RESULT_UNAUTHORIZED);
        }
        assert_null(verified);
        json_decref(json);
    }
    json_decref(vectors);
}

static void signing_key__derives_the_vectors_node_ids(void **state)
{
    json_t *vectors = test_vectors("signing.json");
    size_t index;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(vectors, "keys"), index, vector)
    {
        uint8_t seed[SIGNING_SEED_BYTES];
        struct signing_key key;
        char id[NODE_ID_TEXT_BYTES];
        const char *text = json_string_value(json_object_get(vector, "seed_hex"));
        for (size_t i = 0; i < sizeof seed; i++) {
            unsigned byte = 0;
            assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1); // NOLINT(cert-err34-c)
            seed[i] = (uint8_t)byte;
        }
        signing_key_init(&key, seed);
        node_id_format(&key.node_id, id);
        assert_string_equal(id, json_string_value(json_object_get(vector, "node_id")));
    }
    json_decref(vectors);
}

static void request_verify__takes_the_vector_and_nothing_like_it(void **state)
{
    json_t *vectors = test_vectors("signing.json");
    json_t *request = reread(json_object_get(vectors, "request"));
    json_t *signed_envelope = json_object_get(request, "envelope");
    json_t *body = json_object_get(signed_envelope, "body");
#define MEMBER(name) json_string_value(json_object_get(signed_envelope, name))
    struct request_envelope envelope = {MEMBER("capability"),
                                        MEMBER("version"),
                                        MEMBER("request_id"),
                                        MEMBER("from"),
                                        MEMBER("community"),
                                        MEMBER("timestamp"),
                                        json_string_value(json_object_get(request, "signature"))};
#undef MEMBER
    struct node_id from;
    struct buffer text;
    int64_t at = 0;
    (void)state;
    buffer_init(&text);
    assert_int_equal(request_signature_canonical(&envelope, body, &text), RESULT_OK);
    assert_string_equal(text.data, json_string_value(json_object_get(request, "canonical")));
    assert_int_equal(wall_clock_parse(envelope.timestamp, &at), RESULT_OK);
    assert_int_equal(request_signature_verify(&envelope, body, at + 300, &from), RESULT_OK);
    assert_int_equal(request_signature_verify(&envelope, body, at + 301, &from), RESULT_EXPIRED);
    assert_int_equal(request_signature_verify(&envelope, body, at - 301, &from), RESULT_EXPIRED);
    assert_int_equal(request_signature_verify(&envelope, NULL, at, &from), RESULT_UNAUTHORIZED);
    envelope.capability = "chat.history";
    assert_int_equal(request_signature_verify(&envelope, body, at, &from), RESULT_UNAUTHORIZED);
    envelope.request_id = "short";
    assert_int_equal(request_signature_verify(&envelope, body, at, &from), RESULT_INVALID);
    buffer_deinit(&text);
    json_decref(request);
    json_decref(vectors);
}

static struct verified_event *make_message(const struct signing_key *author,
                                           const struct node_id *recipient)
{
    char id[ULID_TEXT_BYTES];
    return test_event(event_draft_message("client", recipient, "Hello", NULL), author,
                      &author->node_id, test_ulid(7, id), 5);
}

/* The same event with one member replaced (NULL: removed), as a peer might send it. */
static enum event_refusal refusal_with(const struct verified_event *verified, const char *member,
                                       json_t *value)
{
    struct event *event = NULL;
    size_t length = 0;
    json_t *parsed = NULL;
    const char *text = event_verified_text(verified, &length);
    assert_int_equal(canonical_parse(text, length, 32, &parsed, NULL), RESULT_OK);
    if (value == NULL) {
        (void)json_object_del(parsed, member);
    } else {
        (void)json_object_set_new(parsed, member, value);
    }
    enum event_refusal refusal = event_parse(parsed, NULL, &event);
    event_destroy(&event);
    json_decref(parsed);
    return refusal;
}

static void event_parse__wants_exactly_nine_members(void **state)
{
    static const char *const members[] = {"schema_version", "event_id",     "lamport",
                                          "wall_clock",     "community_id", "author",
                                          "event_type",     "data",         "signature"};
    struct signing_key alice = test_key(1);
    struct signing_key bob = test_key(2);
    struct verified_event *message = make_message(&alice, &bob.node_id);
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        assert_int_equal(refusal_with(message, members[i], NULL), EVENT_BAD);
    }
    assert_int_equal(refusal_with(message, "extra", json_true()), EVENT_BAD);
    assert_int_equal(refusal_with(message, "schema_version", json_integer(2)), EVENT_BAD);
    assert_int_equal(refusal_with(message, "lamport", json_integer(0)), EVENT_BAD);
    assert_int_equal(refusal_with(message, "lamport", json_real(1.5)), EVENT_BAD);
    assert_int_equal(refusal_with(message, "event_id", json_string("x")), EVENT_BAD);
    assert_int_equal(refusal_with(message, "wall_clock", json_string("yesterday")), EVENT_BAD);
    assert_int_equal(refusal_with(message, "event_type", json_string("chat.message.unsent")),
                     EVENT_SCHEMA_UNKNOWN);
    assert_int_equal(refusal_with(message, "lamport", json_integer(6)), EVENT_ACCEPTABLE);
    event_verified_destroy(&message);
}

static void event_parse__refuses_a_message_to_its_author(void **state)
{
    struct signing_key alice = test_key(1);
    struct event_draft draft = event_draft_message("c", &alice.node_id, "Hello me", NULL);
    struct verified_event *event = NULL;
    char id[ULID_TEXT_BYTES];
    (void)state;
    assert_int_equal(
        event_sign(&draft, &alice, &alice.node_id, test_ulid(1, id), 1, 0, &event, NULL),
        RESULT_INVALID);
    assert_null(event);
}

static void event_parse__holds_bodies_and_attachments_to_their_limits(void **state)
{
    struct error error = {""};
    char *body = memory_allocate(EVENT_DATA_MOST_BODY_BYTES + 2, 1);
    json_t *attachments = json_array();
    (void)state;
    memset(body, 'x', EVENT_DATA_MOST_BODY_BYTES + 1);
    assert_int_equal(
        event_data_check_message("c", body, EVENT_DATA_MOST_BODY_BYTES, attachments, &error),
        RESULT_OK);
    assert_int_equal(
        event_data_check_message("c", body, EVENT_DATA_MOST_BODY_BYTES + 1, attachments, &error),
        RESULT_INVALID);
    assert_int_equal(event_data_check_message("c", "", 0, attachments, &error), RESULT_INVALID);
    assert_int_equal(event_data_check_message("", "x", 1, attachments, &error), RESULT_INVALID);
    json_t *attachment = json_pack(
        "{s:s,s:s}", "cid",
        "blake3:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "name", "a.txt");
    for (int i = 0; i < EVENT_DATA_MOST_ATTACHMENTS; i++) {
        (void)json_array_append(attachments, attachment);
    }
    assert_int_equal(event_data_check_message("c", "", 0, attachments, &error), RESULT_OK);
    (void)json_object_set_new(attachment, "name", json_string("../a.txt"));
    assert_int_equal(event_data_check_message("c", "", 0, attachments, &error), RESULT_INVALID);
    (void)json_object_set_new(attachment, "name", json_string("a.txt"));
    (void)json_array_append(attachments, attachment);
    assert_int_equal(event_data_check_message("c", "", 0, attachments, &error), RESULT_INVALID);
    json_decref(attachment);
    json_decref(attachments);
    memory_free(body);
}

static void event_verify__refuses_a_malformed_and_a_foreign_signature(void **state)
{
    struct signing_key alice = test_key(1);
    struct signing_key bob = test_key(2);
    struct verified_event *message = make_message(&alice, &bob.node_id);
    static const char another[] =
        "ed25519:GYctY7jDZwjuC55PGpPyQBK7BaXNGsrveFb4xkDcnCT-T_cemxBiNxVcQ2LPyxXRm-37PECDdg2m4-"
        "adkmEHBw";
    const char *const signatures[] = {"", "ed25519:short", another};
    (void)state;
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        struct event *event = NULL;
        struct verified_event *verified = NULL;
        size_t length = 0;
        json_t *json = NULL;
        const char *text = event_verified_text(message, &length);
        assert_int_equal(canonical_parse(text, length, 32, &json, NULL), RESULT_OK);
        (void)json_object_set_new(json, "signature", json_string(signatures[i]));
        assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
        assert_int_equal(event_verify(&event, &verified), RESULT_UNAUTHORIZED);
        assert_null(event);
        json_decref(json);
    }
    event_verified_destroy(&message);
}

static void invite__reads_back_and_shows_every_change(void **state)
{
    struct signing_key alice = test_key(1);
    struct signing_key bob = test_key(2);
    struct invite invite = {.community_id = alice.node_id,
                            .inviter = alice.node_id,
                            .invitee = bob.node_id,
                            .initial_level = LEVEL_TRUSTED,
                            .bootstrap_endpoints = {.count = 1, .list = {{"192.0.2.1", 7080}}},
                            .expires_at = 1900000000,
                            .community_name = memory_duplicate_string("Straße")};
    struct invite read;
    struct error error = {""};
    (void)state;
    test_ulid(3, invite.invite_event_id);
    char *text = invite_make(&invite, &alice);
    assert_int_equal(invite_parse(text, &read, &error), RESULT_OK);
    assert_string_equal(read.community_name, "Straße");
    assert_true(node_id_equal(&read.invitee, &bob.node_id));
    assert_int_equal(read.initial_level, LEVEL_TRUSTED);
    assert_int_equal(read.bootstrap_endpoints.list[0].port, 7080);
    assert_string_equal(read.invite_event_id, invite.invite_event_id);
    invite_deinit(&read);
    memory_free(text);
    invite.invite_event_id[0] = '\0'; /* for a member that comes back */
    text = invite_make(&invite, &alice);
    assert_int_equal(invite_parse(text, &read, &error), RESULT_OK);
    assert_string_equal(read.invite_event_id, "");
    invite_deinit(&read);
    memory_free(text);
    text = invite_make(&invite, &bob); /* signed by somebody else than the inviter */
    assert_int_equal(invite_parse(text, &read, &error), RESULT_INVALID);
    text[strlen(text) - 1] = '=';
    assert_int_equal(invite_parse(text, &read, &error), RESULT_INVALID);
    assert_int_equal(invite_parse("hello", &read, &error), RESULT_INVALID);
    memory_free(text);
    invite_deinit(&invite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event__reproduces_every_signing_vector),
        cmocka_unit_test(event__refuses_every_bad_vector),
        cmocka_unit_test(signing_key__derives_the_vectors_node_ids),
        cmocka_unit_test(request_verify__takes_the_vector_and_nothing_like_it),
        cmocka_unit_test(event_parse__wants_exactly_nine_members),
        cmocka_unit_test(event_parse__refuses_a_message_to_its_author),
        cmocka_unit_test(event_parse__holds_bodies_and_attachments_to_their_limits),
        cmocka_unit_test(event_verify__refuses_a_malformed_and_a_foreign_signature),
        cmocka_unit_test(invite__reads_back_and_shows_every_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
