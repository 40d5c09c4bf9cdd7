#include "protocol/pasted_text.h"

#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"
#include "protocol/base64url.h"
#include "support/test_support.h"

#define PREFIX "hearthnet://v1/"
#define ZERO_WIDTH "\xE2\x80\x8B"

enum { MOST = 1000, LINE = 76 };

/* As an invite is: braces in strings, quotes that are escaped, objects inside. */
static const char json[] =
    "{\"community_name\":\"a \\\"}\\\" of {friends} \\\\\",\"bootstrap_endpoints\":[{\"host\":"
    "\"192.0.2.1\",\"port\":7080,\"transport\":\"https\"}],\"token\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";

/* The text of some JSON; the caller frees it. */
static char *encode(const char *object)
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, PREFIX);
    base64url_encode(object, strlen(object), &text);
    return buffer_take(&text);
}

/* Every `every` characters `between`, none before the first; the caller frees it. */
static char *weave(const char *text, size_t every, const char *between)
{
    struct buffer woven;
    buffer_init(&woven);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (i > 0 && i % every == 0) {
            buffer_append_text(&woven, between);
        }
        buffer_append_byte(&woven, text[i]);
    }
    return buffer_take(&woven);
}

static void assert_found(const char *before, const char *text, const char *behind,
                         const char *expected)
{
    char *pasted = memory_format("%s%s%s", before, text, behind);
    char *found = pasted_text_find(pasted, PREFIX, MOST);
    assert_non_null(found);
    assert_string_equal(found, expected);
    memory_free(found);
    memory_free(pasted);
}

static void pasted_text__is_found_amid_other_words(void **state)
{
    static const char *const around[][2] = {
        {"", ""},
        {"Hi, here is your invite: ", " See you"},
        {"", "\nSee you tomorrow"},
        {"", "See you"},
        {"\r\n\t ", " \r\n"},
        {"(", ")."},
        {"<", ">"},
        {"\"", "\","},
        {"> > <", ">\n> Jana"},
        {ZERO_WIDTH, ZERO_WIDTH},
        {"see hearthnet: ", "…"},
        {"an invite begins with hearthnet://v1/… and this is yours: ", "."},
        {"hearthnet://v1/bm90aGluZw hearthnet://v1/e ", "}}"},
    };
    /* Of every length modulo three, for that is how base64url ends. */
    static const char *const objects[] = {json, "{\"a\":1}", "{\"ab\":1}", "{\"abc\":1}", "{}"};
    (void)state;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        char *text = encode(objects[i]);
        for (size_t j = 0; j < sizeof around / sizeof around[0]; j++) {
            assert_found(around[j][0], text, around[j][1], text);
        }
        memory_free(text);
    }
}

static void pasted_text__is_found_however_it_was_broken(void **state)
{
    static const char *const between[] = {
        "\n", "\r\n",         "\n> ",         "\n>> ",        "\n | ",        "=\r\n",
        " ",  "\n        ",   ZERO_WIDTH,     "\xC2\xAD",     "\xEF\xBB\xBF", "\xC2\xA0\n",
        "\t", "\xE2\x81\xA0", "\xE2\x80\x8E", "\xE2\x80\xA8",
    };
    char *text = encode(json);
    (void)state;
    for (size_t i = 0; i < sizeof between / sizeof between[0]; i++) {
        for (size_t every = 1; every <= LINE; every += every == 1 ? 9 : 11) {
            char *broken = weave(text, every, between[i]);
            assert_found("> Hi, ", broken, "\n> See you", text);
            memory_free(broken);
        }
    }
    memory_free(text);
}

static void pasted_text__begins_with_any_letter_size(void **state)
{
    char *text = encode(json);
    char *capital = memory_duplicate_string(text);
    (void)state;
    capital[0] = 'H';
    assert_found("", capital, "", text);
    for (size_t i = 0; i < strlen(PREFIX); i++) {
        capital[i] = "HEARTHNET://V1/"[i];
    }
    assert_found("", capital, "", text);
    memory_free(capital);
    memory_free(text);
}

static void pasted_text__is_the_first_that_is_whole(void **state)
{
    char *text = encode(json);
    char *other = encode("{\"other\":1}");
    char *cut = memory_duplicate_string(text);
    char *both = memory_format("%s and %s", cut, other);
    (void)state;
    assert_found("", text, other, text);
    memory_free(both);
    cut[strlen(cut) - 1] = '\0';
    both = memory_format("%s: %s", cut, other);
    assert_found("", both, "", other);
    memory_free(both);
    memory_free(cut);
    memory_free(other);
    memory_free(text);
}

static void pasted_text__gives_what_there_is_of_a_broken_one(void **state)
{
    char *text = encode(json);
    char *long_text = memory_format("%s%01200d", PREFIX, 7);
    char *found = pasted_text_find(long_text, PREFIX, MOST);
    (void)state;
    assert_non_null(found);
    assert_int_equal(strlen(found), MOST);
    text[40] = '\0';
    assert_found("<", text, ">.", text);
    assert_found("", PREFIX, "", PREFIX);
    assert_found("", PREFIX "bm90aGluZw", "!", PREFIX "bm90aGluZw");
    memory_free(found);
    memory_free(long_text);
    memory_free(text);
}

static void pasted_text__is_not_there(void **state)
{
    static const char *const others[] = {
        "",           "hearthnet",          "hearthnet:/v1/abc", "hearthnet-id://v1/e30",
        "http://v1/", "hearthnet://v2/e30", "hearth\xE2\x80",    "\xE2\x80",
    };
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_null(pasted_text_find(others[i], PREFIX, MOST));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pasted_text__is_found_amid_other_words),
        cmocka_unit_test(pasted_text__is_found_however_it_was_broken),
        cmocka_unit_test(pasted_text__begins_with_any_letter_size),
        cmocka_unit_test(pasted_text__is_the_first_that_is_whole),
        cmocka_unit_test(pasted_text__gives_what_there_is_of_a_broken_one),
        cmocka_unit_test(pasted_text__is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
