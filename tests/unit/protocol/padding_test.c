#include "protocol/padding.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/hex.h"
#include "support/test_support.h"

static void padding__is_as_long_as_others_make_it(void **state)
{
    json_t *vectors = test_vectors("e2e.json");
    const char *length;
    json_t *padded;
    size_t count = 0;
    (void)state;
    json_object_foreach(json_object_get(vectors, "padded_lengths"), length, padded)
    {
        assert_int_equal(padding_measure(strtoul(length, NULL, 10)), json_integer_value(padded));
        count++;
    }
    assert_true(count > 10);
    json_decref(vectors);
}

static void padding__of_a_payload_is_what_others_make_of_it(void **state)
{
    json_t *vectors = test_vectors("e2e.json");
    const char *payload = json_string_value(json_object_get(vectors, "payload_canonical"));
    struct buffer padded;
    const char *stripped = NULL;
    size_t length = 0;
    (void)state;
    buffer_init(&padded);
    padding_add(payload, strlen(payload), &padded);
    char *text = memory_allocate(2 * padded.length_bytes + 1, 1);
    hex_format((const uint8_t *)padded.data, padded.length_bytes, text);
    assert_string_equal(text, json_string_value(json_object_get(vectors, "padded_hex")));
    assert_int_equal(padding_strip(padded.data, padded.length_bytes, &stripped, &length),
                     RESULT_OK);
    assert_int_equal(length, strlen(payload));
    assert_memory_equal(stripped, payload, length);
    memory_free(text);
    buffer_deinit(&padded);
    json_decref(vectors);
}

/* One length for each payload, and nothing but zeros behind it. */
static void padding__that_is_another_is_refused(void **state)
{
    static const size_t lengths[] = {0, 1, 252, 253, 300, 5000};
    const char *stripped = NULL;
    size_t length = 0;
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buffer padded;
        char *payload = memory_allocate(lengths[i] + 1, 1);
        buffer_init(&padded);
        padding_add(payload, lengths[i], &padded);
        size_t whole = padded.length_bytes;
        assert_int_equal(padding_strip(padded.data, whole, &stripped, &length), RESULT_OK);
        assert_int_equal(length, lengths[i]);
        assert_int_equal(padding_strip(padded.data, whole - 1, &stripped, &length), RESULT_INVALID);
        if (whole > PADDING_LENGTH_BYTES + lengths[i]) {
            padded.data[whole - 1] = 1;
            assert_int_equal(padding_strip(padded.data, whole, &stripped, &length), RESULT_INVALID);
            padded.data[whole - 1] = 0;
        }
        padded.data[0] = (char)0x80; /* longer than it is */
        assert_int_equal(padding_strip(padded.data, whole, &stripped, &length), RESULT_INVALID);
        padded.data[0] = 0;
        buffer_append_byte(&padded, '\0');
        assert_int_equal(padding_strip(padded.data, whole + 1, &stripped, &length), RESULT_INVALID);
        buffer_deinit(&padded);
        memory_free(payload);
    }
    assert_int_equal(padding_strip("", 0, &stripped, &length), RESULT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding__is_as_long_as_others_make_it),
        cmocka_unit_test(padding__of_a_payload_is_what_others_make_of_it),
        cmocka_unit_test(padding__that_is_another_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
