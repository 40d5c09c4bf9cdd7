#include "protocol/display_text.h"

#include "core/memory.h"
#include "support/test_support.h"

struct showing {
    const char *text;
    const char *shown;
};

static void display_text_make_fact__says_what_is_there(void **state)
{
    static const struct showing cases[] = {
        {"well.pdf", "well.pdf"},
        {"photo_\u202egpj.exe", "photo_gpj.exe"},
        {"\u2066a\u2069\u200e\u200f\u061c.jpg", "a.jpg"},
        {"a\u200b\u2060\ufeff\u00ad\u034fb\u3164\uffa0\u115f", "ab"},
        {"photo.jpg\u00a0\u2003\u3000\u2800\u2028 .exe", "photo.jpg .exe"},
        {" \u2003 a \t\xc2\x85 b \u2029", "a b"},
        {"\x1b[31mred\x7f", "[31mred"},
        {"👨\u200d👩\u200d👧 👍🏽\u200d💻 ❤\ufe0f",
         "👨\u200d👩\u200d👧 👍🏽\u200d💻 ❤\ufe0f"},
        {"a\u200db \u200d👩", "ab 👩"},
        {"שָׁלוֹם ภาษา", "שָׁלוֹם ภาษา"},
        {"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u20ddb\u0301",
         "a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b\u0301"},
        {"\u202e\u200b", ""},
        {"\u2800", ""},
        {"\ufe0f\ufe0f \U000e0100", ""},
        {"\u0301\u20dd", ""},
        {"", ""},
        {"a\xff", "a\ufffd"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *shown = display_text_make_fact(cases[i].text);
        assert_string_equal(shown, cases[i].shown);
        memory_free(shown);
    }
}

static void display_text_make_prose__keeps_to_its_lines(void **state)
{
    static const struct showing cases[] = {
        {"one line", "one line"},
        {"a\nb\rc\r\nd\ve\ff\u2028g\u2029h\xc2\x85i", "a\n>b\n>c\n>d\n>e\n>f\n>g\n>h\n>i"},
        {"\n\n", "\n>\n>"},
        {"a\x1b[2K\x7f\xc2\x9bz\tb\b", "a?[2K??z\tb?"},
        {"a\u202eb\u2066c\u200fd\u2069", "abc\u200fd"},
        {"a  b\u00a0c", "a  b\u00a0c"},
        {"Z\u0351\u0363\u0321\u0351\u0363\u0321\u0351\u0363\u0321\u0489\u0351l\u0353",
         "Z\u0351\u0363\u0321\u0351\u0363\u0321\u0351\u0363l\u0353"},
        {"a\n\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
         "a\n>\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *shown = display_text_make_prose(cases[i].text, ">");
        assert_string_equal(shown, cases[i].shown);
        memory_free(shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(display_text_make_fact__says_what_is_there),
        cmocka_unit_test(display_text_make_prose__keeps_to_its_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
