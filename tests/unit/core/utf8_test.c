#include <jansson.h>
#include <string.h>

#include "core/error.h"
#include "core/utf8.h"
#include "support/test_support.h"

/* Every lead byte with continuations from all the ranges that matter, whole and cut off. */
static void utf8_is_valid__agrees_with_the_library_that_packs_it(void **state)
{
    static const unsigned char parts[] = {0x00, 0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    const size_t count = sizeof parts;
    size_t valid_count = 0;
    (void)state;
    for (int lead = 0; lead < 256; lead++) {
        for (size_t i = 0; i < count * count * count; i++) {
            char bytes[4] = {(char)lead, (char)parts[i % count], (char)parts[i / count % count],
                             (char)parts[i / count / count]};
            for (size_t length = 1; length <= 4; length++) {
                json_t *string = json_stringn(bytes, length);
                bool valid = utf8_is_valid(bytes, length);
                if (valid != (string != NULL)) {
                    fail_msg("%02x %zu of %zu", (unsigned)lead, i, length);
                }
                valid_count += valid ? 1 : 0;
                json_decref(string);
            }
        }
    }
    assert_true(valid_count > 1000);
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_text("J\xc3\xbcrgen"));
    assert_false(utf8_is_text("J\xfcrgen"));
}

/* What is read by eights: each beginning, behind ASCII and characters of other lengths. */
static void utf8_is_valid__finds_a_wrong_byte_wherever_it_stands(void **state)
{
    static const char *const texts[] = {"abcdefghijklmnopqrstuvwxyz",
                                        "abcdefg\xc3\xbchijklmnopqrst",
                                        "\xe2\x82\xac"
                                        "abcdefghijklm\xf0\x9f\x91\x8d"
                                        "nopqrstu"};
    char changed[64];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t length = strlen(texts[i]);
        assert_true(utf8_is_valid(texts[i], length));
        for (size_t at = 0; at < length; at++) {
            memcpy(changed, texts[i], length);
            changed[at] = '\xff';
            assert_false(utf8_is_valid(changed, length));
            assert_true(utf8_is_valid(changed, at) == ((texts[i][at] & 0xc0) != 0x80));
        }
    }
}

/* Fed byte by byte, it says so at the first byte behind which nothing can be text; whole it is when
 * the other says that it is valid. */
static void utf8_stream_take__agrees_with_utf8_is_valid(void **state)
{
    static const unsigned char parts[] = {0x00, 0x7f, 0x80, 0x8f, 0x90,
                                          0x9f, 0xa0, 0xbf, 0xc0, 0xff};
    static const char *const ends[] = {"",         "\x80",         "\x90",
                                       "\xa0",     "\x80\x80",     "\x90\x80",
                                       "\xa0\x80", "\x80\x80\x80", "\x90\x80\x80"};
    const size_t count = sizeof parts;
    (void)state;
    for (size_t i = 0; i < 256 * count * count * count; i++) {
        size_t rest = i / 256;
        char bytes[8] = {(char)(i % 256), (char)parts[rest % count],
                         (char)parts[rest / count % count], (char)parts[rest / count / count]};
        struct utf8_stream stream = {0};
        for (size_t length = 1; length <= 4; length++) {
            bool may = utf8_stream_take(&stream, bytes + length - 1, 1);
            bool can = false;
            for (size_t end = 0; end < sizeof ends / sizeof ends[0]; end++) {
                char whole[8];
                memcpy(whole, bytes, length);
                memcpy(whole + length, ends[end], strlen(ends[end]));
                can = can || utf8_is_valid(whole, length + strlen(ends[end]));
            }
            if (may != can || (may && (stream.awaited == 0) != utf8_is_valid(bytes, length))) {
                fail_msg("%zu, %zu bytes", i, length);
            }
            if (!may) {
                break;
            }
        }
    }
}

static void utf8_mend__replaces_what_is_no_character(void **state)
{
    static const struct {
        const char *broken;
        const char *mended;
    } texts[] = {
        {"", ""},
        {"Zo\xc3\xab", "Zo\xc3\xab"},
        {"J\xfcrgen", "J?rgen"},
        {"cut \xe2\x82", "cut ??"},
        {"\xed\xa0\x80", "???"},
        {"\xc0\x80x", "??x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[32];
        memcpy(text, texts[i].broken, strlen(texts[i].broken) + 1);
        utf8_mend(text);
        assert_string_equal(text, texts[i].mended);
    }
}

static void utf8_decode__reads_what_utf8_encode_writes(void **state)
{
    static const char *const texts[] = {"a", "\x7f",         "ä", "\xdf\xbf",
                                        "€", "\xef\xbf\xbf", "😀", "\xf4\x8f\xbf\xbf"};
    static const uint32_t characters[] = {'a',    0x7f,   0xe4,    0x7ff,
                                          0x20ac, 0xffff, 0x1f600, 0x10ffff};
    uint32_t character = 0;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char bytes[5] = "";
        assert_int_equal(utf8_decode(texts[i], strlen(texts[i]), &character), strlen(texts[i]));
        assert_int_equal(character, characters[i]);
        assert_int_equal(utf8_encode(character, bytes), strlen(texts[i]));
        assert_string_equal(bytes, texts[i]);
    }
    assert_int_equal(utf8_decode("\xffx", 2, &character), 0);
    assert_int_equal(character, 0xfffd);
    assert_int_equal(utf8_decode("", 0, &character), 0);
}

/* The message goes into JSON, wherever its end cuts through what it quotes. */
static void error_set__keeps_a_message_that_can_be_sent(void **state)
{
    struct error error;
    (void)state;
    for (int filled = ERROR_MESSAGE_BYTES - 8; filled < ERROR_MESSAGE_BYTES + 4; filled++) {
        for (int i = 0; i < 3; i++) {
            static const char *const quoted[] = {"äääääääääääää", "€€€€€€€€€€", "😀😀😀😀😀😀"};
            (void)error_set(&error, RESULT_INVALID, "%*s%s", filled, "", quoted[i]);
            assert_true(utf8_is_text(error.message));
            assert_null(strchr(error.message, '?'));
            assert_true(strlen(error.message) > ERROR_MESSAGE_BYTES - 6);
        }
    }
    (void)error_set(&error, RESULT_INVALID, "It is \"%.2s\", not that.", "ä€");
    assert_string_equal(error.message, "It is \"ä\", not that.");
    (void)error_set(&error, RESULT_INVALID, "It is \"%.3s\", not that.", "ä€");
    assert_string_equal(error.message, "It is \"ä?\", not that.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_valid__agrees_with_the_library_that_packs_it),
        cmocka_unit_test(utf8_is_valid__finds_a_wrong_byte_wherever_it_stands),
        cmocka_unit_test(utf8_stream_take__agrees_with_utf8_is_valid),
        cmocka_unit_test(utf8_mend__replaces_what_is_no_character),
        cmocka_unit_test(utf8_decode__reads_what_utf8_encode_writes),
        cmocka_unit_test(error_set__keeps_a_message_that_can_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
