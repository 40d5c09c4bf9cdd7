/* Acceptance is frozen (§4): every version judges what stands in tests/vectors/acceptance.json
 * alike, by whichever of the two ways an event is read. */
#include <string.h>

#include "core/memory.h"
#include "protocol/event_kind.h"
#include "protocol/event_scan.h"
#include "support/test_support.h"

/* The fixture's short forms written out: see its "about". Fresh. */
static json_t *expand(const json_t *value)
{
    size_t times = (size_t)json_integer_value(json_object_get(value, "times"));
    const char *repeated = json_string_value(json_object_get(value, "$repeat"));
    const json_t *listed = json_object_get(value, "$list");
    json_int_t nested = json_integer_value(json_object_get(value, "$nest"));
    json_t *out = NULL;
    if (repeated != NULL) {
        struct buffer text;
        buffer_init(&text);
        for (size_t i = 0; i < times; i++) {
            buffer_append_text(&text, repeated);
        }
        out = json_stringn(text.data != NULL ? text.data : "", text.length_bytes);
        buffer_deinit(&text);
    } else if (listed != NULL) {
        out = json_array();
        for (size_t i = 0; i < times; i++) {
            (void)json_array_append_new(out, expand(listed));
        }
    } else if (nested > 0) {
        out = json_array();
        for (json_int_t i = 1; i < nested; i++) {
            out = json_pack("[o]", out);
        }
    } else if (json_is_array(value)) {
        out = json_array();
        for (size_t i = 0; i < json_array_size(value); i++) {
            (void)json_array_append_new(out, expand(json_array_get(value, i)));
        }
    } else if (json_is_object(value)) {
        const char *name;
        json_t *member;
        out = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, name, member)
        {
            (void)json_object_set_new(out, name, expand(member));
        }
    } else {
        out = json_deep_copy(value);
    }
    return out;
}

/* The case's event as text; fresh. */
static char *text_of(const json_t *one)
{
    const char *written = json_string_value(json_object_get(one, "text"));
    struct buffer text;
    if (written != NULL) {
        return memory_duplicate_string(written);
    }
    json_t *event = expand(json_object_get(one, "event"));
    buffer_init(&text);
    assert_int_equal(canonical_write(event, &text), RESULT_OK);
    json_decref(event);
    return buffer_take(&text);
}

static const char *verify(struct event **event, uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct verified_event *verified = NULL;
    memcpy(hash_out, (*event)->hash, BLAKE3_HASH_BYTES);
    enum result result = event_verify(event, &verified);
    if (result != RESULT_OK) {
        return event_refusal_name(result == RESULT_INVALID ? EVENT_BAD : EVENT_INVALID_SIGNATURE);
    }
    event_verified_destroy(&verified);
    return "accepted";
}

/* As what a peer posts is judged: one of a batch. */
static const char *verdict_of_parser(const char *page, const struct node_id *community_id,
                                     uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    json_t *json = NULL;
    struct event *event = NULL;
    if (canonical_parse(page, strlen(page), CANONICAL_MOST_NESTING_REQUEST, &json, NULL) !=
        RESULT_OK) {
        return "unreadable";
    }
    enum event_refusal refusal =
        event_parse(json_array_get(json_object_get(json, "events"), 0), community_id, &event);
    json_decref(json);
    return refusal != EVENT_ACCEPTABLE ? event_refusal_name(refusal) : verify(&event, hash_out);
}

/* NULL: it is left to the parser. */
static const char *verdict_of_scanner(const char *page, const struct node_id *community_id,
                                      uint8_t hash_out[static BLAKE3_HASH_BYTES])
{
    struct event *event = NULL;
    size_t count = 0;
    const struct foreign_text text = {.bytes = page, .length_bytes = strlen(page)};
    return event_scan_page(&text, community_id, NULL, 1, &event, &count) ? verify(&event, hash_out)
                                                                         : NULL;
}

static bool is_same(const char *left, const char *right)
{
    return strcmp(left, right) == 0;
}

