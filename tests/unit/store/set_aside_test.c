/* What was set aside comes back when its author belongs again, however that came about (§6): the
 * set is a function of the events. */
#include <string.h>

#include "core/memory.h"
#include "protocol/co_signature.h"
#include "store/maintenance.h"
#include "support/log_describe.h"
#include "support/shuffle.h"
#include "support/test_support.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, EVE = 5 };
enum { MOST_EVENTS = 32 };

/* Events as their authors signed them; ids follow from the lamports. */
struct told {
    struct verified_event *events[MOST_EVENTS];
    size_t count;
};

static void tell_with_id(struct told *told, uint8_t author, struct event_draft draft, unsigned id,
                         int64_t lamport)
{
    char event_id[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    told->events[told->count++] =
        test_event(draft, &key, test_id(ALICE), test_ulid(id, event_id), lamport);
}

static void tell(struct told *told, uint8_t author, struct event_draft draft, int64_t lamport)
{
    tell_with_id(told, author, draft, (unsigned)lamport, lamport);
}

static void tell_invitation(struct told *told, uint8_t author, uint8_t invitee,
                            enum member_level level, int64_t lamport)
{
    tell(told, author, event_draft_invited(test_id(invitee), "Neighbour", level, 1900000000),
         lamport);
}

static void tell_joining_with_id(struct told *told, uint8_t author, int64_t invited, unsigned id,
                                 int64_t lamport)
{
    char invite[ULID_TEXT_BYTES];
    const struct signing_key key = test_key(author);
    json_t *manifest = test_manifest(&key, "", (uint16_t)(7000 + author));
    tell_with_id(told, author, event_draft_joined(test_ulid((unsigned)invited, invite), manifest),
                 id, lamport);
    json_decref(manifest);
}

static void tell_joining(struct told *told, uint8_t author, int64_t invited, int64_t lamport)
{
    tell_joining_with_id(told, author, invited, (unsigned)lamport, lamport);
}

static void tell_revocation(struct told *told, uint8_t author, uint8_t target, int64_t lamport)
{
    const struct signing_key key = test_key(author);
    json_t *signers = json_array();
    (void)json_array_append_new(
        signers,
        co_signature_make(&key, event_data_revocation_statement("r", "other", test_id(target))));
    tell(told, author, event_draft_revoked("r", test_id(target), "other", signers), lamport);
    json_decref(signers);
}

static void tell_message(struct told *told, uint8_t author, const char *body, int64_t lamport)
{
    tell(told, author, event_draft_message(body, test_id(EVE), body, NULL), lamport);
}

/* Alice's community with Eve (who looks), Bob and Dave, who is trusted: lamports 1 to 7. */
static void tell_community(struct told *told)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    tell(told, ALICE, event_draft_created("Street", test_id(ALICE), &policy), 1);
    tell_invitation(told, ALICE, EVE, LEVEL_MEMBER, 2);
    tell_joining(told, EVE, 2, 3);
    tell_invitation(told, ALICE, BOB, LEVEL_MEMBER, 4);
    tell_joining(told, BOB, 4, 5);
    tell_invitation(told, ALICE, DAVE, LEVEL_TRUSTED, 6);
    tell_joining(told, DAVE, 6, 7);
}

/* Bob brings Carol, and she writes. */
static void tell_of_carol(struct told *told)
{
    tell_invitation(told, BOB, CAROL, LEVEL_MEMBER, 20);
    tell_joining(told, CAROL, 20, 21);
    tell_message(told, CAROL, "From Carol", 22);
}

/* A log that says nothing of its own (no chat.message.delivered), so that two can be compared. */
static void open_silent(struct test_log *test)
{
    struct error error = {""};
    struct event_log_options options = {.directory = test->directory,
                                        .community_id = *test_id(ALICE),
                                        .key = &test->key,
                                        .clock = clock_system(),
                                        .synchronous = true};
    event_log_close(&test->log);
    assert_int_equal(event_log_open(&options, &test->log, &error), RESULT_OK);
}

/* Gives the log what was told since `from`, one by one. */
static void give(struct test_log *test, const struct told *told, size_t from)
{
    for (size_t i = from; i < told->count; i++) {
        struct verified_event *event = shuffle_copy_event(told->events[i]);
        test_log_receive(test, &event, 1);
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
        struct verified_event *events[MOST_EVENTS];
        for (size_t i = 0; i < told->count; i++) {
            events[i] = shuffle_copy_event(told->events[i]);
        }
        test_log_receive(&other, events, told->count);
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

static void forget(struct told *told)
{
    for (size_t i = 0; i < told->count; i++) {
        event_verified_destroy(&told->events[i]);
    }
    told->count = 0;
}

static void set_aside__comes_back_with_a_new_invitation_when_the_inviter_was_revoked(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    test_log_open(&test, ALICE, EVE);
    open_silent(&test);
    tell_community(&told);
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
    tell_invitation(&told, ALICE, CAROL, LEVEL_MEMBER, 30);
    tell_joining(&told, CAROL, 30, 31);
    give(&test, &told, from);
    assert_int_equal(test_log_verify(&test, ALICE), 1); /* Bob's invitation stays */
    assert_true(knows(&test, "From Carol"));
    assert_same_as_at_once(&test, &told);
    forget(&told);
    test_log_close(&test);
}

static void set_aside__comes_back_when_the_revocation_is_undone_by_an_earlier_one(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    test_log_open(&test, ALICE, EVE);
    open_silent(&test);
    tell_community(&told);
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
    forget(&told);
    test_log_close(&test);
}

/* The way back is there again after the next start too, and what is aside can go again. */
static void set_aside__goes_and_comes_with_each_late_revocation(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    test_log_open(&test, ALICE, EVE);
    open_silent(&test);
    tell_community(&told);
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
    forget(&told);
    test_log_close(&test);
}

/* Carol's second joining has a twin that is older than any invitation for her. Whether the twin
 * came while she belonged or not must make no difference. */
static void set_aside__a_joining_is_the_same_whenever_its_twin_came(void **state)
{
    struct test_log test;
    struct told told = {0};
    (void)state;
    test_log_open(&test, ALICE, EVE);
    open_silent(&test);
    tell_community(&told);
    tell_of_carol(&told);
    tell_invitation(&told, ALICE, CAROL, LEVEL_MEMBER, 30);
    tell_joining(&told, CAROL, 30, 31);
    tell_joining_with_id(&told, CAROL, 30, 31, 15);
    tell_revocation(&told, ALICE, BOB, 10);
    give(&test, &told, 0);
    give(&test, &told, 0); /* what was refused for now is offered again */
    assert_int_equal(test_log_verify(&test, ALICE), 1); /* Bob's invitation */
    assert_true(knows(&test, "From Carol"));
    assert_same_as_at_once(&test, &told);
    forget(&told);
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_aside__comes_back_with_a_new_invitation_when_the_inviter_was_revoked),
        cmocka_unit_test(set_aside__comes_back_when_the_revocation_is_undone_by_an_earlier_one),
        cmocka_unit_test(set_aside__goes_and_comes_with_each_late_revocation),
        cmocka_unit_test(set_aside__a_joining_is_the_same_whenever_its_twin_came),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
