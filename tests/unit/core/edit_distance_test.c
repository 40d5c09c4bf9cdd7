#include "core/edit_distance.h"

#include <string.h>

#include "support/test_support.h"

static void edit_distance_measure__counts_what_was_typed_wrong(void **state)
{
    static const struct {
        const char *left;
        const char *right;
        size_t distance;
    } cases[] = {{"", "", 0},         {"port", "port", 0},      {"PORT", "port", 0},
                 {"prot", "port", 1}, {"pot", "port", 1},       {"sport", "port", 1},
                 {"pork", "port", 1}, {"", "port", 4},          {"ab", "ba", 1},
                 {"abc", "ca", 3},    {"kitten", "sitting", 3}, {"Zoe", "Zoë", 1},
                 {"Елка", "Ёлка", 1}, {"ёж", "жё", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(edit_distance_measure(cases[i].left, cases[i].right), cases[i].distance);
        assert_int_equal(edit_distance_measure(cases[i].right, cases[i].left), cases[i].distance);
    }
}

static void edit_distance_measure__long_words_are_far_from_everything(void **state)
{
    char word[66];
    (void)state;
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    assert_true(edit_distance_measure(word, word) > sizeof word);
    word[63] = '\0';
    assert_int_equal(edit_distance_measure(word, word), 0);
    assert_int_equal(edit_distance_measure("жжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжжж", ""), 40);
}

static void edit_distance_find__names_the_nearest_or_none(void **state)
{
    static const char *const keys[] = {"host", "port", "same_user_only", NULL};
    static const char *const none[] = {NULL};
    static const char *const names[] = {"Bob", "Zoë", NULL};
    (void)state;
    assert_string_equal(edit_distance_find("prot", keys), "port");
    assert_string_equal(edit_distance_find("hots", keys), "host");
    assert_null(edit_distance_find("same_user", keys));
    assert_null(edit_distance_find("part_one", keys));
    assert_null(edit_distance_find("h", keys));
    assert_string_equal(edit_distance_find("same_users_only", keys), "same_user_only");
    assert_null(edit_distance_find("colour", keys));
    assert_null(edit_distance_find("", keys));
    assert_null(edit_distance_find("x", keys));
    assert_null(edit_distance_find("port", none));
    assert_string_equal(edit_distance_find("Zoe", names), "Zoë");
    assert_null(edit_distance_find("Ж", names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edit_distance_measure__counts_what_was_typed_wrong),
        cmocka_unit_test(edit_distance_measure__long_words_are_far_from_everything),
        cmocka_unit_test(edit_distance_find__names_the_nearest_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
