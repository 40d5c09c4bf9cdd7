/* Who was verified is kept, taken back, and a member's alone (§24.12). */
#include "store/log_verified.h"

#include <string.h>

#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, STRANGER = 20, MEMBERS = 4, TRUSTED = 3 };

static int64_t test_now_ms;

static int64_t now_ms(void *context)
{
    (void)context;
    return test_now_ms;
}

static const struct clock test_clock = {now_ms, now_ms, NULL};
static const struct event_log_options clocked = {.synchronous = true, .clock = &test_clock};

/* Alice's log: Bob is a member, Carol and Dave are trusted. */
static void begin(struct test_log *test, struct told *told)
{
    *told = (struct told){0};
    test_now_ms = 1800000000999;
    test_log_open(test, ALICE, ALICE);
    test_log_reopen_with(test, ALICE, &clocked);
    told_community(told, MEMBERS, TRUSTED);
    told_give_rest(test, told, 0);
}

static void end(struct test_log *test, struct told *told)
{
    told_assert_whole(test);
    told_forget(told);
    test_log_close(test);
}

static void keep(void *context, const struct append_answer *answer)
{
    *(struct append_answer *)context = *answer;
}

static enum result mark(struct test_log *test, uint8_t who, bool verified)
{
    struct append_answer answer = {.result = RESULT_BUSY};
    assert_int_equal(log_verified_mark(test->log, test_id(who), verified, keep, &answer),
                     RESULT_OK);
    assert_true((answer.result == RESULT_OK) == (answer.error.message[0] == '\0'));
    return answer.result;
}

static int64_t when(struct test_log *test, uint8_t who)
{
    struct log_verified_marks marks;
    assert_int_equal(log_verified_read(test->log, &marks), RESULT_OK);
    const struct log_snapshot *snapshot = log_snapshot_acquire(test->log);
    int64_t at = log_verified_find(&marks, snapshot->membership, test_id(who));
    log_snapshot_release(test->log, &snapshot);
    log_verified_free(&marks);
    return at;
}

static void log_verified_mark__is_there_after_a_restart_until_it_is_taken_away(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    assert_int_equal(when(&test, BOB), 0);
    assert_int_equal(mark(&test, BOB, true), RESULT_OK);
    assert_int_equal(mark(&test, DAVE, true), RESULT_OK);
    test_log_reopen_with(&test, ALICE, &clocked);
    assert_int_equal(when(&test, BOB), 1800000000);
    assert_int_equal(when(&test, CAROL), 0);
    assert_int_equal(when(&test, DAVE), 1800000000);
    test_now_ms += 60000;
    assert_int_equal(mark(&test, DAVE, true), RESULT_OK); /* compared once more */
    assert_int_equal(mark(&test, BOB, false), RESULT_OK);
    assert_int_equal(mark(&test, CAROL, false), RESULT_OK);
    assert_int_equal(when(&test, BOB), 0);
    assert_int_equal(when(&test, CAROL), 0);
    assert_int_equal(when(&test, DAVE), 1800000060);
    end(&test, &told);
}

static void log_verified_mark__is_in_no_event(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    int64_t committed = test.committed;
    assert_int_equal(mark(&test, BOB, true), RESULT_OK);
    assert_int_equal(test.committed, committed);
    assert_int_equal(told_count(test.log, NULL, NULL, NULL), told.count);
    end(&test, &told);
}

static void log_verified_mark__is_for_members(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    assert_int_equal(mark(&test, STRANGER, true), RESULT_NOT_FOUND);
    assert_int_equal(mark(&test, STRANGER, false), RESULT_NOT_FOUND);
    assert_int_equal(when(&test, STRANGER), 0);
    end(&test, &told);
}

static void log_verified_find__ends_with_the_revocation(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    assert_int_equal(mark(&test, BOB, true), RESULT_OK);
    assert_int_equal(mark(&test, DAVE, true), RESULT_OK);
    (void)told_revocation(&told, CAROL, BOB, 900, 900);
    told_give_rest(&test, &told, told.count - 1);
    assert_int_equal(when(&test, BOB), 0);
    assert_int_equal(when(&test, DAVE), 1800000000);
    assert_int_equal(mark(&test, BOB, true), RESULT_NOT_FOUND);
    end(&test, &told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_verified_mark__is_there_after_a_restart_until_it_is_taken_away),
        cmocka_unit_test(log_verified_mark__is_in_no_event),
        cmocka_unit_test(log_verified_mark__is_for_members),
        cmocka_unit_test(log_verified_find__ends_with_the_revocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
