#include "protocol/search_words.h"

#include <stdlib.h>
#include <string.h>
#include <unicode/uclean.h>

#include "core/buffer.h"
#include "protocol/search_text.h"
#include "support/test_support.h"

enum { MOST_RANGES = 64 };

/* The text with [brackets] around what is found; "" when not all words are there. */
static void assert_marks_up_to(size_t most, const char *query, const char *text,
                               const char *expected)
{
    struct search_words words;
    struct search_range ranges[MOST_RANGES];
    struct buffer folded;
    struct buffer marked;
    size_t at = 0;
    buffer_init(&folded);
    buffer_init(&marked);
    search_words_init(&words, query);
    search_text_fold(text, strlen(text), &folded);
    size_t count = search_words_match(&words, buffer_text(&folded))
                       ? search_words_find(&words, text, most, ranges)
                       : 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || ranges[i].begin > at);
        buffer_append(&marked, text + at, ranges[i].begin - at);
        buffer_append_byte(&marked, '[');
        buffer_append(&marked, text + ranges[i].begin, ranges[i].end - ranges[i].begin);
        buffer_append_byte(&marked, ']');
        at = ranges[i].end;
    }
    buffer_append_text(&marked, count > 0 ? text + at : "");
    assert_string_equal(buffer_text(&marked), expected);
    search_words_deinit(&words);
    buffer_deinit(&folded);
    buffer_deinit(&marked);
}

static void assert_marks(const char *query, const char *text, const char *expected)
{
    assert_marks_up_to(MOST_RANGES, query, text, expected);
}

static void search_words_find__marks_what_was_looked_for(void **state)
{
    static const struct {
        const char *query;
        const char *text;
        const char *marked;
    } cases[] = {
        {"pumpe", "Die Wasserpumpe ist da", "Die Wasser[pumpe] ist da"},
        {"PUMPE die", "Die Wasserpumpe", "[Die] Wasser[pumpe]"},
        {"pumpe kuchen", "Die Wasserpumpe", ""},
        {"strasse", "in der Straße 3", "in der [Straße] 3"},
        {"straße", "in der STRASSE 3", "in der [STRASSE] 3"},
        {"tras", "Straße", "S[traß]e"},
        {"κοσμος", "ο κόσμος", "ο [κόσμος]"},
        {"κόσμοσ", "Ο ΚΟΣΜΟΣ", "Ο [ΚΟΣΜΟΣ]"},
        {"елка", "наша Ёлка", "наша [Ёлка]"},
        {"isik", "ışık var", "[ışık] var"},
        {"IŞIK", "isik", "[isik]"},
        {"שלום", "שָׁלוֹם לך", "[שָׁלוֹם] לך"},
        {"شَمس", "الشمس", "ال[شمس]"},
        {"会議", "明日の会議室", "明日の[会議]室"},
        {"会", "开会", "开[会]"},
        {"か", "がか", "が[か]"},
        {"👍", "ok 👍🏽!", "ok [👍🏽]!"},
        {"👍🏽", "ok 👍!", "ok [👍]!"},
        {"👩", "👨\u200d👩\u200d👧", "[👨\u200d👩\u200d👧]"},
        {"wasser", "Was\u00adser\u200bpumpe", "[Was\u00adser]\u200bpumpe"},
        {"Was\u00adser", "Wasser", "[Wasser]"},
        {"abc", "ＡＢＣ", "[ＡＢＣ]"},
        {"fisch", "\ufb01sch", "[\ufb01sch]"},
        {"i", "\ufb01sch", "[\ufb01]sch"},
        {"zalgo", "Z\u0351\u0363a\u0334l\u0353go", "[Z\u0351\u0363a\u0334l\u0353go]"},
        {"c++", "C++ und C", "[C++] und C"},
        {"3.5", "um 3.5 oder 35", "um [3.5] oder 35"},
        {"foo@bar.de", "an Foo@Bar.de!", "an [Foo@Bar.de]!"},
        {"it's", "so it’s", "so [it’s]"},
        {"a", "aa b a", "[aa] b [a]"},
        {"\"pump is\"", "the pump  is\nit", "the [pump  is]\nit"},
        {"\"pump is\"", "is pump", ""},
        {"\"pum\"", "pump pum", "pump [pum]"},
        {"\"pum", "pump", ""},
        {"\"会議\"", "明日の会議室", "明日の[会議]室"},
        {"\"a b\" c", "c a b", "[c] [a b]"},
        {"x\"a b\"", "xa b", ""},
        {"a\u00a0b", "b a", "[b] [a]"},
        {"b",
         "a\xff"
         "b",
         "a\xff[b]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_marks(cases[i].query, cases[i].text, cases[i].marked);
    }
}

static void search_words_find__gives_as_many_as_there_is_room_for(void **state)
{
    (void)state;
    assert_marks_up_to(2, "a", "a b a b a", "[a] b [a] b a");
    assert_marks_up_to(0, "a", "a b a b a", "");
}

static void search_words_init__takes_what_says_nothing_for_nothing(void **state)
{
    static const char *const queries[] = {"",        " ", "\"", "\"\"", "\" \"", "\u00ad\u200b",
                                          "\t\u3000"};
    (void)state;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct search_words words;
        search_words_init(&words, queries[i]);
        assert_int_equal(words.count, 0);
        search_words_deinit(&words);
    }
}

static bool memory_is_short;

static void *give(const void *context, size_t bytes)
{
    (void)context;
    return memory_is_short ? NULL : malloc(bytes);
}

static void *give_again(const void *context, void *before, size_t bytes)
{
    (void)context;
    return memory_is_short ? NULL : realloc(before, bytes);
}

static void take_back(const void *context, void *before)
{
    (void)context;
    free(before);
}

static void search_words_find__finds_nothing_where_icu_gets_no_memory(void **state)
{
    struct search_words words;
    struct search_range ranges[1];
    (void)state;
    search_words_init(&words, "bread");
    assert_int_equal(search_words_find(&words, "bread", 1, ranges), 1);
    memory_is_short = true;
    size_t count = search_words_find(&words, "bread", 1, ranges);
    memory_is_short = false;
    assert_int_equal(count, 0);
    search_words_deinit(&words);
}

int main(void)
{
    UErrorCode error = U_ZERO_ERROR;
    u_setMemoryFunctions(NULL, give, give_again, take_back, &error);
    assert_true(U_SUCCESS(error));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_words_find__marks_what_was_looked_for),
        cmocka_unit_test(search_words_find__gives_as_many_as_there_is_room_for),
        cmocka_unit_test(search_words_find__finds_nothing_where_icu_gets_no_memory),
        cmocka_unit_test(search_words_init__takes_what_says_nothing_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
