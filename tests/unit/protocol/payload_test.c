#include "protocol/payload.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/event_data.h"
#include "support/test_support.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CID "blake3:" HASH
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define IN_CLEAR "{\"cid\":\"" CID "\",\"name\":\"a.jpg\"}"
#define SEALED                                                                                     \
    "{\"cid\":\"" CID "\",\"key\":\"" KEY                                                          \
    "\",\"name\":\"a.jpg\",\"size_bytes\":7,\"type\":\"image/jpeg\"}"

static const uint8_t hash[BLAKE3_HASH_BYTES] = {
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static enum envelope_outcome read(const char *text, struct payload *payload)
{
    return payload_read(text, strlen(text), payload);
}

static void payload_write_text__is_read_again(void **state)
{
    static const char expected[] =
        "{\"attachments\":[" IN_CLEAR "," SEALED "],\"body\":\"Grüße \\\"☕\\\"\",\"kind\":\"text\","
        "\"reply_to\":\"" HASH "\"}";
    struct payload payload;
    struct buffer text;
    (void)state;
    json_t *attachments = json_loads("[" IN_CLEAR "," SEALED "]", 0, NULL);
    buffer_init(&text);
    assert_int_equal(payload_write_text("Grüße \"☕\"", attachments, hash, &text), RESULT_OK);
    assert_string_equal(buffer_text(&text), expected);
    assert_int_equal(read(buffer_text(&text), &payload), ENVELOPE_OPENED);
    assert_int_equal(payload.kind, PAYLOAD_TEXT);
    assert_string_equal(payload.body, "Grüße \"☕\"");
    assert_int_equal(payload.body_bytes, strlen(payload.body));
    assert_int_equal(json_array_size(payload.attachments), 2);
    assert_true(payload.has_target);
    assert_memory_equal(payload.target, hash, sizeof hash);
    buffer_clear(&text);
    payload_write_attachments(&payload, &text);
    assert_string_equal(buffer_text(&text), "[" IN_CLEAR "," IN_CLEAR "]");
    buffer_clear(&text);
    payload_write_opened(&payload, &text);
    assert_string_equal(buffer_text(&text),
                        "{\"attachments\":[" IN_CLEAR ",{\"cid\":\"" CID "\",\"name\":\"a.jpg\","
                        "\"size_bytes\":7,\"type\":\"image/jpeg\"}],\"body\":\"Grüße \\\"☕\\\"\","
                        "\"kind\":\"text\",\"reply_to\":\"" HASH "\"}");
    payload_deinit(&payload);
    payload_deinit(&payload);

    buffer_clear(&text);
    (void)json_array_clear(attachments);
    assert_int_equal(payload_write_text("a", attachments, NULL, &text), RESULT_OK);
    assert_string_equal(buffer_text(&text), "{\"body\":\"a\",\"kind\":\"text\"}");
    assert_int_equal(read(buffer_text(&text), &payload), ENVELOPE_OPENED);
    assert_null(payload.attachments);
    assert_false(payload.has_target);
    buffer_clear(&text);
    payload_write_attachments(&payload, &text);
    assert_string_equal(buffer_text(&text), "[]");
    payload_deinit(&payload);
    json_decref(attachments);
    buffer_deinit(&text);
}

static void payload_write_text__is_that_of_the_known_answer(void **state)
{
    json_t *vectors = test_vectors("e2e.json");
    const char *expected = json_string_value(json_object_get(vectors, "payload_canonical"));
    struct buffer text;
    (void)state;
    buffer_init(&text);
    assert_int_equal(payload_write_text("Hast du heute Strom? ☕", NULL, NULL, &text), RESULT_OK);
    assert_string_equal(buffer_text(&text), expected);
    buffer_deinit(&text);
    json_decref(vectors);
}

/* What speaks of another event. */
static void payload_write__is_read_again_of_every_kind(void **state)
{
    struct buffer texts[4];
    static const enum payload_kind kinds[] = {PAYLOAD_EDIT, PAYLOAD_DELETE, PAYLOAD_REACTION,
                                              PAYLOAD_REACTION};
    static const char *const bodies[] = {"better", "", "", ""};
    static const char *const emojis[] = {"", "", "👍", ""};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        buffer_init(&texts[i]);
    }
    assert_int_equal(payload_write_edit(hash, "better", &texts[0]), RESULT_OK);
    payload_write_delete(hash, &texts[1]);
    payload_write_reaction(hash, "👍", &texts[2]);
    payload_write_reaction(hash, "", &texts[3]);
    for (size_t i = 0; i < 4; i++) {
        struct payload payload;
        assert_int_equal(read(buffer_text(&texts[i]), &payload), ENVELOPE_OPENED);
        assert_int_equal(payload.kind, kinds[i]);
        assert_string_equal(payload.body, bodies[i]);
        assert_int_equal(payload.body_bytes, strlen(bodies[i]));
        assert_string_equal(payload.emoji, emojis[i]);
        assert_true(payload.has_target);
        assert_memory_equal(payload.target, hash, sizeof hash);
        assert_null(payload.attachments);
        assert_int_equal(payload.key_count, 0);
        payload_deinit(&payload);
        buffer_deinit(&texts[i]);
    }
}

