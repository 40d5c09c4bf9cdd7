#include <stdio.h>
#include <string.h>

#include "core/lock.h"
#include "core/memory.h"
#include "store/data_directory.h"
#include "store/event_reader.h"
#include "store/log_wait.h"
#include "support/told.h"

enum {
    ALICE = 1,
    BOB = 2,
    CAROL = 3,
    DAVE = 4,
    MESSAGES = 5,
    MOST_LOG_BYTES = 1 << 24,
    MOST_KEPT = 64
};

/* Bob's log, and what came into it. */
struct fixture {
    struct test_log bob;
    int64_t lamport;
    char *backup;
    size_t backup_bytes;
};

static char *log_path(const struct fixture *fixture)
{
    return memory_format("%s/events.sqlite", fixture->bob.directory);
}

static void open_as_node(struct fixture *fixture)
{
    struct error error = {""};
    struct event_log_options options = {.directory = fixture->bob.directory,
                                        .community_id = *test_id(ALICE),
                                        .key = &fixture->bob.key,
                                        .clock = clock_system(),
                                        .synchronous = true,
                                        .has_a_life = true,
                                        .answers_messages = true};
    assert_int_equal(event_log_open(&options, &fixture->bob.log, &error), RESULT_OK);
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.bob = {.directory = test_directory(), .key = test_key(BOB)}};
    fixture->bob.lock = lock_create();
    open_as_node(fixture);
    fixture->lamport = test_log_populate(&fixture->bob, BOB);
    assert_int_equal(log_caught_up_tell(fixture->bob.log), RESULT_OK); /* of its own joining */
}

static void end(struct fixture *fixture)
{
    memory_free(fixture->backup);
    test_log_close(&fixture->bob);
}

static void back_up(struct fixture *fixture)
{
    char *path = log_path(fixture);
    event_log_close(&fixture->bob.log);
    assert_int_equal(
        data_directory_read_file(path, MOST_LOG_BYTES, &fixture->backup, &fixture->backup_bytes),
        RESULT_OK);
    memory_free(path);
    open_as_node(fixture);
}

/* As an unpacked backup does: the log, and nothing beside it. */
static void set_back(struct fixture *fixture)
{
    char *path = log_path(fixture);
    event_log_close(&fixture->bob.log);
    assert_int_equal(data_directory_write_file(path, fixture->backup, fixture->backup_bytes, NULL),
                     RESULT_OK);
    memory_free(path);
    open_as_node(fixture);
}

static struct verified_event *message(struct fixture *fixture, unsigned number)
{
    struct signing_key alice = test_key(ALICE);
    char event_id[ULID_TEXT_BYTES];
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "m%u", number);
    return test_event(event_draft_message(client_id, test_id(BOB), client_id, NULL), &alice,
                      test_id(ALICE), test_ulid(500 + number, event_id), fixture->lamport + number);
}

static void receive_message(struct fixture *fixture, unsigned number)
{
    struct verified_event *event = message(fixture, number);
    test_log_receive(&fixture->bob, &event, 1);
}

/* Events of that type, as text; the caller frees them. */
struct found {
    const char *type;
    char *texts[MOST_KEPT];
    size_t count;
};

static bool keep(void *context, int64_t seq, int64_t lamport, const char *text, size_t length)
{
    struct found *found = context;
    (void)seq;
    (void)lamport;
    if (strstr(text, found->type) != NULL) {
        assert_true(found->count < MOST_KEPT);
        found->texts[found->count++] = memory_duplicate(text, length);
    }
    return true;
}

static struct found find(struct fixture *fixture, const char *type)
{
    struct found found = {.type = type};
    assert_int_equal(event_reader_after_seq(fixture->bob.log, 0, 1000, keep, &found), RESULT_OK);
    return found;
}

static void forget(struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        memory_free(found->texts[i]);
    }
    found->count = 0;
}

static size_t count_delivered(struct fixture *fixture)
{
    struct found found = find(fixture, "\"chat.message.delivered\"");
    size_t count = found.count;
    forget(&found);
    return count;
}

