#include "protocol/search_text.h"

#include <string.h>

#include "core/utf8.h"
#include "support/test_support.h"

static void assert_folds(const char *text, size_t length_bytes, const char *expected)
{
    struct buffer folded;
    buffer_init(&folded);
    search_text_fold(text, length_bytes, &folded);
    assert_string_equal(buffer_text(&folded), expected);
    assert_int_equal(strlen(buffer_text(&folded)), folded.length_bytes);
    buffer_deinit(&folded);
}

static void search_text_fold__spells_the_same_what_people_call_the_same(void **state)
{
    static const struct {
        const char *text;
        const char *folded;
    } cases[] = {
        {"", ""},
        {"Wasserpumpe", "wasserpumpe"},
        {"Zoë am KÜHLHAUS", "zoe am kuhlhaus"},
        {"Zoe\u0308", "zoe"},
        {"Straße STRASSE strasse STRA\u1e9eE", "strasse strasse strasse strasse"},
        {"ışık IŞIK İstanbul istanbul", "isik isik istanbul istanbul"},
        {"κόσμος ΚΌΣΜΟΣ κοσμοσ", "κοσμοσ κοσμοσ κοσμοσ"},
        {"ἀρχή ᾧ", "αρχη ω"
                   "ι"},
        {"ёлка ЁЛКА елка Й", "елка елка елка и"},
        {"שָׁלוֹם", "שלום"},
        {"مُحَمَّد", "محمد"},
        {"محـــمد", "محمد"},
        {"أحمد إسلام آب ٱلله", "احمد اسلام اب الله"},
        {"مدرسة على فارسی کتاب", "مدرسه علي فارسي كتاب"},
        {"٣٫٥ ۴ ४", "3٫5 4 4"},
        {"会議 开会 會", "会議 开会 會"},
        {"ｶﾞｷﾞ が か\u3099 か", "ガギ が が か"},
        {"ＡＢＣ１２３　ｘ", "abc123 x"},
        {"한국어 \u1112\u1161\u11ab", "한국어 한"},
        {"हिन्दी ภาษาไทย", "हिन्दी ภาษาไทย"},
        {"👍🏽 👍 ❤\ufe0f ❤ 1\ufe0f\u20e3", "👍 👍 ❤ ❤ 1\u20e3"},
        {"👨\u200d👩\u200d👧 🇩🇪", "👨👩👧 🇩🇪"},
        {"Was\u00adser\u200bpum\u200dpe\ufeff", "wasserpumpe"},
        {"ﬁsh ﬀ ² ½ ㎏ Ⅳ …", "fish ff 2 1/2 kg iv ..."},
        {"Łódź Ørsted Đorđe ÆON œuvre þing", "lodz orsted dorde aeon oeuvre thing"},
        {"it’s it´s it`s “so” «so» a–b a−b", "it's it's it's \"so\" \"so\" a-b a-b"},
        {"a\u00a0b\u2003c\u3000d\u2028e\xc2\x85 f\tg\r\nh\u2800i", "a b c d e f g h i"},
        {" \n a  b ", "a b "},
        {"C++ 3.5 foo@bar.de", "c++ 3.5 foo@bar.de"},
        {"Z\u0351\u0363\u0321a\u0334\u0489l\u0353go", "zalgo"},
        {"a\xff\xfe"
         "b\xc3",
         "a b "},
        {"\u202egpj.exe\u202c", "gpj.exe"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_folds(cases[i].text, strlen(cases[i].text), cases[i].folded);
        assert_folds(cases[i].folded, strlen(cases[i].folded), cases[i].folded);
    }
}

static void search_text_fold__goes_on_behind_a_nul(void **state)
{
    (void)state;
    assert_folds("before\0behind", 13, "before behind");
    assert_folds("\0\0", 2, "");
}

/* A text that would grow, be slow, or be kept from folding. */
static void search_text_fold__takes_bodies_of_any_kind_within_its_bounds(void **state)
{
    static const char *const parts[] = {"\ufdfa", "a\u0301", "\u0301", "\u0f71\u0f72", "\u3099",
                                        "\u00a8", "\u0390",  "\xf0",   "\u1fb7",       "が"};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct buffer text;
        struct buffer folded;
        buffer_init(&text);
        buffer_init(&folded);
        while (text.length_bytes < 65536) {
            buffer_append_text(&text, parts[i]);
        }
        search_text_fold(text.data, text.length_bytes, &folded);
        assert_true(folded.length_bytes <= SEARCH_TEXT_MOST_GROWTH * text.length_bytes);
        buffer_deinit(&text);
        buffer_deinit(&folded);
    }
}