static void payload_write_keys__is_read_again(void **state)
{
    static const size_t counts[] = {0, 1, PAYLOAD_MOST_KEYS};
    static struct payload_key keys[PAYLOAD_MOST_KEYS];
    (void)state;
    for (size_t i = 0; i < PAYLOAD_MOST_KEYS; i++) {
        memcpy(keys[i].event, hash, sizeof hash);
        keys[i].event[0] = (uint8_t)i;
        keys[i].key.key[31] = (uint8_t)(i ^ 0x5a);
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct payload payload;
        struct buffer text;
        buffer_init(&text);
        payload_write_keys(keys, counts[i], &text);
        assert_int_equal(read(buffer_text(&text), &payload), ENVELOPE_OPENED);
        assert_int_equal(payload.kind, PAYLOAD_KEYS);
        assert_int_equal(payload.key_count, counts[i]);
        for (size_t at = 0; at < payload.key_count; at++) {
            struct payload_key key;
            assert_true(payload_key_at(&payload, at, &key));
            assert_memory_equal(&key, &keys[at], sizeof key);
        }
        payload_deinit(&payload);
        buffer_deinit(&text);
    }
}

/* One that is malformed does not spoil the others. */
static void payload_key_at__passes_over_what_is_none(void **state)
{
    static const char text[] =
        "{\"kind\":\"keys\",\"keys\":[7,{},{\"event\":\"" HASH "\"},{\"key\":\"" KEY "\"},"
        "{\"event\":\"" HASH "\",\"key\":\"AAEC\"},{\"event\":\"00\",\"key\":\"" KEY "\"},"
        "{\"event\":\"" HASH "\",\"key\":\"" KEY "\",\"later\":1}]}";
    static const struct payload_key nothing;
    struct payload payload;
    struct payload_key key;
    (void)state;
    assert_int_equal(read(text, &payload), ENVELOPE_OPENED);
    assert_int_equal(payload.key_count, 7);
    for (size_t i = 0; i < 8; i++) {
        memset(&key, 1, sizeof key);
        assert_int_equal(payload_key_at(&payload, i, &key), i == 6);
        assert_true(i == 6 || memcmp(&key, &nothing, sizeof key) == 0);
        if (i == 6) {
            assert_memory_equal(key.event, hash, sizeof hash);
            assert_int_equal(key.key.key[31], 31);
        }
    }
    payload_deinit(&payload);
}