static struct verified_event *verified(const char *text)
{
    json_t *json = NULL;
    struct event *event = NULL;
    struct verified_event *result = NULL;
    assert_int_equal(canonical_parse(text, strlen(text), CANONICAL_MOST_NESTING, &json, NULL),
                     RESULT_OK);
    assert_int_equal(event_parse(json, NULL, &event), EVENT_ACCEPTABLE);
    assert_int_equal(event_verify(&event, &result), RESULT_OK);
    json_decref(json);
    return result;
}

static void receive_texts(struct fixture *fixture, const struct found *found)
{
    struct verified_event *events[MOST_KEPT];
    for (size_t i = 0; i < found->count; i++) {
        events[i] = verified(found->texts[i]);
    }
    test_log_receive(&fixture->bob, events, found->count);
}

static void log_answers__a_node_answers_each_message_as_it_comes(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    assert_false(log_caught_up_is_awaited(fixture.bob.log));
    for (unsigned i = 0; i < MESSAGES; i++) {
        receive_message(&fixture, i);
        assert_int_equal(count_delivered(&fixture), i + 1);
    }
    event_log_close(&fixture.bob.log);
    open_as_node(&fixture); /* starting again is no new life */
    assert_false(log_caught_up_is_awaited(fixture.bob.log));
    end(&fixture);
}

static void log_answers__a_log_that_was_set_back_says_nothing_twice(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    back_up(&fixture);
    for (unsigned i = 0; i < MESSAGES; i++) {
        receive_message(&fixture, i);
    }
    struct found answers = find(&fixture, "\"chat.message.delivered\"");
    assert_int_equal(answers.count, MESSAGES);
    set_back(&fixture);
    assert_true(log_caught_up_is_awaited(fixture.bob.log));
    assert_int_equal(count_delivered(&fixture), 0);
    for (unsigned i = 0; i <= MESSAGES; i++) { /* one of them is new */
        receive_message(&fixture, i);
    }
    assert_int_equal(count_delivered(&fixture), 0);
    event_log_close(&fixture.bob.log);
    open_as_node(&fixture); /* it is still behind */
    assert_true(log_caught_up_is_awaited(fixture.bob.log));
    assert_int_equal(count_delivered(&fixture), 0);
    receive_texts(&fixture, &answers);
    assert_int_equal(log_caught_up_tell(fixture.bob.log), RESULT_OK);
    assert_false(log_caught_up_is_awaited(fixture.bob.log));
    assert_int_equal(count_delivered(&fixture), MESSAGES + 1);
    forget(&answers);
    end(&fixture);
}

/* What no file beside the log can tell: the whole disk was set back. */
static void log_answers__an_own_event_from_a_peer_tells_of_another_life(void **state)
{
    struct fixture fixture;
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    (void)state;
    begin(&fixture);
    struct verified_event *events[] = {
        message(&fixture, 0),
        test_event(event_draft_message("own", test_id(ALICE), "from before", NULL), &bob,
                   test_id(ALICE), test_ulid(900, event_id), fixture.lamport + 9)};
    test_log_receive(&fixture.bob, events, 2);
    assert_int_equal(fixture.bob.accepted, 2);
    assert_true(log_caught_up_is_awaited(fixture.bob.log));
    assert_int_equal(count_delivered(&fixture), 0);
    assert_int_equal(log_caught_up_tell(fixture.bob.log), RESULT_OK);
    assert_int_equal(count_delivered(&fixture), 1);
    end(&fixture);
}

static void log_answers__an_envelope_is_not_answered(void **state)
{
    struct fixture fixture;
    struct signing_key alice = test_key(ALICE);
    char event_id[ULID_TEXT_BYTES];
    (void)state;
    begin(&fixture);
    struct event_draft draft = event_draft_message("e", test_id(BOB), "x", NULL);
    assert_int_equal(json_object_set_new(draft.data, "body",
                                         json_pack("{s:b,s:{},s:s}", "e2e", 1, "header",
                                                   "ciphertext", "AAAAAAAAAAAAAAAAAAAAAA")),
                     0);
    struct verified_event *sealed =
        test_event(draft, &alice, test_id(ALICE), test_ulid(910, event_id), fixture.lamport);
    test_log_receive(&fixture.bob, &sealed, 1);
    assert_int_equal(fixture.bob.accepted, 1);
    assert_int_equal(count_delivered(&fixture), 0);
    end(&fixture);
}

