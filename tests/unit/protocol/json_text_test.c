#include "protocol/json_text.h"

#include <jansson.h>
#include <string.h>

#include "core/utf8.h"
#include "protocol/canonical.h"
#include "support/test_support.h"

static void check_written(const char *text)
{
    struct buffer written;
    struct buffer expected;
    char mended[64];
    buffer_init(&written);
    buffer_init(&expected);
    assert_true(strlen(text) < sizeof mended);
    memcpy(mended, text, strlen(text) + 1);
    utf8_mend(mended);
    json_t *string = json_string(mended);
    assert_non_null(string);
    assert_int_equal(canonical_write(string, &expected), RESULT_OK);
    json_text_write(&written, text);
    assert_string_equal(buffer_text(&written), buffer_text(&expected));
    json_decref(string);
    buffer_deinit(&written);
    buffer_deinit(&expected);
}

/* Every byte at every place of texts of every length that is read in another way. */
static void json_text_write__is_canonical_and_mends_what_is_no_text(void **state)
{
    char text[40];
    (void)state;
    check_written("");
    for (size_t length = 1; length < 20; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int byte = 1; byte < 256; byte++) {
                memset(text, 'a', length);
                text[length] = '\0';
                text[at] = (char)byte;
                check_written(text);
            }
        }
    }
    check_written("J\xc3\xbcrgen says \"\xf0\x9f\x91\x8d\" \\o/\n");
}

static void json_text_write__has_null_for_nothing(void **state)
{
    struct buffer written;
    (void)state;
    buffer_init(&written);
    json_text_write(&written, NULL);
    assert_string_equal(buffer_text(&written), "null");
    buffer_deinit(&written);
}

static void json_text_add__parts_members_by_commas(void **state)
{
    struct buffer written;
    (void)state;
    buffer_init(&written);
    json_text_separate(&written);
    buffer_append_byte(&written, '{');
    json_text_add(&written, "", "");
    *json_text_name(&written, "list", 1) = '[';
    json_text_separate(&written);
    json_text_write(&written, "one");
    json_text_separate(&written);
    json_text_write(&written, NULL);
    buffer_append_byte(&written, ']');
    json_text_add(&written, "none", NULL);
    json_text_add_null(&written, "null");
    json_text_add_plain(&written, "plain", "text", 4);
    json_text_add_bool(&written, "yes", true);
    json_text_add_bool(&written, "no", false);
    json_text_add_integer(&written, "number", 7);
    buffer_append_byte(&written, '}');
    assert_string_equal(buffer_text(&written), "{\"\":\"\",\"list\":[\"one\",null],\"none\":null,"
                                               "\"null\":null,\"plain\":\"text\","
                                               "\"yes\":true,\"no\":false,\"number\":7}");
    buffer_deinit(&written);
}

static void json_text_add_integer__writes_the_least_and_the_most(void **state)
{
    struct buffer written;
    (void)state;
    buffer_init(&written);
    buffer_append_byte(&written, '{');
    json_text_add_integer(&written, "a", INT64_MIN);
    json_text_add_integer(&written, "b", INT64_MAX);
    json_text_add_integer(&written, "c", 0);
    json_text_add_integer(&written, "d", -1);
    json_text_add_integer(&written, "e", 9007199254740991);
    assert_string_equal(buffer_text(&written),
                        "{\"a\":-9223372036854775808,\"b\":9223372036854775807,\"c\":0,\"d\":-1,"
                        "\"e\":9007199254740991");
    buffer_deinit(&written);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_text_write__is_canonical_and_mends_what_is_no_text),
        cmocka_unit_test(json_text_write__has_null_for_nothing),
        cmocka_unit_test(json_text_add__parts_members_by_commas),
        cmocka_unit_test(json_text_add_integer__writes_the_least_and_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
