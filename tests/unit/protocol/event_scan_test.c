#include <string.h>

#include "core/memory.h"
#include "protocol/event_scan.h"
#include "support/test_support.h"

/* {"events":[ … the event `count` times … ],"missing":[]} */
static char *page_of(const char *event, size_t count)
{
    struct buffer page;
    buffer_init(&page);
    buffer_append_text(&page, "{\"events\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&page, i == 0 ? "" : ",");
        buffer_append_text(&page, event);
    }
    buffer_append_text(&page, "],\"missing\":[]}");
    return buffer_take(&page);
}

static char *text_of_message(void)
{
    char id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(2);
    struct verified_event *event =
        test_event(event_draft_message("c", test_id(3), "a \"quoted\" {brace}] \\ \n ü", NULL),
                   &key, test_id(1), test_ulid(7, id), 41);
    size_t length = 0;
    char *text = memory_duplicate_string(event_verified_text(event, &length));
    event_verified_destroy(&event);
    return text;
}

static char *text_of(struct event_draft draft)
{
    char id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(2);
    struct verified_event *event = test_event(draft, &key, test_id(1), test_ulid(8, id), 41);
    size_t length = 0;
    char *text = memory_duplicate_string(event_verified_text(event, &length));
    event_verified_destroy(&event);
    return text;
}

#define COMMIT "hatchGwKeRWTg-CJQUyJmi-lkhSAtB83YnORV-JEREQ"
#define REPLY "x25519:3NjsrvtgDEkifA0-SR6uabMv1EysasIndjws8uhGDl4"

static struct event_draft draft_sealed(const char *header, const char *ciphertext)
{
    json_t *envelope =
        json_pack("{s:b,s:o,s:s}", "e2e", 1, "header", json_loads(header, JSON_DECODE_ANY, NULL),
                  "ciphertext", ciphertext);
    return event_draft_sealed("c", test_id(3), envelope);
}

/* Whether the parser takes it, and would write it just so. */
static struct event *parse_canonical(const char *text, size_t length)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct buffer again;
    struct signature signature;
    buffer_init(&again);
    if (canonical_parse(text, length, CANONICAL_MOST_NESTING, &json, NULL) == RESULT_OK &&
        canonical_write(json, &again) == RESULT_OK && again.length_bytes == length &&
        memcmp(again.data, text, length) == 0) {
        (void)event_parse(json, test_id(1), &event);
    }
    if (event != NULL && signing_parse_signature(event->signature_text, &signature) != RESULT_OK) {
        event_destroy(&event);
    }
    json_decref(json);
    buffer_deinit(&again);
    return event;
}

