#include <string.h>

#include "handlers/message_json.h"
#include "protocol/canonical.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2 };

static const uint8_t hash[BLAKE3_HASH_BYTES];

static struct history_message a_message(void)
{
    return (struct history_message){.event_id = "01HX0000000000000000000000",
                                    .lamport = 4711,
                                    .peer = test_id(BOB)->key,
                                    .body = "a \"[{\\ and a\nline",
                                    .attachments = "[]",
                                    .created_at = "2026-01-01T00:00:00Z",
                                    .hash = hash,
                                    .own_reaction = "",
                                    .peer_reaction = ""};
}

/* What was written, read again; written again it is the same. */
static json_t *read_again(const struct history_message *message)
{
    char own[NODE_ID_TEXT_BYTES];
    char other[NODE_ID_TEXT_BYTES];
    struct buffer text;
    struct buffer again;
    json_t *json = NULL;
    buffer_init(&text);
    buffer_init(&again);
    node_id_format(test_id(ALICE), own);
    node_id_format(test_id(BOB), other);
    message_json_write(message, own, other, &text);
    assert_int_equal(
        canonical_parse(buffer_text(&text), text.length_bytes, CANONICAL_MOST_NESTING, &json, NULL),
        RESULT_OK);
    assert_int_equal(canonical_write(json, &again), RESULT_OK);
    assert_string_equal(buffer_text(&text), buffer_text(&again));
    buffer_deinit(&text);
    buffer_deinit(&again);
    return json;
}

static void message_json__is_canonical_with_all_that_may_be_so(void **state)
{
    struct history_message message = a_message();
    (void)state;
    message.outgoing = true;
    message.e2e = MESSAGE_DELETED;
    message.attachments = "[{\"name\":\"x\",\"bytes\":3}]";
    message.delivered_at = message.read_at = message.edited_at = message.created_at;
    message.deleted_at = message.deleted_there_at = message.created_at;
    message.reply_to = "";
    message.key_goes = HISTORY_KEY_GOES_SOON;
    message.own_reaction = message.peer_reaction = "👍";
    json_t *json = read_again(&message);
    assert_int_equal(json_object_size(json), 16);
    assert_int_equal(json_array_size(json_object_get(
                         json_array_get(json_object_get(json, "reactions"), 0), "from")),
                     2);
    json_decref(json);
    message.peer_reaction = "🍰";
    json = read_again(&message);
    assert_int_equal(json_array_size(json_object_get(json, "reactions")), 2);
    json_decref(json);
}

static void message_json__tells_texts_as_they_are(void **state)
{
    struct history_message message = a_message();
    (void)state;
    json_t *json = read_again(&message);
    assert_int_equal(json_object_size(json), 10);
    assert_string_equal(json_string_value(json_object_get(json, "body")), message.body);
    assert_true(json_is_null(json_object_get(json, "read_at")));
    assert_true(json_is_false(json_object_get(json, "e2e")));
    json_decref(json);
}

static void message_json__makes_something_of_a_damaged_disk(void **state)
{
    struct history_message message = a_message();
    (void)state;
    message.body = "half \xc3";
    message.attachments = "[{\"name";
    json_t *json = read_again(&message);
    assert_string_equal(json_string_value(json_object_get(json, "body")), "half ?");
    assert_int_equal(json_array_size(json_object_get(json, "attachments")), 0);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_json__is_canonical_with_all_that_may_be_so),
        cmocka_unit_test(message_json__tells_texts_as_they_are),
        cmocka_unit_test(message_json__makes_something_of_a_damaged_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
