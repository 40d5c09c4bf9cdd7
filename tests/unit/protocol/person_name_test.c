#include "protocol/person_name.h"

#include <string.h>

#include "support/test_support.h"

static void person_name_make__keeps_what_can_be_read(void **state)
{
    static const struct {
        const char *typed;
        const char *kept;
    } cases[] = {
        {"Jana", "Jana"},
        {"  Jana Müller\t", "Jana Müller"},
        {"\u3000Jana\u00a0", "Jana"},
        {"\u2800Jana\u2800", "Jana"},
        {"❤\ufe0f", "❤\ufe0f"},
        {"Mu\u0308ller", "M\u00fcller"},
        {"\U0001F468\u200d\U0001F469\u200d\U0001F467",
         "\U0001F468\u200d\U0001F469\u200d\U0001F467"},
        {"عربى", "عربى"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "0123456789012345678901234567890123456789012345678901234567890123"},
    };
    char name[PERSON_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(person_name_make(cases[i].typed, name));
        assert_string_equal(name, cases[i].kept);
    }
}

static void person_name_make__refuses_what_nobody_could_read(void **state)
{
    static const char *const cases[] = {
        "",
        " \t ",
        "\u200b",
        "\u200b\u2060\ufeff",
        "\u0301\u0301",
        "\u20dd",
        "\u2800",
        "\u2800 \u2800",
        "\ufe0f",
        "\u3164\ufe00\U000e0100",
        "Jana\nMüller",
        "a\x1b[31m",
        ("a\xc2\x85"
         "b"),
        "a\u2028b",
        "gpj.\u202eexe",
        "\u2066Jana\u2069",
        "Jana\u200f",
        "01234567890123456789012345678901234567890123456789012345678901234",
    };
    char name[PERSON_NAME_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(person_name_make(cases[i], name));
    }
}

struct pair {
    const char *one;
    const char *other;
    bool reads;
    bool looks;
};

static void person_name_keys__are_one_for_what_reads_as_one_or_looks_alike(void **state)
{
    static const struct pair pairs[] = {
        {"Müller", "Mu\u0308ller", true, true},
        {"Jana", " jana", true, true},
        {"Jana", "JANA", true, true},
        {"Jana", "Ja\u200bna", true, true},
        {"Jana", "J\u00ada\ufeffna", true, true},
        {"Straße", "STRASSE", true, true},
        {"Jana", "\uff2aana", true, true},
        {"Jana", "J\u0430n\u0430", false, true}, /* Cyrillic */
        {"JANA", "j\u0430na", false, true},
        {"Bill", "BiII", false, true}, /* capital i */
        {"Oma", "0ma", false, true},
        {"Jana M", "Jana  M", false, true},
        {"Jana M", "JanaM", false, true},
        {"Jana", "\u202eJana\u202c", true, true},
        {"Jana", "Jan", false, false},
        {"Jana", "Jána", false, false},
        {"Jana", "Jane", false, false},
        {"Anna", "Hanna", false, false},
        {"Jana", "\u2800Jana", true, true},
        {"Jana M", "Jana\u2800M", false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct person_name_keys one = person_name_keys(pairs[i].one);
        struct person_name_keys other = person_name_keys(pairs[i].other);
        bool looks = one.looks == other.looks || one.looks_in_case == other.looks_in_case;
        if ((one.reads == other.reads) != pairs[i].reads || looks != pairs[i].looks) {
            fail_msg("%s, %s", pairs[i].one, pairs[i].other);
        }
    }
}

static void person_name_keys__say_nothing_of_nothing(void **state)
{
    static const char *const cases[] = {
        "", "\u200b ", "\u2800", "\u2800\u2800 ", "\ufe0f\ufe0f", "\u3164\U000e0100", "\u0301"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct person_name_keys none = person_name_keys(cases[i]);
        assert_true(none.reads == 0 && none.looks == 0 && none.looks_in_case == 0);
    }
}

static void person_name_keys__of_the_longest_there_is(void **state)
{
    char name[PERSON_NAME_BYTES] = "";
    const char one[] = {'\xef', '\xb7', '\xba'}; /* U+FDFA reads as 18 characters */
    (void)state;
    for (size_t i = 0; i < sizeof one * PERSON_NAME_MOST_CHARACTERS; i++) {
        name[i] = one[i % sizeof one];
    }
    assert_true(person_name_keys(name).reads != 0);
    assert_true(person_name_keys(name).looks_in_case != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(person_name_make__keeps_what_can_be_read),
        cmocka_unit_test(person_name_make__refuses_what_nobody_could_read),
        cmocka_unit_test(person_name_keys__are_one_for_what_reads_as_one_or_looks_alike),
        cmocka_unit_test(person_name_keys__say_nothing_of_nothing),
        cmocka_unit_test(person_name_keys__of_the_longest_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
