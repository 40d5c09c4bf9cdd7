/* What is found by names that others took too, and what that costs. */

#include "store/history.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, ID = 1000 };

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
    for (uint8_t writer = BOB; writer <= CAROL; writer++) {
        struct test_log test;
        uint8_t other = writer == BOB ? CAROL : BOB;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_find__sees_past_others_with_that_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