static void assert_read_alike(const char *text, size_t length)
{
    size_t taken = 0;
    struct event *scanned = NULL;
    struct event *parsed = parse_canonical(text, length);
    bool read = event_scan_one(text, length, test_id(1), &scanned, &taken) && taken == length;
    if (read != (parsed != NULL)) {
        fail_msg("%s: %s", read ? "only scanned" : "only parsed", text);
    }
    if (read) {
        const struct message_sent *left = &scanned->data.message;
        const struct message_sent *right = &parsed->data.message;
        assert_memory_equal(scanned->hash, parsed->hash, sizeof parsed->hash);
        assert_int_equal(scanned->type, parsed->type);
        assert_int_equal(left->sealed, right->sealed);
        assert_string_equal(left->body, right->body);
        assert_string_equal(left->client_id, right->client_id);
        assert_true(node_id_equal(&left->recipient, &right->recipient));
        assert_true(!left->sealed || json_equal(left->envelope, right->envelope) != 0);
    }
    event_destroy(&scanned);
    event_destroy(&parsed);
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
        char *text = text_of(draft_sealed(headers[i], ciphertexts[i]));
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
    char *original =
        text_of(draft_sealed("{\"v\":1,\"commit\":\"\",\"keys\":\"\"}", "AAAAAAAAAAAAAAAAAAAAAA"));
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

/* Those that need no parser, and one that does; read twice, they are the same. */
static void event_scan__reads_each_kind_as_the_parser_does(void **state)
{
    char id[ULID_TEXT_BYTES];
    struct event_draft drafts[] = {
        event_draft_message("c", test_id(3), "plain, even ü", NULL),
        event_draft_message("c", test_id(3), "line\nbreak", NULL),
        event_draft_delivered(test_ulid(1, id), 1800000000),
        event_draft_read(test_ulid(2, id), 1800000000),
        event_draft_invited(test_id(4), "Jana", LEVEL_MEMBER, 1800000000),
    };
    (void)state;
    for (size_t i = 0; i < sizeof drafts / sizeof drafts[0]; i++) {
        char *text = text_of(drafts[i]);
        struct event *scanned = NULL;
        struct event *parsed = NULL;
        struct verified_event *verified = NULL;
        json_t *json = NULL;
        size_t length = 0;
        assert_true(event_scan_one(text, strlen(text), test_id(1), &scanned, &length));
        assert_int_equal(length, strlen(text));
        assert_int_equal(canonical_parse(text, length, 32, &json, NULL), RESULT_OK);
        assert_int_equal(event_parse(json, test_id(1), &parsed), EVENT_ACCEPTABLE);
        assert_memory_equal(scanned->hash, parsed->hash, sizeof parsed->hash);
        assert_int_equal(scanned->type, parsed->type);
        if (parsed->type == EVENT_MESSAGE_SENT) {
            assert_string_equal(scanned->data.message.body, parsed->data.message.body);
            assert_string_equal(scanned->data.message.client_id, "c");
            assert_int_equal(json_array_size(scanned->data.message.attachments), 0);
        } else if (i == 2 || i == 3) {
            assert_string_equal(scanned->data.receipt.target_event_id,
                                parsed->data.receipt.target_event_id);
            assert_string_equal(scanned->data.receipt.at, parsed->data.receipt.at);
        }
        assert_int_equal(event_verify(&scanned, &verified), RESULT_OK);
        assert_string_equal(event_verified_text(verified, &length), text);
        event_verified_destroy(&verified);
        event_destroy(&parsed);
        json_decref(json);
        memory_free(text);
    }
}

static void event_scan__reads_what_the_parser_reads(void **state)
{
    char *text = text_of_message();
    struct event *scanned = NULL;
    struct event *parsed = NULL;
    json_t *json = NULL;
    size_t taken = 0;
    (void)state;
    assert_true(event_scan_one(text, strlen(text), test_id(1), &scanned, &taken));
    assert_int_equal(taken, strlen(text));
    assert_int_equal(canonical_parse(text, strlen(text), 32, &json, NULL), RESULT_OK);
    assert_int_equal(event_parse(json, test_id(1), &parsed), EVENT_ACCEPTABLE);
    assert_memory_equal(scanned->hash, parsed->hash, sizeof parsed->hash);
    assert_string_equal(scanned->data.message.body, parsed->data.message.body);
    assert_int_equal(scanned->lamport, 41);
    struct verified_event *verified = NULL;
    assert_int_equal(event_verify(&scanned, &verified), RESULT_OK);
    size_t length = 0;
    assert_string_equal(event_verified_text(verified, &length), text);
    event_verified_destroy(&verified);
    event_destroy(&parsed);
    json_decref(json);
    memory_free(text);
}

/* `what` of the text replaced. */
static void assert_left_to_the_parser(const char *what, const char *with)
{
    char *text = text_of_message();
    struct event *event = NULL;
    size_t taken = 0;
    const char *at = strstr(text, what);
    assert_non_null(at);
    char *changed = memory_format("%.*s%s%s", (int)(at - text), text, with, at + strlen(what));
    if (event_scan_one(changed, strlen(changed), test_id(1), &event, &taken)) {
        fail_msg("read: %s", changed);
    }
    memory_free(changed);
    memory_free(text);
}

static void event_scan__leaves_to_the_parser_what_is_not_canonical(void **state)
{
    (void)state;
    assert_left_to_the_parser("{\"author\"", "{ \"author\"");
    assert_left_to_the_parser("\"lamport\":41", "\"lamport\":041");
    assert_left_to_the_parser("\"lamport\":41", "\"lamport\":41.0");
    assert_left_to_the_parser("\"lamport\":41", "\"lamport\":0");
    assert_left_to_the_parser("\"lamport\":41", "\"lamport\":9007199254740992");
    assert_left_to_the_parser("\"schema_version\":1", "\"schema_version\":2");
    assert_left_to_the_parser("chat.message.sent", "chat.message.sung");
    assert_left_to_the_parser("\"attachments\":[]", "\"attachments\":[ ]");
    assert_left_to_the_parser("\"client_id\":\"c\"", "\"client_id\":\"\\u0063\"");
    assert_left_to_the_parser("\"client_id\":\"c\"", "\"client_id\":\"c\",\"extra\":1");
    assert_left_to_the_parser("\"signature\":\"ed25519:", "\"signature\":\"ed25519;");
    assert_left_to_the_parser("\"wall_clock\":\"2", "\"wall_clock\":\"x");
    assert_left_to_the_parser("\"}", "\"");
}

static bool scan_page(const char *bytes, size_t length_bytes, const struct node_id *community_id,
                      size_t most, struct event **events_out, size_t *count_out)
{
    const struct foreign_text page = {.bytes = bytes, .length_bytes = length_bytes};
    return event_scan_page(&page, community_id, most, events_out, count_out);
}

static void event_scan_page__reads_all_of_it_or_nothing(void **state)
{
    struct event *events[3];
    size_t count = 0;
    char *text = text_of_message();
    char *page = page_of(text, 3);
    (void)state;
    assert_true(scan_page(page, strlen(page), test_id(1), 3, events, &count));
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        event_destroy(&events[i]);
    }
    assert_false(scan_page(page, strlen(page), test_id(1), 2, events, &count));
    assert_int_equal(count, 0);
    assert_false(scan_page(page, strlen(page), test_id(2), 3, events, &count));
    for (size_t length = 0; length < strlen(page); length++) {
        assert_false(scan_page(page, length, test_id(1), 3, events, &count));
    }
    memory_free(page);
    memory_free(text);
}