static void payload_read__refuses_what_is_malformed(void **state)
{
    static const char *const texts[] = {
        /* no JSON by §2, no object, no kind */
        "",
        " ",
        "{",
        "nope",
        "{\"body\":\"a\",\"kind\":\"text\"}x",
        "{\"body\":\"a\",\"body\":\"a\",\"kind\":\"text\"}",
        "{\"body\":\"\\u0000\",\"kind\":\"text\"}",
        "{\"body\":\"\\ud800\",\"kind\":\"text\"}",
        "{\"body\":\"\xc3\x28\",\"kind\":\"text\"}",
        "{\"body\":\"a\",\"kind\":\"text\",\"n\":1e20}",
        "[]",
        "\"text\"",
        "null",
        "{}",
        "{\"body\":\"a\"}",
        "{\"body\":\"a\",\"kind\":1}",
        /* a text's members */
        "{\"kind\":\"text\"}",
        "{\"body\":null,\"kind\":\"text\"}",
        "{\"body\":\"\",\"kind\":\"text\"}",
        "{\"attachments\":[],\"body\":\"\",\"kind\":\"text\"}",
        "{\"attachments\":[" IN_CLEAR "],\"kind\":\"text\"}",
        "{\"attachments\":null,\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":{},\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[7],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" CID "\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"name\":\"a\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" HASH
        "\",\"name\":\"a\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" CID "\",\"name\":\"\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" CID
        "\",\"name\":\"../a\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" CID
        "\",\"name\":\"a\\n\"}],\"body\":\"a\",\"kind\":\"text\"}",
        "{\"body\":\"a\",\"kind\":\"text\",\"reply_to\":null}",
        "{\"body\":\"a\",\"kind\":\"text\",\"reply_to\":\"00\"}",
        "{\"body\":\"a\",\"kind\":\"text\",\"reply_to\":\"blake3:" HASH "\"}",
        /* those of the others */
        "{\"body\":\"a\",\"kind\":\"edit\"}",
        "{\"kind\":\"edit\",\"of\":\"" HASH "\"}",
        "{\"body\":7,\"kind\":\"edit\",\"of\":\"" HASH "\"}",
        "{\"kind\":\"delete\"}",
        "{\"kind\":\"delete\",\"of\":[]}",
        "{\"kind\":\"delete\",\"to\":\"" HASH "\"}",
        "{\"emoji\":\"x\",\"kind\":\"reaction\"}",
        "{\"emoji\":\"x\",\"kind\":\"reaction\",\"of\":\"" HASH "\"}",
        "{\"kind\":\"reaction\",\"to\":\"" HASH "\"}",
        "{\"emoji\":null,\"kind\":\"reaction\",\"to\":\"" HASH "\"}",
        "{\"emoji\":\"123456789012345678901234567890123\",\"kind\":\"reaction\",\"to\":\"" HASH
        "\"}",
        "{\"kind\":\"keys\"}",
        "{\"keys\":{},\"kind\":\"keys\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct payload payload;
        if (read(texts[i], &payload) != ENVELOPE_UNREADABLE) {
            fail_msg("%s", texts[i]);
        }
        assert_null(payload.json);
        assert_string_equal(payload.body, "");
        assert_null(payload.attachments);
        assert_null(payload.keys);
    }
}

