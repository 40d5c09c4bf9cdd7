#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/blake3.h"
#include "protocol/canonical.h"
#include "protocol/number.h"
#include "support/test_support.h"

static char *canonical_of(const char *input, size_t length)
{
    json_t *value = NULL;
    struct buffer text;
    buffer_init(&text);
    if (canonical_parse(input, length, CANONICAL_MOST_NESTING, &value, NULL) != RESULT_OK) {
        return NULL;
    }
    assert_int_equal(canonical_write(value, &text), RESULT_OK);
    json_decref(value);
    return buffer_take(&text);
}

static void canonical__reproduces_every_vector(void **state)
{
    json_t *vectors = test_vectors("canonical.json");
    size_t index;
    json_t *vector;
    (void)state;
    assert_true(json_array_size(json_object_get(vectors, "canonical")) > 10);
    json_array_foreach(json_object_get(vectors, "canonical"), index, vector)
    {
        const char *input = json_string_value(json_object_get(vector, "input"));
        const json_t *expected = json_object_get(vector, "canonical");
        uint8_t hash[BLAKE3_HASH_BYTES];
        char hex[65];
        char *text = canonical_of(input, strlen(input));
        assert_non_null(text);
        assert_string_equal(text, json_string_value(expected));
        blake3_hash(text, strlen(text), hash);
        for (size_t i = 0; i < sizeof hash; i++) {
            (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
        }
        assert_string_equal(hex, json_string_value(json_object_get(vector, "blake3")));
        char *again = canonical_of(text, strlen(text));
        assert_string_equal(again, text);
        memory_free(again);
        memory_free(text);
    }
    json_decref(vectors);
}

static void canonical_parse__refuses_every_vector(void **state)
{
    json_t *vectors = test_vectors("canonical.json");
    size_t index;
    json_t *vector;
    (void)state;
    assert_true(json_array_size(json_object_get(vectors, "refuse")) > 10);
    json_array_foreach(json_object_get(vectors, "refuse"), index, vector)
    {
        json_t *value = NULL;
        if (canonical_parse(json_string_value(vector), json_string_length(vector),
                            CANONICAL_MOST_NESTING, &value, NULL) == RESULT_OK) {
            fail_msg("accepted: %s", json_string_value(vector));
        }
    }
    json_array_foreach(json_object_get(vectors, "refuse_hex"), index, vector)
    {
        json_t *value = NULL;
        const char *hex = json_string_value(vector);
        char bytes[256];
        size_t length = strlen(hex) / 2;
        assert_true(length <= sizeof bytes);
        for (size_t i = 0; i < length; i++) {
            unsigned byte = 0;
            assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1); // NOLINT(cert-err34-c)
            bytes[i] = (char)byte;
        }
        if (canonical_parse(bytes, length, CANONICAL_MOST_NESTING, &value, NULL) == RESULT_OK) {
            fail_msg("accepted: %s", hex);
        }
    }
    json_decref(vectors);
}

/* jansson's lexer swallows a NUL behind numbers and literals. */
static void canonical_parse__refuses_a_nul_wherever_it_stands(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "123",
        "-17",
        "1.5",
        "1e5",
        "1E-3",
        "2.5e+10",
        "true",
        "false",
        "null",
        "\"text\"",
        "[]",
        "{}",
        "[1,2.5,true,null]",
        "{\"x\":123}",
        " { \"a\" : [ -1 , 1e5 , false ] , \"b\" : { \"c\" : null } } ",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length = strlen(texts[i]);
        for (size_t at = 0; at <= length; at++) {
            char with[128];
            struct error error = {""};
            json_t *value = NULL;
            memcpy(with, texts[i], at);
            with[at] = '\0';
            memcpy(with + at + 1, texts[i] + at, length - at);
            if (canonical_parse(with, length + 1, CANONICAL_MOST_NESTING, &value, &error) !=
                RESULT_INVALID) {
                fail_msg("accepted with a NUL at %zu: %s", at, texts[i]);
            }
            assert_non_null(strstr(error.message, "NUL"));
        }
        char *plain = canonical_of(texts[i], length);
        assert_non_null(plain);
        memory_free(plain);
    }
}

