/* What would change nothing is refused, and why is said (§7). */
#include <string.h>

#include "protocol/co_signature.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, DAVE = 4, EVE = 5, TRUSTED = 3 };
static const uint8_t members = 4;

/* Seen from `self`: Alice founded; Bob is a member, Carol and Dave are trusted. */
static void begin(struct test_log *test, uint8_t self, int64_t signatures)
{
    struct told told = {0};
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = signatures;
    test_log_open(test, ALICE, self);
    (void)told_add(&told, ALICE, event_draft_created("Street", test_id(ALICE), &policy), 1, 1);
    for (uint8_t i = BOB; i <= members; i++) {
        const unsigned id = 2U * i;
        (void)told_invitation(&told, ALICE, i, i >= TRUSTED ? LEVEL_TRUSTED : LEVEL_MEMBER, id, id);
        (void)told_joining(&told, i, id, id + 1, id + 1);
    }
    told_give_rest(test, &told, 0);
    told_forget(&told);
}

static json_t *signed_by(json_t *statement, const uint8_t *signers, size_t count)
{
    json_t *co_signers = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct signing_key key = test_key(signers[i]);
        (void)json_array_append_new(co_signers, co_signature_make(&key, json_incref(statement)));
    }
    json_decref(statement);
    return co_signers;
}

static struct event_draft revocation(uint8_t target, const uint8_t *signers, size_t count)
{
    json_t *co_signers =
        signed_by(event_data_revocation_statement("r", "other", test_id(target)), signers, count);
    struct event_draft draft = event_draft_revoked("r", test_id(target), "other", co_signers);
    json_decref(co_signers);
    return draft;
}

static struct event_draft level(uint8_t target, enum member_level new_level, bool promotes,
                                const uint8_t *signers, size_t count)
{
    json_t *co_signers =
        signed_by(event_data_level_statement(new_level, test_id(target)), signers, count);
    struct event_draft draft = event_draft_level(promotes, test_id(target), new_level, co_signers);
    json_decref(co_signers);
    return draft;
}

static struct event_draft invitation(uint8_t invitee, enum member_level initial_level)
{
    return event_draft_invited(test_id(invitee), "Neighbour", initial_level, 1900000000);
}

/* NULL: it is taken. */
static void assert_answer(struct test_log *test, struct event_draft draft, enum result result,
                          const char *words)
{
    const struct append_answer *answer = test_log_append(test, draft);
    assert_int_equal(answer->result, result);
    if (words != NULL) {
        assert_non_null(strstr(answer->error.message, words));
    }
}

static void log_standing_rules__an_invitation_is_for_who_can_still_come(void **state)
{
    static const uint8_t alice[] = {ALICE};
    struct test_log test;
    (void)state;
    begin(&test, ALICE, 1);
    assert_answer(&test, invitation(BOB, LEVEL_MEMBER), RESULT_EXISTS, "a member just now");
    assert_answer(&test, invitation(EVE, LEVEL_TRUSTED), RESULT_OK, NULL);
    assert_answer(&test, revocation(BOB, alice, 1), RESULT_OK, NULL);
    assert_answer(&test, invitation(BOB, LEVEL_MEMBER), RESULT_UNAUTHORIZED, "new key");
    test_log_close(&test);
}

static void log_standing_rules__a_member_invites_members_alone(void **state)
{
    static const uint8_t bob[] = {BOB};
    struct test_log test;
    (void)state;
    begin(&test, BOB, 1);
    assert_answer(&test, invitation(EVE, LEVEL_TRUSTED), RESULT_UNAUTHORIZED,
                  "may not invite somebody as trusted");
    assert_answer(&test, invitation(EVE, LEVEL_MEMBER), RESULT_OK, NULL);
    assert_answer(&test, revocation(CAROL, bob, 1), RESULT_UNAUTHORIZED, "Only trusted members");
    assert_answer(&test, level(BOB, LEVEL_TRUSTED, true, bob, 1), RESULT_UNAUTHORIZED,
                  "Only trusted members");
    test_log_close(&test);
}

static void log_standing_rules__a_change_takes_as_many_as_the_policy_says(void **state)
{
    static const uint8_t signers[] = {ALICE, CAROL, DAVE};
    struct test_log test;
    (void)state;
    begin(&test, ALICE, 3);
    for (size_t count = 1; count < 3; count++) {
        assert_answer(&test, revocation(BOB, signers, count), RESULT_UNAUTHORIZED,
                      "takes the word of 3");
    }
    /* Against one of the three the two others are enough. */
    assert_answer(&test, level(DAVE, LEVEL_MEMBER, false, signers, 1), RESULT_UNAUTHORIZED,
                  "takes the word of 2 trusted members, and has that of 1");
    assert_answer(&test, revocation(BOB, signers, 3), RESULT_OK, NULL);
    assert_answer(&test, level(DAVE, LEVEL_MEMBER, false, signers, 2), RESULT_OK, NULL);
    /* To rise takes one. */
    assert_answer(&test, level(DAVE, LEVEL_TRUSTED, true, signers, 1), RESULT_OK, NULL);
    test_log_close(&test);
}

static void log_standing_rules__only_others_who_are_members_are_changed(void **state)
{
    static const uint8_t alice[] = {ALICE};
    struct test_log test;
    (void)state;
    begin(&test, ALICE, 1);
    assert_answer(&test, revocation(ALICE, alice, 1), RESULT_INVALID, "can't revoke itself");
    assert_answer(&test, revocation(EVE, alice, 1), RESULT_NOT_FOUND, "not a member");
    assert_answer(&test, level(EVE, LEVEL_TRUSTED, true, alice, 1), RESULT_NOT_FOUND,
                  "not a member");
    test_log_close(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_standing_rules__an_invitation_is_for_who_can_still_come),
        cmocka_unit_test(log_standing_rules__a_member_invites_members_alone),
        cmocka_unit_test(log_standing_rules__a_change_takes_as_many_as_the_policy_says),
        cmocka_unit_test(log_standing_rules__only_others_who_are_members_are_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
