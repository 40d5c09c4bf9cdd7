/* Whatever changes of an event can make of it, the scanner reads it as the parser does, or leaves
 * it to the parser: acceptance is frozen (§4). */
#include <dirent.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event_scan.h"
#include "store/data_directory.h"
#include "support/alike.h"
#include "support/test_support.h"

#define COMMIT "hatchGwKeRWTg-CJQUyJmi-lkhSAtB83YnORV-JEREQ"
#define REPLY "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4"

static struct event_draft draft_sealed(const char *header, const char *ciphertext)
{
    json_t *envelope =
        json_pack("{s:b,s:o,s:s}", "e2e", 1, "header", json_loads(header, JSON_DECODE_ANY, NULL),
                  "ciphertext", ciphertext);
    return event_draft_sealed("c", test_id(3), envelope);
}

static void assert_read_alike(const char *text, size_t length)
{
    const char *difference = alike_difference(text, length);
    if (difference != NULL) {
        fail_msg("%s: %.*s", difference, (int)length, text);
    }
}

/* As it is, cut off behind every byte, and with every byte changed. */
static void assert_read_alike_however_changed(char *text)
{
    static const char changes[] = "\"\\{}[],:=+ .01Aw_x\x01\xc3";
    size_t length = strlen(text);
    assert_read_alike(text, length);
    for (size_t at = 0; at < length; at++) {
        const char was = text[at];
        assert_read_alike(text, at);
        for (size_t i = 0; i < sizeof changes; i++) { /* a NUL too */
            text[at] = changes[i];
            assert_read_alike(text, length);
        }
        text[at] = was;
    }
}

static void event_scan__reads_an_envelope_as_the_parser_does(void **state)
{
    static const char *const headers[] = {
        "{\"v\":1,\"commit\":\"" COMMIT "\",\"keys\":\"AAAA\"}",
        "{\"v\":1,\"commit\":\"" COMMIT "\",\"keys\":\"AAAA\",\"reply\":\"" REPLY "\"}",
        "{\"v\":2,\"commit\":7,\"later\":[]}",
    };
    static const char *const ciphertexts[] = {"AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA",
                                              "AAAAAAAAAAAAAAAAAAAAAAAA"};
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        char *text = test_event_text(draft_sealed(headers[i], ciphertexts[i]));
        struct event *event = NULL;
        assert_true(event_scan_one(text, strlen(text), test_id(1), &event, &(size_t){0}));
        assert_int_equal(json_is_array(event->json), i < 2); /* those went by the parser */
        event_destroy(&event);
        assert_read_alike_however_changed(text);
        memory_free(text);
    }
}

/* Its limits are the parser's: the least and the most of a ciphertext, and of a header. */
static void event_scan__refuses_an_envelope_that_the_parser_refuses(void **state)
{
    static const char frame[] = "{\"commit\":\"\",\"keys\":\"\",\"v\":1}";
    const size_t digits[] = {0, 1, 20, 21, 22, 23, 24, 25, 174762, 174763, 174764, 174766};
    char *original = test_event_text(
        draft_sealed("{\"v\":1,\"commit\":\"\",\"keys\":\"\"}", "AAAAAAAAAAAAAAAAAAAAAA"));
    const char *at = strstr(original, "AAAAAAAAAAAAAAAAAAAAAA");
    char *many = memory_allocate(174767, 1);
    (void)state;
    memset(many, 'A', 174766);
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        char *text = memory_format("%.*s%.*s%s", (int)(at - original), original, (int)digits[i],
                                   many, at + 22);
        assert_read_alike(text, strlen(text));
        memory_free(text);
    }
    at = strstr(original, "\"keys\":\"") + 8;
    for (size_t keys = EVENT_DATA_MOST_HEADER_BYTES - sizeof frame - 1;
         keys < EVENT_DATA_MOST_HEADER_BYTES - sizeof frame + 4; keys++) {
        char *text =
            memory_format("%.*s%.*s%s", (int)(at - original), original, (int)keys, many, at);
        assert_read_alike(text, strlen(text));
        memory_free(text);
    }
    memory_free(many);
    memory_free(original);
}

/* One text of JSON in pieces: a string, a mark, or what is between them. */
enum { MOST_PIECES = 512 };

struct pieces {
    const char *text;
    size_t count;
    size_t starts[MOST_PIECES + 1]; /* and the end of the last one */
};

static void cut(const char *text, size_t length, struct pieces *pieces)
{
    size_t at = 0;
    *pieces = (struct pieces){.text = text};
    while (at < length && pieces->count < MOST_PIECES) {
        pieces->starts[pieces->count++] = at;
        if (text[at] == '"') {
            for (at++; at < length && text[at] != '"'; at++) {
                at += text[at] == '\\' ? 1 : 0;
            }
            at++;
        } else if (text[at] == '\0' || strchr("{}[],:", text[at]) != NULL) {
            at++;
        } else {
            while (at < length && text[at] != '\0' && strchr("{}[],:\"", text[at]) == NULL) {
                at++;
            }
        }
    }
    pieces->starts[pieces->count] = length;
}

