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
        char *text = test_event_text(drafts[i]);
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
    return event_scan_page(&page, community_id, NULL, most, events_out, count_out);
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

/* For somebody else, for its recipient, its author and everybody. */
static void event_scan_page__reads_no_envelope_between_others(void **state)
{
    static const char header[] = "{\"commit\":\"\",\"keys\":\"\",\"v\":1}";
    const struct node_id *readers[] = {test_id(4), test_id(3), test_id(2), NULL};
    (void)state;
    json_t *envelope =
        json_pack("{s:b,s:o,s:s}", "e2e", 1, "header", json_loads(header, JSON_DECODE_ANY, NULL),
                  "ciphertext", "AAAAAAAAAAAAAAAAAAAAAA");
    char *text = test_event_text(event_draft_sealed("c", test_id(3), envelope));
    char *page = page_of(text, 1);
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        const struct foreign_text foreign = {.bytes = page, .length_bytes = strlen(page)};
        struct event *event = NULL;
        size_t count = 0;
        assert_true(event_scan_page(&foreign, test_id(1), readers[i], 1, &event, &count));
        assert_true(event->data.message.sealed);
        assert_int_equal(event->data.message.envelope == NULL, i == 0);
        assert_string_equal(event->data.message.client_id, "c");
        event_destroy(&event);
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
        cmocka_unit_test(event_scan__leaves_to_the_parser_what_is_not_canonical),
        cmocka_unit_test(event_scan__takes_a_nul_nowhere),
        cmocka_unit_test(event_scan_page__reads_all_of_it_or_nothing),
        cmocka_unit_test(event_scan_page__reads_no_envelope_between_others),
        cmocka_unit_test(event_scan_page__leaves_to_the_parser_what_ends_otherwise),
        cmocka_unit_test(event_scan_broken_page__keeps_what_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