static void append_character(struct buffer *text, uint32_t character)
{
    char bytes[4];
    buffer_append(text, bytes, utf8_encode(character, bytes));
}

/* Every character there is, alone and behind a letter. */
static void search_text_fold__folded_again_stays_as_it_is(void **state)
{
    struct buffer text;
    struct buffer once;
    struct buffer twice;
    (void)state;
    buffer_init(&text);
    buffer_init(&once);
    buffer_init(&twice);
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        if (character >= 0xd800 && character <= 0xdfff) {
            continue;
        }
        buffer_clear(&text);
        append_character(&text, character);
        buffer_append_byte(&text, 'x');
        append_character(&text, character);
        buffer_clear(&once);
        buffer_clear(&twice);
        search_text_fold(text.data, text.length_bytes, &once);
        search_text_fold(buffer_text(&once), once.length_bytes, &twice);
        if (strcmp(buffer_text(&once), buffer_text(&twice)) != 0) {
            fail_msg("U+%04x: \"%s\", then \"%s\"", character, once.data, twice.data);
        }
        assert_true(once.length_bytes <= SEARCH_TEXT_MOST_GROWTH * text.length_bytes);
    }
    buffer_deinit(&text);
    buffer_deinit(&once);
    buffer_deinit(&twice);
}

/* The pieces lie side by side, and together they are the whole. */
static void search_text_next__leads_through_all_of_the_text(void **state)
{
    static const char text[] = " A\u0301 Stra\u00adße 👍🏽  \ufdfa\xff か\u3099";
    struct search_text_walk walk = {
        .text = text, .length_bytes = sizeof text - 1, .after_blank = true};
    struct search_text_piece piece;
    struct buffer folded;
    size_t at = 0;
    size_t folded_bytes = 0;
    (void)state;
    buffer_init(&folded);
    while (search_text_next(&walk, &folded, &piece)) {
        assert_int_equal(piece.begin, at);
        assert_true(piece.end > at);
        folded_bytes += piece.folded_bytes;
        at = piece.end;
    }
    assert_int_equal(at, sizeof text - 1);
    assert_int_equal(folded_bytes, folded.length_bytes);
    assert_folds(text, sizeof text - 1, folded.data);
    buffer_deinit(&folded);
}

static void search_text_fold__at_once_is_as_piece_by_piece(void **state)
{
    static const char *const pieces[] = {"a",      "B",      " ", "\t",    "\"", "e\u0301",
                                         "\u0308", "\u00df", "9", "\xc3",  "\n", "~",
                                         "`",      "\u00a0", "-", "\u4f1a"};
    struct buffer text;
    struct buffer folded;
    (void)state;
    buffer_init(&text);
    buffer_init(&folded);
    for (uint32_t seed = 1; seed < 3000; seed++) {
        struct search_text_piece piece;
        uint32_t drawn = seed * 2654435761U;
        buffer_clear(&text);
        buffer_clear(&folded);
        for (uint32_t i = 0; i < seed % 40 * 13; i++, drawn = drawn * 1664525U + 1013904223U) {
            bool rare = drawn >> 16 & 7;
            buffer_append_text(&text, pieces[(drawn >> 24) % (rare ? 5 : 16)]);
        }
        struct search_text_walk walk = {
            .text = buffer_text(&text), .length_bytes = text.length_bytes, .after_blank = true};
        while (search_text_next(&walk, &folded, &piece)) {
        }
        assert_folds(buffer_text(&text), text.length_bytes, buffer_text(&folded));
    }
    buffer_deinit(&text);
    buffer_deinit(&folded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(search_text_fold__spells_the_same_what_people_call_the_same),
        cmocka_unit_test(search_text_fold__goes_on_behind_a_nul),
        cmocka_unit_test(search_text_fold__takes_bodies_of_any_kind_within_its_bounds),
        cmocka_unit_test(search_text_fold__folded_again_stays_as_it_is),
        cmocka_unit_test(search_text_fold__at_once_is_as_piece_by_piece),
        cmocka_unit_test(search_text_next__leads_through_all_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