static void canonical_parse__allows_exactly_32_levels(void **state)
{
    char text[80];
    json_t *value = NULL;
    (void)state;
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    assert_int_equal(canonical_parse(text, 64, CANONICAL_MOST_NESTING, &value, NULL), RESULT_OK);
    json_decref(value);
    memset(text, '[', 33);
    memset(text + 33, ']', 33);
    assert_int_equal(canonical_parse(text, 66, CANONICAL_MOST_NESTING, &value, NULL),
                     RESULT_INVALID);
}

static void number_format__finds_the_shortest_digits(void **state)
{
    static const struct {
        double number;
        const char *text;
    } known[] = {
        {5.684341886080802e-14,
         "5.684341886080802e-14"}, /* 2^-44: the nearest 16 digits do not read back */
        {0.1, "0.1"},
        {1e21, "1e+21"},
        {1.5e300, "1.5e+300"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {0.000001, "0.000001"},
        {0.0000001, "1e-7"},
        {-123.456, "-123.456"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {-0.0, "0"},
    };
    char text[NUMBER_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(number_format(known[i].number, text));
        assert_string_equal(text, known[i].text);
    }
    assert_false(number_format(9007199254740992.0, text));
    assert_false(number_format(1e20, text));
}

/* Significant digits of a text of a number. */
static int count_digits(const char *text)
{
    int count = 0;
    int zeros = 0; /* that nothing follows yet */
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '1' && *text <= '9') {
            count += zeros + 1;
            zeros = 0;
        } else if (*text == '0' && count > 0) {
            zeros++;
        }
    }
    return count;
}

static void check_digits(double number)
{
    char text[NUMBER_TEXT_BYTES];
    char shorter[64];
    assert_true(number_format(number, text));
    assert_true(strtod(text, NULL) == number);
    int count = count_digits(text);
    if (count > 1) {
        (void)snprintf(shorter, sizeof shorter, "%.*e", count - 2, number);
        assert_true(strtod(shorter, NULL) != number);
    }
}

/* Each power of two and its neighbours, where the gaps change; the least of normal numbers is among
 * them. */
static void number_format__reads_back_by_no_more_digits_than_it_takes(void **state)
{
    (void)state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        double number = ldexp(1, exponent);
        if (exponent >= 53 && exponent < 70) {
            continue; /* these have no text */
        }
        check_digits(number);
        check_digits(nextafter(number, (double)INFINITY));
        if (exponent > -1074 && exponent != 70) {
            check_digits(nextafter(number, 0));
        }
    }
}

/* Which numbers there are is known without looking for their digits. */
static void number_has_text__is_true_of_what_reads_back(void **state)
{
    static const struct {
        double number;
        bool has_text;
    } cases[] = {
        {0, true},
        {0.5, true},
        {5e-324, true},
        {9007199254740991.0, true},
        {9007199254740992.0, false},
        {9007199254740994.0, false},
        {999999999999999868928.0, false}, /* the last one below 10^21 */
        {1e21, true},
        {1.7976931348623157e308, true},
        {(double)INFINITY, false},
        {(double)NAN, false},
    };
    char text[NUMBER_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int negative = 0; negative < 2; negative++) {
            double number = negative ? -cases[i].number : cases[i].number;
            assert_int_equal(number_has_text(number), cases[i].has_text);
            assert_int_equal(number_format(number, text), cases[i].has_text);
        }
    }
}

/* What reading it takes, as the allocator sees it. */
static size_t measure(const char *text)
{
    json_t *value = NULL;
    struct mallinfo2 before = mallinfo2();
    assert_int_equal(canonical_parse(text, strlen(text), 64, &value, NULL), RESULT_OK);
    struct mallinfo2 after = mallinfo2();
    json_decref(value);
    return after.uordblks > before.uordblks ? after.uordblks - before.uordblks : 0;
}