static void append_pieces(struct buffer *out, const struct pieces *pieces, size_t from, size_t to)
{
    buffer_append(out, pieces->text + pieces->starts[from],
                  pieces->starts[to] - pieces->starts[from]);
}

/* The text with `fragment` instead of the pieces from `from` to before `to`. */
static void assert_read_alike_with(const struct pieces *pieces, size_t from, size_t to,
                                   const char *fragment)
{
    struct buffer text;
    buffer_init(&text);
    append_pieces(&text, pieces, 0, from);
    buffer_append_text(&text, fragment);
    append_pieces(&text, pieces, to, pieces->count);
    assert_read_alike(text.data, text.length_bytes);
    buffer_deinit(&text);
}

/* The text with the pieces from `from` to before `to` behind those up to `end`. */
static void assert_read_alike_moved(const struct pieces *pieces, size_t from, size_t to, size_t end)
{
    struct buffer text;
    buffer_init(&text);
    append_pieces(&text, pieces, 0, from);
    append_pieces(&text, pieces, to, end);
    append_pieces(&text, pieces, from, to);
    append_pieces(&text, pieces, end, pieces->count);
    assert_read_alike(text.data, text.length_bytes);
    buffer_deinit(&text);
}

#define NESTED_8 "[[[[[[[["
#define NESTED_END_8 "]]]]]]]]"

static const char *const fragments[] = {
    /* numbers, which have one way to be written */
    "0", "-0", "1", "-1", "2", "01", "+1", "1.", "1.0", "1.5", "1e0", "1E0", "10e-1", "1e-7", "1e3",
    "1e400", "9007199254740991", "9007199254740992", "-9007199254740992", "99999999999999999999999",
    "NaN", "0x1",
    /* strings: escapes, halves of pairs, what is no UTF-8, and no base64url */
    "\"\"", "\"A\"", "\"AA\"", "\"AB\"", "\"AAA\"", "\"AAB\"", "\"AA==\"", "\"AAA=\"", "\"AAAAA\"",
    "\"AA+A\"", "\"AA/A\"", "\"\\u0041\"", "\"A\\/\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"",
    "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", "\"\xed\xa0\x80\"", "\"\xc0\x80\"", "\"\xff\"",
    "\"\xf4\x90\x80\x80\"", "\"\xef\xbf\xbf\"", "\"\xc3\xbc\"", "\"\xc3\"", "\"\x7f\"",
    "\"\\u007f\"", "\"\n\"", "\"x25519:\"", "\"x25519:AA=\"", "\"AAAAAAAAAAAAAAAAAAAAAA\"",
    "\"AAAAAAAAAAAAAAAAAAAAAB\"", "\"AAAAAAAAAAAAAAAAAAAAAA==\"", "'A'",
    /* other values */
    "true", "false", "null", "True", "{}", "[]", "[{}]", "{\"a\":1,\"a\":1}",
    NESTED_8 NESTED_8 NESTED_8 NESTED_END_8 NESTED_END_8 NESTED_END_8,
    NESTED_8 NESTED_8 NESTED_8 NESTED_8 NESTED_END_8 NESTED_END_8 NESTED_END_8 NESTED_END_8,
    /* marks and spaces */
    "", " ", "\t", "\n", "\r\n", "\f", "\xef\xbb\xbf", ",", ":", "/**/", "//", "\\",
    /* members, known and not, before and behind others */
    "\"later\":1,", ",\"later\":1", "\"\":0,", "\"v\":1,", ",\"v\":1", ",\"v\":2", "\"e2e\":true,",
    ",\"e2e\":true", ",\"e2e\":false", "\"ciphertext\":\"AAAAAAAAAAAAAAAAAAAAAA\",",
    ",\"reply\":\"\"", ",\"reply\":\"x25519:\"", "\"commit\":\"\",", "\"keys\":\"\",",
    "\"header\":{},", "\"body\":\"\",", "\"attachments\":[],", "\"client_id\":\"d\",",
    "\"\\u0076\":1", "\"V\":1"};

/* Each piece replaced by, and with before it, every `step`th of the fragments. */
static void assert_read_alike_in_pieces(const char *text, size_t length, size_t step)
{
    struct pieces pieces;
    cut(text, length, &pieces);
    for (size_t from = 0; from < pieces.count; from++) {
        for (size_t i = from % step; i < sizeof fragments / sizeof fragments[0]; i += step) {
            assert_read_alike_with(&pieces, from, from + 1, fragments[i]);
            assert_read_alike_with(&pieces, from, from, fragments[i]);
        }
    }
}

