/* What was set aside comes back when its author belongs again, however that came about (§6): the
 * set is a function of the events. */
#include <string.h>

#include "core/memory.h"
#include "support/log_describe.h"
#include "support/told.h"

/* Eve looks; Dave is trusted. */
enum { ALICE = 1, BOB = 2, EVE = 3, DAVE = 4, CAROL = 5 };

/* As told_…, with ids that follow from the lamports. */
static void tell_invitation(struct told *told, uint8_t author, uint8_t invitee, int64_t lamport)
{
    (void)told_invitation(told, author, invitee, LEVEL_MEMBER, (unsigned)lamport, lamport);
}

static void tell_joining(struct told *told, uint8_t author, int64_t invited, int64_t lamport)
{
    (void)told_joining(told, author, (unsigned)invited, (unsigned)lamport, lamport);
}

static void tell_revocation(struct told *told, uint8_t author, uint8_t target, int64_t lamport)
{
    (void)told_revocation(told, author, target, (unsigned)lamport, lamport);
}

static void tell_message(struct told *told, uint8_t author, const char *body, unsigned id,
                         int64_t lamport)
{
    (void)told_add(told, author, event_draft_message(body, test_id(EVE), body, NULL), id, lamport);
}

/* Bob brings Carol, and she writes. */
static void tell_of_carol(struct told *told)
{
    tell_invitation(told, BOB, CAROL, 20);
    tell_joining(told, CAROL, 20, 21);
    tell_message(told, CAROL, "From Carol", 22, 22);
}

/* A log that says nothing of its own (no chat.message.delivered), so that two can be compared. */
static void open_silent(struct test_log *test)
{
    test_log_reopen_with(test, ALICE, &(struct event_log_options){.synchronous = true});
}

/* Gives the log what was told since `from`, one by one. */
static void give(struct test_log *test, const struct told *told, size_t from)
{
    for (size_t i = from; i < told->count; i++) {
        told_offer(test, told, i, 1);
    }
}

static bool knows(struct test_log *test, const char *body)
{
    char *history = test_log_history(test);
    bool known = strstr(history, body) != NULL;
    memory_free(history);
    return known;
}

/* The log is what one is that got all of it at once: in batches that leave nobody unknown. */
static void assert_same_as_at_once(struct test_log *test, struct told *told)
{
    struct test_log other;
    test_log_open(&other, ALICE, EVE);
    open_silent(&other);
    for (int again = 0; again < 3; again++) {
        told_offer(&other, told, 0, told->count);
    }
    char *accepted = log_describe_accepted(test->log);
    char *expected = log_describe_accepted(other.log);
    assert_string_equal(accepted, expected);
    memory_free(accepted);
    memory_free(expected);
    char *set = log_describe_set(test->log);
    expected = log_describe_set(other.log);
    assert_string_equal(set, expected);
    memory_free(set);
    memory_free(expected);
    test_log_close(&other);
}

/* Eve's log, empty, and the community that she and the others but Carol are in, to be given. */
static void begin(struct test_log *test, struct told *told)
{
    told->count = 0;
    test_log_open(test, ALICE, EVE);
    open_silent(test);
    told_community(told, DAVE, DAVE); /* lamports 1 to 7 */
}

static void end(struct test_log *test, struct told *told)
{
    told_forget(told);
    test_log_close(test);
}

static void set_aside__comes_back_with_a_new_invitation_when_the_inviter_was_revoked(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_of_carol(&told);
    give(&test, &told, 0);
    assert_true(knows(&test, "From Carol"));
    assert_int_equal(test_log_verify(&test, ALICE), 0);

    size_t from = told.count;
    tell_revocation(&told, ALICE, BOB, 10); /* before Bob invited her: she never belonged */
    give(&test, &told, from);
    assert_false(knows(&test, "From Carol"));
    assert_int_equal(test_log_verify(&test, ALICE),
                     3); /* Bob's invitation, her joining, her message */

    from = told.count;
    tell_invitation(&told, ALICE, CAROL, 30);
    tell_joining(&told, CAROL, 30, 31);
    give(&test, &told, from);
    assert_int_equal(test_log_verify(&test, ALICE), 1); /* Bob's invitation stays */
    assert_true(knows(&test, "From Carol"));
    assert_same_as_at_once(&test, &told);
    end(&test, &told);
}

