#include "protocol/safety_number.h"

#include "support/test_support.h"

static struct node_id read_id(const json_t *vectors, const char *who)
{
    struct node_id node_id;
    assert_int_equal(
        node_id_parse(json_string_value(json_object_get(json_object_get(vectors, who), "node_id")),
                      &node_id),
        RESULT_OK);
    return node_id;
}

static void safety_number__is_one_on_both_sides(void **state)
{
    json_t *vectors = test_vectors("e2e.json");
    struct node_id alice = read_id(vectors, "alice");
    struct node_id bob = read_id(vectors, "bob");
    char ours[SAFETY_NUMBER_DIGITS + 1];
    char theirs[SAFETY_NUMBER_DIGITS + 1];
    (void)state;
    safety_number_make(&alice, &bob, ours);
    safety_number_make(&bob, &alice, theirs);
    assert_string_equal(ours, theirs);
    assert_string_equal(ours,
                        json_string_value(json_object_get(vectors, "safety_number_alice_bob")));
    safety_number_make(&alice, test_id(1), theirs);
    assert_string_not_equal(ours, theirs);
    json_decref(vectors);
}

static void safety_number__comes_back_from_its_code(void **state)
{
    static const char *const others[] = {"",
                                         "hearthnet-verify://v1/",
                                         "hearthnet-verify://v1/12345",
                                         "hearthnet-verify://v2/123456789012345678901234567890"
                                         "123456789012345678901234567890",
                                         "hearthnet-verify://v1/123456789012345678901234567890"
                                         "12345678901234567890123456789x",
                                         "hearthnet-verify://v1/123456789012345678901234567890"
                                         "1234567890123456789012345678901"};
    char digits[SAFETY_NUMBER_DIGITS + 1];
    char read[SAFETY_NUMBER_DIGITS + 1];
    char text[SAFETY_NUMBER_QR_BYTES];
    (void)state;
    safety_number_make(test_id(1), test_id(2), digits);
    safety_number_format_qr(digits, text);
    assert_int_equal(safety_number_parse_qr(text, read), RESULT_OK);
    assert_string_equal(read, digits);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(safety_number_parse_qr(others[i], read), RESULT_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(safety_number__is_one_on_both_sides),
        cmocka_unit_test(safety_number__comes_back_from_its_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
