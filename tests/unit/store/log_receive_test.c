#include <stdio.h>

#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3 };

/* A message between others: we don't answer it. */
static struct verified_event *note(unsigned id, int64_t lamport)
{
    struct signing_key bob = test_key(BOB);
    char event_id[ULID_TEXT_BYTES];
    test_ulid(id, event_id);
    return test_event(event_draft_message(event_id, test_id(JANA), "Hello", NULL), &bob,
                      test_id(ALICE), event_id, lamport);
}

/* The lamport of our next event. */
static int64_t write_own(struct test_log *test)
{
    static unsigned written;
    char client_id[16];
    (void)snprintf(client_id, sizeof client_id, "own-%u", written++);
    const struct append_answer *answer =
        test_log_append(test, event_draft_message(client_id, test_id(BOB), "Hello", NULL));
    assert_int_equal(answer->result, RESULT_OK);
    return answer->lamport;
}

/* §6: an own event takes the clock's next; a received one moves it to one above the greater. */
static void log_receive__moves_the_clock_to_one_above_the_greater(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, JANA);
    const int64_t start = write_own(&test);
    assert_int_equal(write_own(&test), start + 1);

    struct verified_event *ahead[] = {note(50, start + 1000)};
    test_log_receive(&test, ahead, 1);
    assert_int_equal(write_own(&test), start + 1002);

    struct verified_event *behind[] = {note(51, start)};
    test_log_receive(&test, behind, 1);
    assert_int_equal(write_own(&test), start + 1004);

    struct verified_event *level[] = {note(52, start + 1004)};
    test_log_receive(&test, level, 1);
    assert_int_equal(write_own(&test), start + 1006);

    /* Each of a batch, in replay order. */
    struct verified_event *batch[] = {note(54, start + 2001), note(53, start + 2000)};
    test_log_receive(&test, batch, 2);
    assert_int_equal(write_own(&test), start + 2003);

    /* What is held already, and what is refused, moves nothing. */
    struct verified_event *known[] = {note(50, start + 1000), note(60, start + 9000000)};
    test_log_receive(&test, known, 2);
    assert_int_equal(test.refusals[1], EVENT_LAMPORT_TOO_FAR);
    assert_int_equal(write_own(&test), start + 2004);

    test_log_reopen(&test, ALICE);
    assert_int_equal(write_own(&test), start + 2005);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_receive__moves_the_clock_to_one_above_the_greater),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
