#include "protocol/base64url.h"

#include <string.h>

#include "support/test_support.h"

enum { MOST_BYTES = 70, MOST_CHANGED_BYTES = 9 };

static void check_decoded_alike(const char *text, size_t length_bytes)
{
    struct buffer strict;
    struct buffer public;
    buffer_init(&strict);
    buffer_init(&public);
    size_t measured = 0;
    enum result result = base64url_decode(text, length_bytes, &strict);
    assert_int_equal(base64url_measure_public(text, length_bytes, &measured), result == RESULT_OK);
    assert_true(result != RESULT_OK || measured == strict.length_bytes);
    assert_int_equal(base64url_decode_public(text, length_bytes, &public), result);
    assert_int_equal(public.length_bytes, strict.length_bytes);
    assert_memory_equal(buffer_text(&public), buffer_text(&strict), strict.length_bytes);
    buffer_deinit(&strict);
    buffer_deinit(&public);
}

static void base64url__is_the_same_whether_public_or_not(void **state)
{
    uint8_t bytes[MOST_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 167 + 251);
    }
    for (size_t count = 0; count <= sizeof bytes; count++) {
        struct buffer strict;
        struct buffer public;
        buffer_init(&strict);
        buffer_init(&public);
        base64url_encode(bytes, count, &strict);
        base64url_encode_public(bytes, count, &public);
        assert_string_equal(buffer_text(&public), buffer_text(&strict));
        check_decoded_alike(buffer_text(&public), public.length_bytes);
        buffer_deinit(&strict);
        buffer_deinit(&public);
    }
}

/* Every length and every character at every place: other alphabets, padding, NUL, bits left over.
 */
static void base64url__refuses_the_same_whether_public_or_not(void **state)
{
    (void)state;
    for (size_t length = 0; length <= MOST_CHANGED_BYTES; length++) {
        char text[MOST_CHANGED_BYTES + 1] = "AAAAAAAAA";
        check_decoded_alike(text, length);
        for (size_t at = 0; at < length; at++) {
            for (int byte = 0; byte < 128; byte++) {
                text[at] = (char)byte;
                check_decoded_alike(text, length);
            }
            text[at] = 'A';
        }
    }
}

/* Of these libsodium takes some. */
static void base64url__takes_nothing_beyond_ascii_as_public(void **state)
{
    struct buffer bytes;
    (void)state;
    buffer_init(&bytes);
    for (int byte = 128; byte < 256; byte++) {
        const char text[] = {'A', 'A', (char)byte, 'A', 'A', (char)byte, 'A'};
        assert_int_equal(base64url_decode_public(text, 4, &bytes), RESULT_INVALID);
        assert_int_equal(base64url_decode_public(text + 5, 2, &bytes), RESULT_INVALID);
    }
    assert_int_equal(bytes.length_bytes, 0);
    buffer_deinit(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64url__is_the_same_whether_public_or_not),
        cmocka_unit_test(base64url__refuses_the_same_whether_public_or_not),
        cmocka_unit_test(base64url__takes_nothing_beyond_ascii_as_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
