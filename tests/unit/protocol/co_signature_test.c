#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/co_signature.h"
#include "protocol/json_members.h"
#include "support/test_support.h"

/* As test_id(2)'s signature. */
static bool holds(const json_t *co_signature, const json_t *statement)
{
    struct signature signature;
    struct node_id signer;
    struct buffer text;
    buffer_init(&text);
    assert_true(json_members_node_id(co_signature, "node_id", &signer));
    assert_true(node_id_equal(&signer, test_id(2)));
    assert_int_equal(signing_parse_signature(
                         json_string_value(json_object_get(co_signature, "signature")), &signature),
                     RESULT_OK);
    assert_int_equal(canonical_write(statement, &text), RESULT_OK);
    bool verified = signing_verify(&signer, text.data, text.length_bytes, &signature) == RESULT_OK;
    buffer_deinit(&text);
    return verified;
}

static void co_signature__holds_over_its_statement_alone(void **state)
{
    char client_id[CO_SIGNATURE_CLIENT_ID_BYTES];
    const struct signing_key key = test_key(2);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    co_signature_client_id(test_id(3), "policy_violation", client_id);
    json_t *statement = event_data_revocation_statement(client_id, "other", test_id(3));
    json_t *other = event_data_revocation_statement(client_id, "other", test_id(4));
    json_t *made = co_signature_make(&key, json_incref(statement));
    co_signature_format(made, &text);
    json_t *read = co_signature_parse(buffer_text(&text));
    assert_non_null(read);
    assert_true(json_equal(made, read));
    assert_true(holds(read, statement));
    assert_false(holds(read, other));
    assert_null(co_signature_parse("ed25519:nobody"));
    assert_null(co_signature_parse(",,"));
    json_decref(made);
    json_decref(read);
    json_decref(statement);
    json_decref(other);
    buffer_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(co_signature__holds_over_its_statement_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