/* Each of these members of a sealed file alone, gone or changed. */
static void payload_read__refuses_half_a_file_key(void **state)
{
    static const struct {
        const char *member;
        const char *value; /* NULL: none */
    } changes[] = {
        {"key", NULL},           {"size_bytes", NULL},
        {"type", NULL},          {"key", "\"AAEC\""},
        {"key", "\"" KEY "=\""}, {"key", "null"},
        {"size_bytes", "-1"},    {"size_bytes", "0.5"},
        {"size_bytes", "\"7\""}, {"type", "\"a\\u001f\""},
        {"type", "null"},        {"voice", "null"},
        {"voice", "{}"},         {"voice", "{\"duration_ms\":-1}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct payload payload;
        json_t *attachment = json_loads(SEALED, 0, NULL);
        (void)json_object_del(attachment, changes[i].member);
        if (changes[i].value != NULL) {
            (void)json_object_set_new(attachment, changes[i].member,
                                      json_loads(changes[i].value, JSON_DECODE_ANY, NULL));
        }
        json_t *all =
            json_pack("{s:s,s:s,s:[o]}", "kind", "text", "body", "a", "attachments", attachment);
        char *text = json_dumps(all, 0);
        if (read(text, &payload) != ENVELOPE_UNREADABLE) {
            fail_msg("%s", text);
        }
        free(text);
        json_decref(all);
    }
}

static void payload_read__says_what_it_does_not_know(void **state)
{
    static const char *const texts[] = {
        "{\"kind\":\"timer\",\"expire_seconds\":60}",
        "{\"kind\":\"\"}",
        "{\"kind\":\"Text\",\"body\":\"a\"}",
        "{\"kind\":\"texts\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct payload payload;
        assert_int_equal(read(texts[i], &payload), ENVELOPE_UNSUPPORTED);
        assert_null(payload.json);
    }
}

static void payload_read__takes_what_it_need_not_understand(void **state)
{
    static const char *const texts[] = {
        "{\"body\":\"a\",\"kind\":\"text\",\"later\":{\"body\":[1,2,{}]}}",
        " {\"kind\" : \"text\",\n\"body\":\"\\u0061\"} ",
        "{\"body\":\"a\",\"expire_seconds\":\"never\",\"kind\":\"text\",\"mentions\":7}",
        "{\"attachments\":[" IN_CLEAR "],\"body\":\"\",\"kind\":\"text\"}",
        "{\"attachments\":[{\"cid\":\"" CID "\",\"name\":\"a\",\"later\":1,\"voice\":"
        "{\"duration_ms\":7,\"later\":1}}],\"body\":\"\",\"kind\":\"text\"}",
        "{\"body\":\"a\",\"emoji\":7,\"keys\":7,\"kind\":\"text\",\"of\":7}",
        "{\"body\":\"\",\"kind\":\"edit\",\"of\":\"" HASH "\"}",
        "{\"attachments\":7,\"body\":\"a\",\"kind\":\"edit\",\"of\":\"" HASH "\"}",
        "{\"emoji\":\"12345678901234567890123456789012\",\"kind\":\"reaction\",\"to\":\"" HASH
        "\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct payload payload;
        if (read(texts[i], &payload) != ENVELOPE_OPENED) {
            fail_msg("%s", texts[i]);
        }
        assert_null(payload.keys);
        payload_deinit(&payload);
    }
}

/* `count` times what lies between the two. */
static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, head);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&text, part);
    }
    buffer_append_text(&text, tail);
    return buffer_take(&text);
}

static void payload_read__holds_to_its_limits(void **state)
{
    static const struct {
        const char *head;
        const char *part;
        size_t most;
        const char *tail;
    } cases[] = {
        {"{\"kind\":\"text\",\"body\":\"", "x", EVENT_DATA_MOST_BODY_BYTES, "\"}"},
        {"{\"kind\":\"edit\",\"of\":\"" HASH "\",\"body\":\"", "x", EVENT_DATA_MOST_BODY_BYTES,
         "\"}"},
        {"{\"kind\":\"text\",\"body\":\"x\",\"attachments\":[" IN_CLEAR, "," IN_CLEAR,
         EVENT_DATA_MOST_ATTACHMENTS - 1, "]}"},
        {"{\"kind\":\"keys\",\"keys\":[0", ",0", PAYLOAD_MOST_KEYS - 1, "]}"},
        {"{\"kind\":\"delete\",\"of\":\"" HASH "\"", " ", ENVELOPE_MOST_PAYLOAD_BYTES - 89, "}"},
        {"{\"kind\":\"text\",\"body\":\"\",\"attachments\":[{\"cid\":\"" CID "\",\"name\":\"", "x",
         EVENT_DATA_MOST_NAME_BYTES, "\"}]}"},
        {"{\"kind\":\"text\",\"body\":\"\",\"attachments\":[{\"cid\":\"" CID "\",\"key\":\"" KEY
         "\",\"name\":\"a\",\"size_bytes\":0,\"type\":\"",
         "x", PAYLOAD_MOST_TYPE_BYTES, "\"}]}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t more = 0; more < 2; more++) {
            struct payload payload;
            char *text = repeat(cases[i].head, cases[i].part, cases[i].most + more, cases[i].tail);
            if ((read(text, &payload) == ENVELOPE_OPENED) != (more == 0)) {
                fail_msg("case %zu, one more: %zu, %zu bytes", i, more, strlen(text));
            }
            payload_deinit(&payload);
            memory_free(text);
        }
    }
}