/* Each run of pieces left out, there twice, and behind the one to four that follow it. */
static void assert_read_alike_in_runs(const char *text, size_t length)
{
    struct pieces pieces;
    cut(text, length, &pieces);
    for (size_t from = 0; from < pieces.count; from++) {
        for (size_t to = from + 1; to <= pieces.count; to++) {
            char *run = memory_duplicate(text + pieces.starts[from],
                                         pieces.starts[to] - pieces.starts[from]);
            assert_read_alike_with(&pieces, from, to, "");
            assert_read_alike_with(&pieces, from, from, run);
            for (size_t end = to + 1; end <= to + 4 && end <= pieces.count; end++) {
                assert_read_alike_moved(&pieces, from, to, end);
            }
            memory_free(run);
        }
    }
}

/* Each character escaped in each way, or doubled. */
static void assert_read_alike_escaped(const char *text, size_t length)
{
    for (size_t at = 0; at < length; at++) {
        const char byte = text[at];
        char *ways[] = {memory_format("\\u%04x", (unsigned)(unsigned char)byte),
                        memory_format("\\u%04X", (unsigned)(unsigned char)byte),
                        memory_format("\\%c", byte), memory_format("%c%c", byte, byte)};
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            struct buffer changed;
            buffer_init(&changed);
            buffer_append(&changed, text, at);
            buffer_append_text(&changed, ways[i]);
            buffer_append(&changed, text + at + 1, length - at - 1);
            assert_read_alike(changed.data, changed.length_bytes);
            buffer_deinit(&changed);
            memory_free(ways[i]);
        }
    }
}

/* In the ways of the grammar: what is well written, but not so, and what is nearly. */
static void event_scan__reads_what_is_written_otherwise_as_the_parser_does(void **state)
{
    char id[ULID_TEXT_BYTES];
    struct event_draft drafts[] = {
        draft_sealed("{\"v\":1,\"commit\":\"" COMMIT "\",\"keys\":\"AAAA\"}",
                     "AAAAAAAAAAAAAAAAAAAAAA"),
        draft_sealed("{\"v\":1,\"commit\":\"" COMMIT "\",\"keys\":\"AAAA\",\"reply\":\"" REPLY
                     "\"}",
                     "AAAAAAAAAAAAAAAAAAAAAA"),
        event_draft_message("c", test_id(3), "plain, even \xc3\xbc and \" and \n", NULL),
        event_draft_delivered(test_ulid(1, id), 1800000000),
    };
    (void)state;
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        char *text = test_event_text(drafts[i]);
        assert_read_alike_in_pieces(text, strlen(text), 1);
        if (i % 2 == 1) { /* with a reply, and a receipt */
            assert_read_alike_in_runs(text, strlen(text));
        }
        assert_read_alike_escaped(text, strlen(text));
        memory_free(text);
    }
}

/* A body of the corpora, or a whole event. */
static void assert_read_alike_from(const char *path)
{
    char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(data_directory_read_file(path, 1048576, &bytes, &length), RESULT_OK);
    assert_read_alike(bytes, length);
    if (length > 0 && bytes[0] == '{' && memmem(bytes, length, "event_type", 10) == NULL) {
        char *original = test_event_text(
            draft_sealed("{\"v\":1,\"commit\":\"\",\"keys\":\"\"}", "AAAAAAAAAAAAAAAAAAAAAA"));
        char *body = strstr(original, "\"body\":") + strlen("\"body\":");
        char *behind = strstr(original, ",\"client_id\"");
        char *text = memory_format("%.*s%.*s%s", (int)(body - original), original, (int)length,
                                   bytes, behind);
        memory_free(bytes);
        memory_free(original);
        bytes = text;
        length = strlen(text);
    }
    assert_read_alike_in_pieces(bytes, length, 32);
    memory_free(bytes);
}

/* What the fuzzers found or were given: events, and bodies. */
static void event_scan__reads_the_corpora_as_the_parser_does(void **state)
{
    static const char *const corpora[] = {"fuzz_event", "fuzz_envelope", "fuzz_canonical"};
    (void)state;
    for (size_t i = 0; i < sizeof corpora / sizeof corpora[0]; i++) {
        size_t count = 0;
        const struct dirent *entry = NULL;
        char *path = memory_format("%s/tests/fuzz/corpus/%s", HEARTHCHAT_SOURCE, corpora[i]);
        DIR *corpus = opendir(path);
        assert_non_null(corpus);
        while ((entry = readdir(corpus)) != NULL) { // NOLINT(concurrency-mt-unsafe): one thread
            if (entry->d_name[0] != '.') {
                char *file = memory_format("%s/%s", path, entry->d_name);
                assert_read_alike_from(file);
                memory_free(file);
                count++;
            }
        }
        assert_true(count > 0);
        (void)closedir(corpus);
        memory_free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_scan__reads_an_envelope_as_the_parser_does),
        cmocka_unit_test(event_scan__refuses_an_envelope_that_the_parser_refuses),
        cmocka_unit_test(event_scan__reads_what_is_written_otherwise_as_the_parser_does),
        cmocka_unit_test(event_scan__reads_the_corpora_as_the_parser_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
