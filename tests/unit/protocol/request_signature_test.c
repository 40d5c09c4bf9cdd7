#include "protocol/request_signature.h"

#include <string.h>

#include "protocol/canonical.h"
#include "support/test_support.h"

/* Headers are bytes that anybody sends. */
static void request_canonical__refuses_a_header_that_is_no_text(void **state)
{
    struct request_envelope envelope = {.capability = "chat.send",
                                        .version = "1.0",
                                        .request_id = "01HXR000000000000000000007",
                                        .from = "from",
                                        .community = "community",
                                        .timestamp = "2026-05-26T08:14:22Z"};
    const char **members[] = {&envelope.capability, &envelope.version,   &envelope.request_id,
                              &envelope.from,       &envelope.community, &envelope.timestamp};
    struct buffer text;
    (void)state;
    buffer_init(&text);
    json_t *body = json_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const char *before = *members[i];
        buffer_clear(&text);
        assert_int_equal(request_signature_canonical(&envelope, body, &text), RESULT_OK);
        *members[i] = "J\xfcrgen";
        assert_int_equal(request_signature_canonical(&envelope, body, &text), RESULT_INVALID);
        *members[i] = NULL;
        assert_int_equal(request_signature_canonical(&envelope, NULL, &text), RESULT_INVALID);
        *members[i] = before;
    }
    json_decref(body);
    buffer_deinit(&text);
}

static void request_signature_sign_around__signs_the_body_where_it_is(void **state)
{
    enum { ROOM = REQUEST_SIGNATURE_ROOM_BYTES, MARK = 0x5a };
    static const char body[] = "{\"events\":[]}";
    const char request_id[] = "01HXR000000000000000000007";
    const char timestamp[] = "2026-05-26T08:14:22Z";
    const struct signing_key key = test_key(2);
    char around[ROOM + sizeof body - 1 + ROOM + 1];
    char of_copy[SIGNATURE_TEXT_BYTES];
    char in_place[SIGNATURE_TEXT_BYTES];
    char from[NODE_ID_TEXT_BYTES];
    struct signature signature;
    struct buffer text;
    (void)state;
    memset(around, MARK, sizeof around);
    memcpy(around + ROOM, body, sizeof body - 1);
    request_signature_sign_answer(&key, body, sizeof body - 1, request_id, timestamp, of_copy);
    request_signature_sign_around(&key, around + ROOM, sizeof body - 1, request_id, timestamp,
                                  in_place);
    assert_string_equal(in_place, of_copy);
    assert_memory_equal(around + ROOM, body, sizeof body - 1);
    assert_int_equal(around[sizeof around - 1], MARK);
    node_id_format(&key.node_id, from);
    buffer_init(&text);
    buffer_append_format(&text,
                         "{\"body\":%s,\"from\":\"%s\",\"request_id\":\"%s\",\"timestamp\":\"%s\"}",
                         body, from, request_id, timestamp);
    assert_int_equal(signing_parse_signature(in_place, &signature), RESULT_OK);
    assert_int_equal(signing_verify(&key.node_id, text.data, text.length_bytes, &signature),
                     RESULT_OK);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_canonical__refuses_a_header_that_is_no_text),
        cmocka_unit_test(request_signature_sign_around__signs_the_body_where_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
