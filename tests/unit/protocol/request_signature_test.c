#include "protocol/request_signature.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_canonical__refuses_a_header_that_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