/* A page is one JSON text: what the parser refuses behind the events is refused here too. */
static void event_scan_page__leaves_to_the_parser_what_ends_otherwise(void **state)
{
    static const struct {
        const char *end;
        size_t length;
    } ends[] = {
        {"]}", 3},                    /* with the NUL */
        {"]}x", 3},                   /* trailing bytes */
        {"],\"missing\":[7\0]}", 17}, /* a NUL behind a number */
        {"],\"missing\":[]}\0", 16},  /* … and at the end */
        {"],\"missing\":[]", 14},     /* cut off */
        {"],\"missing\":[]}}", 16},   /* too much */
        {"],\"events\":[]}", 14},     /* a member twice */
        {"],}", 3},                   /* … and none */
        {"],\"a\":1,\"a\":2}", 15},
    };
    struct event *events[1];
    size_t count = 0;
    char *text = text_of_message();
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct buffer page;
        buffer_init(&page);
        buffer_append_format(&page, "{\"events\":[%s", text);
        buffer_append(&page, ends[i].end, ends[i].length);
        if (scan_page(page.data, page.length_bytes, test_id(1), 1, events, &count)) {
            fail_msg("read although it ends in %s", ends[i].end);
        }
        assert_int_equal(count, 0);
        buffer_deinit(&page);
    }
    memory_free(text);
}

/* Numbers among the data included, for which the scanner asks the parser. */
static void event_scan__takes_a_nul_nowhere(void **state)
{
    char id[ULID_TEXT_BYTES];
    char *texts[2];
    const struct signing_key key = test_key(2);
    struct policy policy = policy_default();
    struct event_draft created = event_draft_created("Our street", &key.node_id, &policy);
    struct verified_event *event = test_event(created, &key, &key.node_id, test_ulid(8, id), 1);
    size_t length = 0;
    (void)state;
    texts[0] = text_of_message();
    texts[1] = memory_duplicate_string(event_verified_text(event, &length));
    event_verified_destroy(&event);
    for (size_t i = 0; i < 2; i++) {
        const struct node_id *community_id = i == 0 ? test_id(1) : &key.node_id;
        struct event *scanned = NULL;
        length = strlen(texts[i]);
        assert_true(event_scan_one(texts[i], length, community_id, &scanned, &(size_t){0}));
        event_destroy(&scanned);
        for (size_t at = 0; at < length; at++) {
            json_t *json = NULL;
            struct buffer with;
            buffer_init(&with);
            buffer_append(&with, texts[i], at);
            buffer_append_byte(&with, '\0');
            buffer_append(&with, texts[i] + at, length - at);
            if (event_scan_one(with.data, with.length_bytes, community_id, &scanned,
                               &(size_t){0}) ||
                canonical_parse(with.data, with.length_bytes, CANONICAL_MOST_NESTING, &json,
                                NULL) == RESULT_OK) {
                fail_msg("a NUL at %zu of %s", at, texts[i]);
            }
            buffer_deinit(&with);
        }
        memory_free(texts[i]);
    }
}

/* Whatever of a page came: those of its events that are whole, as a page. */
static void event_scan_broken_page__keeps_what_is_whole(void **state)
{
    static const char text[] =
        "{\"events\":[{\"a\":\"}],\\\"{\"},{\"b\":[{},{\"c\":{}}]}],\"missing\":[{}]}";
    static const size_t ends[] = {25, 45}; /* of the events */
    (void)state;
    for (size_t length = 0; length < sizeof text; length++) {
        struct buffer page;
        buffer_init(&page);
        bool some = event_scan_broken_page(text, length, &page);
        assert_int_equal(some, length >= ends[0]);
        if (some) {
            size_t whole = length < ends[1] ? ends[0] : ends[1];
            assert_int_equal(page.length_bytes, whole + 2);
            assert_memory_equal(page.data, text, whole);
            assert_memory_equal(page.data + whole, "]}", 2);
        }
        buffer_deinit(&page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_scan__reads_what_the_parser_reads),
        cmocka_unit_test(event_scan__reads_each_kind_as_the_parser_does),
        cmocka_unit_test(event_scan__reads_an_envelope_as_the_parser_does),
        cmocka_unit_test(event_scan__refuses_an_envelope_that_the_parser_refuses),
        cmocka_unit_test(event_scan__leaves_to_the_parser_what_is_not_canonical),
        cmocka_unit_test(event_scan__takes_a_nul_nowhere),
        cmocka_unit_test(event_scan_page__reads_all_of_it_or_nothing),
        cmocka_unit_test(event_scan_page__leaves_to_the_parser_what_ends_otherwise),
        cmocka_unit_test(event_scan_broken_page__keeps_what_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