static void set_aside__comes_back_when_the_revocation_is_undone_by_an_earlier_one(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_of_carol(&told);
    give(&test, &told, 0);

    size_t from = told.count;
    tell_revocation(&told, DAVE, BOB, 12);
    give(&test, &told, from);
    assert_false(knows(&test, "From Carol"));
    assert_int_equal(test_log_verify(&test, ALICE), 3);

    from = told.count;
    tell_revocation(&told, ALICE, DAVE, 11); /* so Dave could not revoke Bob any more */
    give(&test, &told, from);
    assert_int_equal(test_log_verify(&test, ALICE), 1); /* Dave's revocation alone */
    assert_true(knows(&test, "From Carol"));
    assert_same_as_at_once(&test, &told);
    end(&test, &told);
}

/* The way back is there again after the next start too, and what is aside can go again. */
static void set_aside__goes_and_comes_with_each_late_revocation(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_of_carol(&told);
    tell_revocation(&told, DAVE, BOB, 12);
    give(&test, &told, 0);
    open_silent(&test);
    assert_int_equal(test_log_verify(&test, ALICE), 3);
    size_t from = told.count;
    tell_revocation(&told, ALICE, DAVE, 11);
    give(&test, &told, from);
    open_silent(&test);
    assert_true(knows(&test, "From Carol"));
    from = told.count;
    tell_revocation(&told, ALICE, BOB, 13);
    give(&test, &told, from);
    assert_false(knows(&test, "From Carol"));
    assert_int_equal(test_log_verify(&test, ALICE), 4); /* Dave's revocation, and the three */
    assert_same_as_at_once(&test, &told);
    end(&test, &told);
}

/* Carol's second joining has a twin that is older than any invitation for her. Whether the twin
 * came while she belonged or not must make no difference. */
static void set_aside__a_joining_is_the_same_whenever_its_twin_came(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_of_carol(&told);
    tell_invitation(&told, ALICE, CAROL, 30);
    tell_joining(&told, CAROL, 30, 31);
    (void)told_joining(&told, CAROL, 30, 31, 15);
    tell_revocation(&told, ALICE, BOB, 10);
    give(&test, &told, 0);
    give(&test, &told, 0); /* what was refused for now is offered again */
    assert_int_equal(test_log_verify(&test, ALICE), 1); /* Bob's invitation */
    assert_true(knows(&test, "From Carol"));
    assert_same_as_at_once(&test, &told);
    end(&test, &told);
}

/* §6 step 2: what is held is accepted silently, aside or not; it is not asked for again then. */
static void set_aside__is_held_whoever_brings_it_again(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_of_carol(&told);
    tell_revocation(&told, ALICE, BOB, 10);
    give(&test, &told, 0);
    assert_int_equal(test_log_verify(&test, ALICE), 3);
    for (size_t i = 0; i < told.count; i++) {
        told_offer(&test, &told, i, 1);
        assert_int_equal(test.refusals[0], EVENT_ACCEPTABLE);
        assert_int_equal(test.accepted, 0);
    }
    assert_int_equal(test_log_verify(&test, ALICE), 3);
    end(&test, &told);
}

/* A revocation gives way to a later one: what was written up to that one, and at its very lamport,
 * comes back, and nothing after it. */
static void set_aside__comes_back_up_to_a_later_revocation(void **state)
{
    struct test_log test;
    struct told told;
    (void)state;
    begin(&test, &told);
    tell_invitation(&told, ALICE, CAROL, 20);
    tell_joining(&told, CAROL, 20, 21);
    tell_message(&told, CAROL, "Between", 40, 40);
    tell_message(&told, CAROL, "At that moment", 141, 42);
    tell_message(&told, CAROL, "Afterwards", 43, 43);
    tell_revocation(&told, DAVE, CAROL, 39);
    tell_revocation(&told, ALICE, CAROL, 42);
    give(&test, &told, 0);
    assert_int_equal(test_log_verify(&test, ALICE), 3);

    size_t from = told.count;
    tell_revocation(&told, ALICE, DAVE, 38); /* so Dave could not revoke Carol any more */
    give(&test, &told, from);
    assert_true(knows(&test, "Between"));
    assert_true(knows(&test, "At that moment"));
    assert_false(knows(&test, "Afterwards"));
    assert_int_equal(test_log_verify(&test, ALICE), 2); /* that one, and Dave's revocation */
    end(&test, &told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_aside__comes_back_with_a_new_invitation_when_the_inviter_was_revoked),
        cmocka_unit_test(set_aside__comes_back_when_the_revocation_is_undone_by_an_earlier_one),
        cmocka_unit_test(set_aside__goes_and_comes_with_each_late_revocation),
        cmocka_unit_test(set_aside__a_joining_is_the_same_whenever_its_twin_came),
        cmocka_unit_test(set_aside__is_held_whoever_brings_it_again),
        cmocka_unit_test(set_aside__comes_back_up_to_a_later_revocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
