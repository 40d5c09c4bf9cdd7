#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/event_set.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, MANY = 4200, BATCH = 60 };

static struct verified_event *message(unsigned number, int64_t lamport)
{
    char id[ULID_TEXT_BYTES];
    char client_id[16];
    const struct signing_key key = test_key(BOB);
    (void)snprintf(client_id, sizeof client_id, "%u", number);
    return test_event(event_draft_message(client_id, test_id(ALICE), "x", NULL), &key,
                      test_id(ALICE), test_ulid(number, id), lamport);
}

/* Asks the set whether it has the log's fingerprint; waits while it is being read. */
static void assert_in_step(struct test_log *test)
{
    uint8_t question[4 + FINGERPRINT_BYTES] = {0x61, 0, 0, 1};
    struct buffer answer;
    enum result result = RESULT_BUSY;
    buffer_init(&answer);
    while (result == RESULT_BUSY) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
        memcpy(question + 4, snapshot->fingerprint, FINGERPRINT_BYTES);
        log_snapshot_release(test->log, &snapshot);
        result = event_set_respond(test->log, question, sizeof question, &answer, NULL);
    }
    assert_int_equal(result, RESULT_OK);
    assert_int_equal(answer.length_bytes, 1); /* nothing to say: they are the same */
    buffer_deinit(&answer);
}

static void event_set__follows_what_is_committed(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    assert_in_step(&test);
    int64_t lamport = test_log_populate(&test, BOB);
    assert_in_step(&test);
    struct verified_event *event = message(1, lamport);
    test_log_receive(&test, &event, 1);
    assert_in_step(&test);
    test_log_reopen(&test, ALICE);
    assert_in_step(&test);
    test_log_close(&test);
}

static void event_set__takes_what_is_committed_while_a_long_log_is_read(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, BOB);
    for (unsigned i = 0; i < MANY; i += BATCH) {
        struct verified_event *events[BATCH];
        for (unsigned j = 0; j < BATCH; j++) {
            events[j] = message(i + j, lamport + i + j);
        }
        test_log_receive(&test, events, BATCH);
    }
    assert_in_step(&test);
    for (unsigned round = 0; round < 3; round++) {
        test_log_reopen(&test, ALICE);
        for (unsigned i = 0; i < 5; i++) {
            struct verified_event *event = message(MANY + 10 * round + i, 10);
            test_log_receive(&test, &event, 1);
        }
        assert_in_step(&test);
    }
    test_log_close(&test);
}

struct meeting {
    struct test_log *test;
    int64_t lamport;
    size_t learned;
    size_t commits;
};

/* A commit in the midst of a comparison: the test log waits for its answer. */
static void commit_meanwhile(void *context, bool ours, const uint8_t id[static ITEM_ID_BYTES])
{
    struct meeting *meeting = context;
    (void)id;
    assert_true(ours);
    meeting->learned++;
    if (meeting->commits < 3) {
        struct verified_event *event = message(1 + (unsigned)meeting->commits++, meeting->lamport);
        test_log_receive(meeting->test, &event, 1);
    }
}

static void event_set__keeps_no_commit_waiting_while_it_is_compared(void **state)
{
    static const uint8_t nothing[] = {0x61, 0, 0, 2, 0}; /* who has no event */
    struct test_log test;
    struct buffer next;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    struct meeting meeting = {.test = &test, .lamport = test_log_populate(&test, BOB)};
    const struct log_snapshot *snapshot = log_snapshot_acquire(test.log);
    size_t count = snapshot->event_count;
    log_snapshot_release(test.log, &snapshot);
    buffer_init(&next);
    assert_int_equal(event_set_continue(test.log, nothing, sizeof nothing, commit_meanwhile,
                                        &meeting, &next, NULL),
                     RESULT_OK);
    assert_int_equal(meeting.commits, 3);
    assert_int_equal(meeting.learned, count); /* it was the set of when it began … */
    assert_in_step(&test);                    /* … and has it all when the next one does */
    buffer_deinit(&next);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_set__follows_what_is_committed),
        cmocka_unit_test(event_set__keeps_no_commit_waiting_while_it_is_compared),
        cmocka_unit_test(event_set__takes_what_is_committed_while_a_long_log_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
