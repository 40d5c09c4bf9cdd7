#include <string.h>

#include "protocol/node_id.h"
#include "protocol/ulid.h"
#include "protocol/wall_clock.h"
#include "support/test_support.h"

static void node_id_parse__takes_the_good_and_refuses_the_bad_vectors(void **state)
{
    json_t *vectors = test_vectors("ids.json");
    struct node_id node_id;
    char text[NODE_ID_TEXT_BYTES];
    size_t index;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(vectors, "good"), index, vector)
    {
        assert_int_equal(node_id_parse(json_string_value(vector), &node_id), RESULT_OK);
        node_id_format(&node_id, text);
        assert_string_equal(text, json_string_value(vector));
    }
    assert_true(json_array_size(json_object_get(vectors, "bad")) > 5);
    json_array_foreach(json_object_get(vectors, "bad"), index, vector)
    {
        assert_int_equal(node_id_parse(json_string_value(vector), &node_id), RESULT_INVALID);
    }
    json_decref(vectors);
}

static void node_id_from_key__refuses_every_weak_encoding(void **state)
{
    uint8_t key[NODE_ID_BYTES];
    struct node_id node_id;
    (void)state;
    memset(key, 0xff, sizeof key);
    key[31] = 0x7f;
    for (unsigned low = 0xec; low <= 0xff;
         low++) { /* p-1 is of order two, p and above not canonical */
        key[0] = (uint8_t)low;
        assert_int_equal(node_id_from_key(key, &node_id), RESULT_INVALID);
    }
    key[0] = 0xeb;
    assert_int_equal(node_id_from_key(key, &node_id), RESULT_OK);
    memset(key, 0, sizeof key);
    key[31] = 0x80; /* zero with the sign bit */
    assert_int_equal(node_id_from_key(key, &node_id), RESULT_INVALID);
}

static void node_id_format_short__matches_the_vectors_and_reads_back(void **state)
{
    json_t *vectors = test_vectors("signing.json");
    size_t index;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(vectors, "keys"), index, vector)
    {
        struct node_id node_id;
        char short_id[NODE_ID_SHORT_BYTES];
        uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
        const char *text = json_string_value(json_object_get(vector, "node_id"));
        assert_int_equal(node_id_parse(text, &node_id), RESULT_OK);
        node_id_format_short(&node_id, short_id);
        assert_string_equal(short_id, json_string_value(json_object_get(vector, "short")));
        assert_int_equal(node_id_parse_short(short_id, prefix), RESULT_OK);
        assert_memory_equal(prefix, node_id.key, sizeof prefix);
    }
    uint8_t prefix[NODE_ID_SHORT_KEY_BYTES];
    assert_int_equal(node_id_parse_short("ed25519:WI2Z-WZS6-5OBQ-APO1", prefix), RESULT_INVALID);
    assert_int_equal(node_id_parse_short("ed25519:WI2Z-WZS6-5OBQAPOSX", prefix), RESULT_INVALID);
    json_decref(vectors);
}

static void ulid_mint__grows_within_a_millisecond_and_when_the_clock_goes_back(void **state)
{
    struct ulid_source source = {0};
    char previous[ULID_TEXT_BYTES] = "";
    (void)state;
    assert_int_equal(signing_start(), RESULT_OK);
    for (int i = 0; i < 10000; i++) {
        char next[ULID_TEXT_BYTES];
        ulid_mint(&source, i < 5000 ? 1800000000000 : 1700000000000, next);
        assert_true(ulid_is_valid(next));
        assert_true(strcmp(previous, next) < 0);
        memcpy(previous, next, sizeof previous);
    }
    assert_false(ulid_is_valid("01hxr00000000000000000000a"));
    assert_false(ulid_is_valid("81HXR00000000000000000000A"));
    assert_false(ulid_is_valid("01HXR0000000000000000000U"));
    assert_false(ulid_is_valid("01HXRU00000000000000000000"));
}

static void wall_clock_parse__knows_the_calendar(void **state)
{
    int64_t seconds = 0;
    char text[WALL_CLOCK_TEXT_BYTES];
    (void)state;
    assert_int_equal(wall_clock_parse("2026-05-26T08:14:22Z", &seconds), RESULT_OK);
    wall_clock_format(seconds, text);
    assert_string_equal(text, "2026-05-26T08:14:22Z");
    assert_int_equal(wall_clock_parse("2024-02-29T00:00:00Z", &seconds), RESULT_OK);
    assert_int_equal(wall_clock_parse("2023-02-29T00:00:00Z", &seconds), RESULT_INVALID);
    assert_int_equal(wall_clock_parse("2026-13-01T00:00:00Z", &seconds), RESULT_INVALID);
    assert_int_equal(wall_clock_parse("2026-05-26T24:00:00Z", &seconds), RESULT_INVALID);
    assert_int_equal(wall_clock_parse("2026-05-26 08:14:22Z", &seconds), RESULT_INVALID);
    assert_int_equal(wall_clock_parse("2026-05-26T08:14:22", &seconds), RESULT_INVALID);
}

static void ulid_to_bytes__keeps_every_bit_and_the_order(void **state)
{
    static const char *const ids[] = {"00000000000000000000000000", "00000000000000000000000001",
                                      "01HXR000000000000000000021", "01J8Z3QV7KXW5M2N4P6R8S0TAB",
                                      "3ZYXWVTSRQPNMKJHGFEDCBA987", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"};
    uint8_t before[ULID_BYTES] = {0};
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        uint8_t bytes[ULID_BYTES];
        char text[ULID_TEXT_BYTES];
        ulid_to_bytes(ids[i], bytes);
        ulid_from_bytes(bytes, text);
        assert_string_equal(text, ids[i]);
        assert_true(i == 0 || memcmp(before, bytes, sizeof bytes) < 0);
        memcpy(before, bytes, sizeof bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(node_id_parse__takes_the_good_and_refuses_the_bad_vectors),
        cmocka_unit_test(node_id_from_key__refuses_every_weak_encoding),
        cmocka_unit_test(node_id_format_short__matches_the_vectors_and_reads_back),
        cmocka_unit_test(ulid_mint__grows_within_a_millisecond_and_when_the_clock_goes_back),
        cmocka_unit_test(ulid_to_bytes__keeps_every_bit_and_the_order),
        cmocka_unit_test(wall_clock_parse__knows_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
