#include "protocol/text_columns.h"

#include "core/memory.h"
#include "support/test_support.h"

static void text_columns_wrap__breaks_where_a_line_is_full(void **state)
{
    static const struct {
        const char *text;
        const char *lines;
    } cases[] = {
        {"", ""},
        {"0123456789ab", "0123456789ab"},
        {"0123456789 ab", "0123456789\n  ab"},
        {"0123456789ab cdefghij klm", "0123456789ab\n  cdefghij\n  klm"},
        {"0123456789ab12:00", "0123456789ab\n  12:00"},
        {"a 0123456789abcdef", "a 0123456789\n  abcdef"},
        {"a 0123456789", "a 0123456789"},
        {"a 0123456789a", "a 0123456789\n  a"},
        {"0123456789ab            12:00", "0123456789ab\n\n  12:00"},
        {"one\n  two three four", "one\n  two three\n  four"},
        {"\n\n0123456789 ab", "\n\n0123456789\n  ab"},
        {"会議会議会議会議", "会議会議会議\n  会議"},
        {"x会議会議会議", "x会議会議会\n  議"},
        {"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301",
         "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301"},
        {"👍👍👍👍👍👍👍", "👍👍👍👍👍👍\n  👍"},
        {"❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f!",
         "❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f❤\ufe0f\n  !"},
        {"01\tab", "01\tab"},
        {"01234\tab", "01234\n  ab"},
        {"ж жжжжжжжжж жж", "ж жжжжжжжжж\n  жж"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *lines = text_columns_wrap(cases[i].text, "  ", 12);
        assert_string_equal(lines, cases[i].lines);
        memory_free(lines);
    }
}

static void text_columns_wrap__leaves_it_alone_where_there_is_no_room(void **state)
{
    static const size_t columns[] = {0, 1, 2, 9};
    (void)state;
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        char *lines = text_columns_wrap("0123456789 0123456789", "  ", columns[i]);
        assert_string_equal(lines, "0123456789 0123456789");
        memory_free(lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_columns_wrap__breaks_where_a_line_is_full),
        cmocka_unit_test(text_columns_wrap__leaves_it_alone_where_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