static void canonical_weigh__is_no_less_than_what_reading_takes(void **state)
{
    static const char *const parts[] = {"{}",         "[]",        "0",
                                        "\"\"",       "{\"a\":1}", "[[0]]",
                                        "[[],[],[]]", "null,1",    "{\"a\":{},\"b\":[]}"};
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct buffer text;
        buffer_init(&text);
        buffer_append_byte(&text, '[');
        for (int j = 0; j < 20000; j++) {
            buffer_append_text(&text, parts[i]);
            buffer_append_byte(&text, j == 19999 ? ']' : ',');
        }
        size_t weight = canonical_weigh(buffer_text(&text), text.length_bytes);
        assert_true(weight >= measure(buffer_text(&text)));
        assert_true(weight < text.length_bytes * 200);
        buffer_deinit(&text);
    }
    assert_int_equal(canonical_weigh("\"[{,:\\\"[[[\"", 11), canonical_weigh("\"\"", 2));
}

/* Wherever a string begins, ends, or has a quotation mark of its own. */
static void canonical_weigh__looks_into_no_string(void **state)
{
    static const char *const ends[] = {"", "\\\"", "\\\\", "{", "\x01"};
    size_t empty = canonical_weigh("[\"\",{}]", 7);
    (void)state;
    for (int length = 0; length < 40; length++) {
        for (int lead = 0; lead < 9; lead++) {
            for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
                char *text = memory_format("%.*s[\"%.*s%s\",{}]", lead, "        ", length,
                                           "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", ends[i]);
                assert_int_equal(canonical_weigh(text, strlen(text)), empty);
                memory_free(text);
            }
        }
    }
}

/* As §2 says, one byte after the other. */
static void write_by_bytes(const char *text, size_t length, struct buffer *out)
{
    static const char escaped[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] == '\0' ? NULL : strchr(escaped, text[i]);
        if (found != NULL) {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, letters[found - escaped]);
        } else if ((unsigned char)text[i] < 0x20) {
            buffer_append_format(out, "\\u%04x", (unsigned)text[i]);
        } else {
            buffer_append_byte(out, text[i]);
        }
    }
    buffer_append_byte(out, '"');
}

static void assert_written(const char *text, size_t length)
{
    struct buffer written;
    struct buffer expected;
    buffer_init(&written);
    buffer_init(&expected);
    canonical_write_text(text, length, &written);
    write_by_bytes(text, length, &expected);
    assert_string_equal(buffer_text(&written), buffer_text(&expected));
    buffer_deinit(&written);
    buffer_deinit(&expected);
}

/* Every byte at every place of texts of every length, among two kinds of neighbours. */
static void canonical_write_text__escapes_wherever_it_stands(void **state)
{
    enum { MOST = 26 };
    static const char neighbours[] = {'!', '\x7f'};
    (void)state;
    for (size_t length = 1; length <= MOST; length++) {
        for (size_t at = 0; at < length; at++) {
            for (int byte = 1; byte < 256; byte++) {
                char text[MOST];
                memset(text, neighbours[byte % 2], sizeof text);
                text[at] = (char)byte;
                assert_written(text, length);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical__reproduces_every_vector),
        cmocka_unit_test(canonical_parse__refuses_every_vector),
        cmocka_unit_test(canonical_parse__refuses_a_nul_wherever_it_stands),
        cmocka_unit_test(canonical_parse__allows_exactly_32_levels),
        cmocka_unit_test(number_format__finds_the_shortest_digits),
        cmocka_unit_test(number_format__reads_back_by_no_more_digits_than_it_takes),
        cmocka_unit_test(number_has_text__is_true_of_what_reads_back),
        cmocka_unit_test(canonical_write_text__escapes_wherever_it_stands),
        cmocka_unit_test(canonical_weigh__is_no_less_than_what_reading_takes),
        cmocka_unit_test(canonical_weigh__looks_into_no_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