static void payload_read__nests_no_deeper_than_an_event(void **state)
{
    (void)state;
    for (size_t depth = CANONICAL_MOST_NESTING - 2; depth <= CANONICAL_MOST_NESTING; depth++) {
        struct payload payload;
        char *closed = repeat("", "]", depth, "}");
        char *text =
            repeat("{\"kind\":\"delete\",\"of\":\"" HASH "\",\"later\":", "[", depth, closed);
        assert_int_equal(read(text, &payload),
                         depth < CANONICAL_MOST_NESTING ? ENVELOPE_OPENED : ENVELOPE_UNREADABLE);
        payload_deinit(&payload);
        memory_free(text);
        memory_free(closed);
    }
}

/* The longest bodies, of which JSON makes six times as much. */
static void payload_write_text__refuses_more_than_an_envelope_holds(void **state)
{
    char *plain = repeat("", "x", EVENT_DATA_MOST_BODY_BYTES, "");
    char *escaped = repeat("", "\001", EVENT_DATA_MOST_BODY_BYTES, "");
    char *within = repeat("", "\n", ENVELOPE_MOST_PAYLOAD_BYTES / 2 - 20, "");
    struct buffer text;
    (void)state;
    buffer_init(&text);
    buffer_append_text(&text, "before");
    assert_int_equal(payload_write_text(escaped, NULL, NULL, &text), RESULT_INVALID);
    assert_int_equal(payload_write_edit(hash, escaped, &text), RESULT_INVALID);
    assert_string_equal(buffer_text(&text), "before");
    assert_int_equal(payload_write_text(within, NULL, hash, &text), RESULT_INVALID);
    assert_int_equal(payload_write_text(within, NULL, NULL, &text), RESULT_OK);
    buffer_clear(&text);
    assert_int_equal(payload_write_text(plain, NULL, hash, &text), RESULT_OK);
    buffer_deinit(&text);
    memory_free(plain);
    memory_free(escaped);
    memory_free(within);
}

static void payload_asks_for_receipt__as_the_law_has_it(void **state)
{
    (void)state;
    assert_true(payload_asks_for_receipt(PAYLOAD_TEXT));
    assert_true(payload_asks_for_receipt(PAYLOAD_EDIT));
    assert_true(payload_asks_for_receipt(PAYLOAD_DELETE));
    assert_false(payload_asks_for_receipt(PAYLOAD_REACTION));
    assert_false(payload_asks_for_receipt(PAYLOAD_KEYS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payload_write_text__is_read_again),
        cmocka_unit_test(payload_write_text__is_that_of_the_known_answer),
        cmocka_unit_test(payload_write__is_read_again_of_every_kind),
        cmocka_unit_test(payload_write_keys__is_read_again),
        cmocka_unit_test(payload_key_at__passes_over_what_is_none),
        cmocka_unit_test(payload_read__refuses_what_is_malformed),
        cmocka_unit_test(payload_read__refuses_half_a_file_key),
        cmocka_unit_test(payload_read__says_what_it_does_not_know),
        cmocka_unit_test(payload_read__takes_what_it_need_not_understand),
        cmocka_unit_test(payload_read__holds_to_its_limits),
        cmocka_unit_test(payload_read__nests_no_deeper_than_an_event),
        cmocka_unit_test(payload_write_text__refuses_more_than_an_envelope_holds),
        cmocka_unit_test(payload_asks_for_receipt__as_the_law_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