static void acceptance__is_what_it_was(void **state)
{
    json_t *fixture = test_vectors("acceptance.json");
    struct node_id community_id;
    size_t index;
    json_t *one;
    int wrong = 0;
    (void)state;
    assert_int_equal(signing_start(), RESULT_OK);
    assert_int_equal(
        node_id_parse(json_string_value(json_object_get(fixture, "community_id")), &community_id),
        RESULT_OK);
    json_array_foreach(json_object_get(fixture, "cases"), index, one)
    {
        uint8_t parsed_hash[BLAKE3_HASH_BYTES];
        uint8_t scanned_hash[BLAKE3_HASH_BYTES];
        const char *expected = json_string_value(json_object_get(one, "verdict"));
        char *text = text_of(one);
        char *page = memory_format("{\"events\":[%s]}", text);
        const char *parsed = verdict_of_parser(page, &community_id, parsed_hash);
        const char *scanned = verdict_of_scanner(page, &community_id, scanned_hash);
        /* What is written canonically, and is good, needs no parser. */
        bool must_scan = is_same(expected, "accepted") && json_object_get(one, "event") != NULL;
        if (!is_same(parsed, expected) || (scanned == NULL && must_scan) ||
            (scanned != NULL && (!is_same(scanned, expected) ||
                                 memcmp(parsed_hash, scanned_hash, sizeof parsed_hash) != 0))) {
            wrong++;
            print_error("%s: %s; the parser says %s, the scanner %s\n",
                        json_string_value(json_object_get(one, "name")), expected, parsed,
                        scanned != NULL ? scanned : "nothing");
        }
        memory_free(page);
        memory_free(text);
    }
    json_decref(fixture);
    assert_true(index > 0);
    assert_int_equal(wrong, 0);
}

/* The fixture itself: each kind, and each verdict, is in it. */
static void acceptance__has_a_case_of_every_kind(void **state)
{
    static const char *const verdicts[] = {"accepted",        "bad_event",         "schema_unknown",
                                           "wrong_community", "invalid_signature", "unreadable"};
    json_t *fixture = test_vectors("acceptance.json");
    json_t *seen = json_object();
    size_t index;
    json_t *one;
    (void)state;
    json_array_foreach(json_object_get(fixture, "cases"), index, one)
    {
        const char *type =
            json_string_value(json_object_get(json_object_get(one, "event"), "event_type"));
        const char *verdict = json_string_value(json_object_get(one, "verdict"));
        (void)json_object_set_new(seen, verdict, json_true());
        if (type != NULL && is_same(verdict, "accepted")) {
            (void)json_object_set_new(seen, type, json_true());
        }
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        assert_non_null(json_object_get(seen, verdicts[i]));
    }
    for (int type = 1; event_kind_get((enum event_type)type) != NULL; type++) {
        assert_non_null(json_object_get(seen, event_kind_name((enum event_type)type)));
    }
    json_decref(seen);
    json_decref(fixture);
}

static void message__is_sealed_when_it_has_an_envelope(void **state)
{
    struct event *event = NULL;
    json_t *data =
        json_pack("{s:s,s:s,s:{s:b,s:{},s:s},s:[]}", "client_id", "c", "recipient", "", "body",
                  "e2e", 1, "header", "ciphertext", "AAAAAAAAAAAAAAAAAAAAAA", "attachments");
    struct event_draft draft = {.type = EVENT_MESSAGE_SENT, .data = data};
    struct signing_key alice = test_key(1);
    char to[NODE_ID_TEXT_BYTES];
    char id[ULID_TEXT_BYTES];
    size_t length = 0;
    size_t taken = 0;
    (void)state;
    node_id_format(test_id(2), to);
    (void)json_object_set_new(data, "recipient", json_string(to));
    struct verified_event *sealed = test_event(draft, &alice, test_id(1), test_ulid(1, id), 5);
    const char *text = event_verified_text(sealed, &length);
    assert_true(event_scan_one(text, length, test_id(1), &event, &taken));
    assert_true(event->data.message.sealed);
    assert_string_equal(event->data.message.body, "");
    assert_int_equal(event->data.message.body_bytes, 0);
    assert_true(event_verified_get(sealed)->data.message.sealed);
    event_destroy(&event);
    event_verified_destroy(&sealed);
    struct verified_event *open = test_event(event_draft_message("c", test_id(2), "Hello", NULL),
                                             &alice, test_id(1), test_ulid(2, id), 6);
    text = event_verified_text(open, &length);
    assert_true(event_scan_one(text, length, test_id(1), &event, &taken));
    assert_false(event->data.message.sealed);
    assert_false(event_verified_get(open)->data.message.sealed);
    event_destroy(&event);
    event_verified_destroy(&open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acceptance__is_what_it_was),
        cmocka_unit_test(acceptance__has_a_case_of_every_kind),
        cmocka_unit_test(message__is_sealed_when_it_has_an_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