/* Carol's message waited to be answered; it turns out that she was shut out before she wrote it. */
static void log_answers__what_was_set_aside_meanwhile_is_not_answered(void **state)
{
    struct fixture fixture;
    struct told told = {0};
    (void)state;
    begin(&fixture);
    back_up(&fixture);
    set_back(&fixture);
    int64_t lamport = fixture.lamport;
    (void)told_invitation(&told, ALICE, CAROL, LEVEL_MEMBER, 700, lamport);
    (void)told_joining(&told, CAROL, 700, 701, lamport + 1);
    (void)told_message(&told, CAROL, BOB, "late", 702, lamport + 9);
    (void)told_message(&told, CAROL, BOB, "early", 703, lamport + 2);
    (void)told_revocation(&told, ALICE, CAROL, 704, lamport + 5);
    told_give(&fixture.bob, &told, 0, 2);
    told_give(&fixture.bob, &told, 2, 2);
    assert_int_equal(count_delivered(&fixture), 0);
    told_give(&fixture.bob, &told, 4, 1);
    assert_int_equal(log_caught_up_tell(fixture.bob.log), RESULT_OK);
    assert_int_equal(count_delivered(&fixture), 1); /* of the early one */
    told_forget(&told);
    end(&fixture);
}

/* Dave shut Carol out before she wrote the late one; then it turns out that he was shut out before.
 */
static void tell_of_carol(struct told *told, int64_t lamport)
{
    (void)told_invitation(told, ALICE, CAROL, LEVEL_MEMBER, 700, lamport);
    (void)told_joining(told, CAROL, 700, 701, lamport + 1);
    (void)told_invitation(told, ALICE, DAVE, LEVEL_TRUSTED, 702, lamport + 2);
    (void)told_joining(told, DAVE, 702, 703, lamport + 3);
    (void)told_message(told, CAROL, BOB, "early", 704, lamport + 4);
    (void)told_message(told, CAROL, BOB, "late", 705, lamport + 9);
    (void)told_revocation(told, DAVE, CAROL, 706, lamport + 6);
    (void)told_revocation(told, ALICE, DAVE, 707, lamport + 5);
}

static void log_answers__what_was_set_aside_unanswered_is_answered_when_it_comes_back(void **state)
{
    struct fixture fixture;
    struct told told = {0};
    (void)state;
    begin(&fixture);
    back_up(&fixture);
    set_back(&fixture);
    tell_of_carol(&told, fixture.lamport);
    told_give(&fixture.bob, &told, 0, 6);
    told_give(&fixture.bob, &told, 6, 1);
    assert_int_equal(log_caught_up_tell(fixture.bob.log), RESULT_OK);
    assert_int_equal(count_delivered(&fixture), 1); /* of the early one */
    told_give(&fixture.bob, &told, 7, 1);
    assert_int_equal(count_delivered(&fixture), 2);
    told_forget(&told);
    end(&fixture);
}

static void log_answers__what_was_answered_and_comes_back_is_not_answered_again(void **state)
{
    struct fixture fixture;
    struct told told = {0};
    (void)state;
    begin(&fixture);
    tell_of_carol(&told, fixture.lamport);
    told_give(&fixture.bob, &told, 0, 6);
    assert_int_equal(count_delivered(&fixture), 2);
    told_give(&fixture.bob, &told, 6, 1);
    told_give(&fixture.bob, &told, 7, 1);
    assert_int_equal(told_count(fixture.bob.log, "\"late\"", NULL, NULL), 1); /* it is back */
    assert_int_equal(count_delivered(&fixture), 2);
    told_forget(&told);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_answers__a_node_answers_each_message_as_it_comes),
        cmocka_unit_test(log_answers__a_log_that_was_set_back_says_nothing_twice),
        cmocka_unit_test(log_answers__an_own_event_from_a_peer_tells_of_another_life),
        cmocka_unit_test(log_answers__an_envelope_is_not_answered),
        cmocka_unit_test(log_answers__what_was_set_aside_meanwhile_is_not_answered),
        cmocka_unit_test(log_answers__what_was_set_aside_unanswered_is_answered_when_it_comes_back),
        cmocka_unit_test(log_answers__what_was_answered_and_comes_back_is_not_answered_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
