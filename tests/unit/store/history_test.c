/* What is found by names that others took too, and what that costs. */
#include "core/log.h"
#include "store/event_reader.h"
#include "store/history.h"
#include "store/log_append_change.h"
#include "support/statement_steps.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, ID = 1000, FEW = 2, MANY = 500 };

static const struct event_log_options at_once = {.synchronous = true};

static int64_t begin(struct test_log *test)
{
    test_log_open(test, ALICE, ALICE);
    int64_t lamport = test_log_populate(test, DAVE);
    test_log_reopen_with(test, ALICE, &at_once);
    return lamport;
}

static struct verified_event *message(uint8_t author, const struct node_id *to, unsigned id,
                                      int64_t lamport)
{
    const struct signing_key key = test_key(author);
    char event_id[ULID_TEXT_BYTES];
    char client_id[ULID_TEXT_BYTES];
    return test_event(event_draft_message(test_ulid((unsigned)lamport, client_id), to, "Hi", NULL),
                      &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static void receive(struct test_log *test, struct verified_event *event)
{
    struct verified_event *events[] = {event};
    test_log_receive(test, events, 1);
    assert_int_equal(test->refusals[0], EVENT_ACCEPTABLE);
}

static void count_message(void *context, const struct history_message *message)
{
    (void)message;
    ++*(int *)context;
}

static int count_found(struct test_log *test, const struct node_id *peer)
{
    int count = 0;
    char event_id[ULID_TEXT_BYTES];
    const struct history_name name = {.peer = peer, .id_end = test_ulid(ID, event_id)};
    assert_int_equal(history_find(test->log, &name, count_message, &count), RESULT_OK);
    return count;
}

/* Both ways round, so that the other one comes first in whatever order. */
static void history_find__sees_past_others_with_that_id(void **state)
{
    (void)state;
    for (int turn = 0; turn < 2; turn++) {
        struct test_log test;
        uint8_t writer = turn == 0 ? BOB : CAROL;
        uint8_t other = turn == 0 ? CAROL : BOB;
        int64_t lamport = begin(&test);
        receive(&test, message(other, test_id(DAVE), ID, lamport));
        assert_int_equal(count_found(&test, NULL), 0);
        receive(&test, message(writer, test_id(ALICE), ID, lamport + 1));
        assert_int_equal(count_found(&test, NULL), 1);
        assert_int_equal(count_found(&test, test_id(writer)), 1);
        assert_int_equal(count_found(&test, test_id(other)), 0);
        receive(&test, message(DAVE, test_id(ALICE), ID, lamport + 2));
        assert_int_equal(count_found(&test, NULL), 2);
        test_log_close(&test);
    }
}

static void keep_result(void *context, const struct append_answer *answer)
{
    *(enum result *)context = answer->result;
}

/* All that is asked of a message by its id. */
static void use_id(struct test_log *test)
{
    enum result result = RESULT_BUSY;
    struct node_id peer;
    char event_id[ULID_TEXT_BYTES];
    const struct log_change reaction = {.kind = PAYLOAD_REACTION,
                                        .event_id = test_ulid(ID, event_id),
                                        .text = "",
                                        .client_id = "one"};
    assert_int_equal(count_found(test, NULL), 1);
    assert_int_equal(history_peer_of(test->log, event_id, &peer), RESULT_OK);
    assert_false(event_reader_is_delivered(test->log, event_id));
    assert_int_equal(log_append_change(test->log, &reaction, keep_result, &result), RESULT_OK);
    assert_int_equal(result, RESULT_MISMATCH); /* found, but in clear */
    assert_int_equal(
        log_mark_read_up_to(test->log, test_id(BOB), event_id, true, keep_result, &result),
        RESULT_OK);
    assert_int_equal(result, RESULT_OK);
}

/* Beside as many more events with the id of Bob's message. */
static int64_t count_steps_beside(uint8_t author, const struct node_id *recipient, unsigned count)
{
    struct test_log test;
    int64_t lamport = begin(&test);
    receive(&test, message(BOB, test_id(ALICE), ID, lamport));
    for (unsigned i = 1; i <= count; i++) {
        receive(&test, message(author, recipient, ID, lamport + i));
    }
    (void)statement_steps_take(&test);
    use_id(&test);
    int64_t steps = statement_steps_take(&test);
    test_log_close(&test);
    return steps;
}

static void history__an_id_costs_the_same_however_often_it_was_taken(void **state)
{
    (void)state;
    assert_int_equal(log_open(NULL, LOG_ERROR, NULL), RESULT_OK); /* twins are warned of */
    assert_int_equal(count_steps_beside(CAROL, test_id(DAVE), MANY),
                     count_steps_beside(CAROL, test_id(DAVE), FEW));
    assert_int_equal(count_steps_beside(BOB, test_id(ALICE), MANY),
                     count_steps_beside(BOB, test_id(ALICE), FEW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_find__sees_past_others_with_that_id),
        cmocka_unit_test(history__an_id_costs_the_same_however_often_it_was_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
