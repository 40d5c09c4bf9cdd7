#include <stdio.h>

#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, JANA = 3, DAVE = 4, EVE = 5, MOST_STEP = 1000000 };

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

/* An invitation, which drives the membership. */
static struct verified_event *invitation(uint8_t inviter, uint8_t invitee, unsigned id,
                                         int64_t lamport)
{
    struct signing_key key = test_key(inviter);
    char event_id[ULID_TEXT_BYTES];
    return test_event(event_draft_invited(test_id(invitee), "Neighbour", LEVEL_MEMBER, 1900000000),
                      &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static struct verified_event *joining(uint8_t author, unsigned invited, unsigned id,
                                      int64_t lamport)
{
    struct signing_key key = test_key(author);
    char invite[ULID_TEXT_BYTES];
    char event_id[ULID_TEXT_BYTES];
    json_t *manifest = test_manifest(&key, "", 7100);
    struct verified_event *event =
        test_event(event_draft_joined(test_ulid(invited, invite), manifest), &key, test_id(ALICE),
                   test_ulid(id, event_id), lamport);
    json_decref(manifest);
    return event;
}

static int64_t clock_of(struct test_log *test)
{
    const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
    int64_t clock = snapshot->clock;
    log_snapshot_release(test->log, &snapshot);
    return clock;
}

/* §6 step 4: up to a million above the clock, of every kind. */
static void log_receive__takes_a_step_of_a_million_and_no_greater_one(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, JANA);
    for (unsigned kind = 0; kind < 2; kind++) {
        int64_t clock = clock_of(&test);
        for (int over = 1; over >= 0; over--) {
            unsigned id = 100 + kind * 10 + (unsigned)over;
            int64_t lamport = clock + MOST_STEP + over;
            struct verified_event *event =
                kind == 0 ? note(id, lamport) : invitation(BOB, DAVE, id, lamport);
            test_log_receive(&test, &event, 1);
            assert_int_equal(test.refusals[0], over ? EVENT_LAMPORT_TOO_FAR : EVENT_ACCEPTABLE);
            assert_int_equal(clock_of(&test), over ? clock : lamport + 1);
        }
    }
    test_log_close(&test);
}

/* The clock moves with each event of the batch, in replay order, whatever drives the membership. */
static void log_receive__measures_a_step_from_the_event_before(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    (void)test_log_populate(&test, JANA);
    int64_t first = clock_of(&test) + MOST_STEP;
    int64_t second = first + 1 + MOST_STEP;
    struct verified_event *batch[] = {invitation(BOB, EVE, 122, second + 2 + MOST_STEP),
                                      invitation(BOB, DAVE, 121, second),
                                      invitation(BOB, DAVE, 120, first)};
    test_log_receive(&test, batch, 3);
    assert_int_equal(test.refusals[0], EVENT_LAMPORT_TOO_FAR);
    assert_int_equal(test.refusals[1], EVENT_ACCEPTABLE);
    assert_int_equal(test.refusals[2], EVENT_ACCEPTABLE);
    assert_int_equal(clock_of(&test), second + 1);
    test_log_close(&test);
}

/* In one batch, for it may be the only time that they come: what a newcomer wrote before it joined,
 * and an event that comes twice. */
static void log_receive__takes_a_newcomer_with_what_it_wrote_before(void **state)
{
    struct test_log test;
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    int64_t lamport = test_log_populate(&test, JANA);
    struct verified_event *batch[] = {
        invitation(ALICE, DAVE, 130, lamport), invitation(DAVE, EVE, 131, lamport + 1),
        joining(DAVE, 130, 132, lamport + 2), invitation(ALICE, DAVE, 130, lamport)};
    test_log_receive(&test, batch, 4);
    assert_int_equal(test.accepted, 3);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(test.refusals[i], EVENT_ACCEPTABLE);
    }
    assert_int_equal(test_log_verify(&test, ALICE), 0);
    test_log_close(&test);
}

/* The log of a guest: what its inviter named is behind it, and nothing up to there is too far. */
static void log_receive__goes_on_from_the_clock_it_is_given(void **state)
{
    struct test_log test;
    const int64_t far = 5000000;
    const struct event_log_options options = {.least_clock = far};
    (void)state;
    test_log_open(&test, ALICE, ALICE);
    test_log_reopen_with(&test, ALICE, &options);
    (void)test_log_populate(&test, JANA);
    struct verified_event *behind[] = {note(50, 3000000), note(51, far), note(52, far + 1000003)};
    test_log_receive(&test, behind, 3);
    assert_int_equal(test.refusals[0], EVENT_ACCEPTABLE);
    assert_int_equal(test.refusals[1], EVENT_ACCEPTABLE);
    assert_int_equal(test.refusals[2], EVENT_LAMPORT_TOO_FAR);
    assert_in_range(write_own(&test), far + 1, far + 10);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_receive__goes_on_from_the_clock_it_is_given),
        cmocka_unit_test(log_receive__moves_the_clock_to_one_above_the_greater),
        cmocka_unit_test(log_receive__takes_a_step_of_a_million_and_no_greater_one),
        cmocka_unit_test(log_receive__measures_a_step_from_the_event_before),
        cmocka_unit_test(log_receive__takes_a_newcomer_with_what_it_wrote_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
