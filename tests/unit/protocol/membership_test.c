#include <string.h>

#include "protocol/membership.h"
#include "support/test_support.h"

enum { FOUNDER = 1, BOB = 2, JANA = 3, EVE = 4 };

static char ids[64][ULID_TEXT_BYTES];

static void apply(struct membership *membership, struct verified_event *event)
{
    membership_apply(membership, event_verified_get(event));
    event_verified_destroy(&event);
}

static struct membership *found(struct policy policy)
{
    struct signing_key founder = test_key(FOUNDER);
    struct membership *membership = membership_create(&founder.node_id);
    apply(membership, test_event(event_draft_created("Street", &founder.node_id, &policy), &founder,
                                 &founder.node_id, test_ulid(1, ids[1]), 1));
    return membership;
}

static struct verified_event *invitation(uint8_t inviter, uint8_t invitee, enum member_level level,
                                         unsigned id, int64_t lamport, int64_t expires_at)
{
    struct signing_key key = test_key(inviter);
    struct signing_key other = test_key(invitee);
    return test_event(event_draft_invited(&other.node_id, "Guest", level, expires_at), &key,
                      test_id(FOUNDER), test_ulid(id, ids[id]), lamport);
}

static struct verified_event *joining(uint8_t who, unsigned invite_id, unsigned id, int64_t lamport)
{
    struct signing_key key = test_key(who);
    char invited[ULID_TEXT_BYTES];
    json_t *manifest = test_manifest(&key, "", 7000);
    struct verified_event *event =
        test_event(event_draft_joined(test_ulid(invite_id, invited), manifest), &key,
                   test_id(FOUNDER), test_ulid(id, ids[id]), lamport);
    json_decref(manifest);
    return event;
}

static struct verified_event *revocation(const uint8_t *signers, size_t count, uint8_t target,
                                         unsigned id, int64_t lamport)
{
    struct signing_key author = test_key(signers[0]);
    struct signing_key gone = test_key(target);
    char target_text[NODE_ID_TEXT_BYTES];
    json_t *co_signers = json_array();
    struct buffer text;
    json_t *statement = event_data_revocation_statement("r", "compromised", &gone.node_id);
    buffer_init(&text);
    assert_int_equal(canonical_write(statement, &text), RESULT_OK);
    node_id_format(&gone.node_id, target_text);
    for (size_t i = 0; i < count; i++) {
        struct signing_key signer = test_key(signers[i]);
        struct signature signature;
        char signature_text[SIGNATURE_TEXT_BYTES];
        char signer_text[NODE_ID_TEXT_BYTES];
        signing_sign(&signer, text.data, text.length_bytes, &signature);
        signing_format_signature(&signature, signature_text);
        node_id_format(&signer.node_id, signer_text);
        (void)json_array_append_new(co_signers, json_pack("{s:s,s:s}", "node_id", signer_text,
                                                          "signature", signature_text));
    }
    buffer_deinit(&text);
    json_decref(statement);
    struct event_draft draft = {EVENT_MEMBER_REVOKED,
                                json_pack("{s:s,s:s,s:s,s:o}", "client_id", "r", "target_node_id",
                                          target_text, "reason", "compromised", "co_signers",
                                          co_signers)};
    return test_event(draft, &author, test_id(FOUNDER), test_ulid(id, ids[id]), lamport);
}

static bool is_member(const struct membership *membership, uint8_t who)
{
    return membership_find(membership, test_id(who)) != NULL;
}

static void membership__founder_is_anchor_and_invitee_joins_at_the_invited_level(void **state)
{
    struct membership *membership = found(policy_default());
    (void)state;
    assert_int_equal(membership_find(membership, test_id(FOUNDER))->level, LEVEL_ANCHOR);
    apply(membership, invitation(FOUNDER, BOB, LEVEL_TRUSTED, 2, 2, 1900000000));
    assert_false(is_member(membership, BOB));
    assert_true(membership_is_invitee(membership, test_id(BOB), 1899999999));
    assert_false(membership_is_invitee(membership, test_id(BOB), 1900000000));
    apply(membership, joining(BOB, 2, 3, 3));
    assert_int_equal(membership_find(membership, test_id(BOB))->level, LEVEL_TRUSTED);
    assert_string_equal(membership_find(membership, test_id(BOB))->display_name, "Guest");
    assert_false(membership_is_invitee(membership, test_id(BOB), 1));
    membership_destroy(&membership);
}

static void membership__joining_needs_an_unexpired_invitation_of_its_author(void **state)
{
    struct membership *membership = found(policy_default());
    (void)state;
    apply(membership, joining(BOB, 2, 9, 9)); /* never invited */
    assert_false(is_member(membership, BOB));
    apply(membership, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 10, 1700000000));
    apply(membership, joining(BOB, 2, 3, 11)); /* too late by its own clock */
    assert_false(is_member(membership, BOB));
    apply(membership, invitation(FOUNDER, BOB, LEVEL_MEMBER, 4, 12, 1900000000));
    apply(membership, joining(EVE, 4, 5, 13)); /* somebody else's invitation */
    assert_false(is_member(membership, EVE));
    membership_destroy(&membership);
}

static void membership__only_trusted_invite_trusted_and_policy_decides_for_members(void **state)
{
    struct policy policy = policy_default();
    policy.default_member_can_invite = false;
    struct membership *membership = found(policy);
    (void)state;
    apply(membership, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
    apply(membership, joining(BOB, 2, 3, 3));
    apply(membership, invitation(BOB, JANA, LEVEL_MEMBER, 4, 4, 1900000000));
    assert_null(membership_find_invitation(membership, ids[4], NULL));
    membership_destroy(&membership);
    membership = found(policy_default());
    apply(membership, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
    apply(membership, joining(BOB, 2, 3, 3));
    apply(membership, invitation(BOB, JANA, LEVEL_TRUSTED, 4, 4, 1900000000));
    assert_null(membership_find_invitation(membership, ids[4], NULL));
    apply(membership, invitation(BOB, JANA, LEVEL_MEMBER, 5, 5, 1900000000));
    assert_non_null(membership_find_invitation(membership, ids[5], NULL));
    membership_destroy(&membership);
}

static void membership__revocation_counts_only_with_enough_trusted_signers(void **state)
{
    static const uint8_t alone[] = {FOUNDER};
    static const uint8_t with_member[] = {FOUNDER, JANA};
    static const uint8_t together[] = {FOUNDER, BOB};
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = 2;
    struct membership *membership = found(policy);
    (void)state;
    apply(membership, invitation(FOUNDER, BOB, LEVEL_TRUSTED, 2, 2, 1900000000));
    apply(membership, joining(BOB, 2, 3, 3));
    apply(membership, invitation(FOUNDER, JANA, LEVEL_MEMBER, 4, 4, 1900000000));
    apply(membership, joining(JANA, 4, 5, 5));
    apply(membership, revocation(alone, 1, JANA, 6, 6));
    apply(membership, revocation(with_member, 2, JANA, 7, 7));
    assert_true(is_member(membership, JANA));
    apply(membership, revocation(together, 2, JANA, 8, 8));
    assert_false(is_member(membership, JANA));
    assert_int_equal(membership_admits(membership, test_id(JANA), 8), MEMBERSHIP_ADMITS);
    assert_int_equal(membership_admits(membership, test_id(JANA), 9), MEMBERSHIP_REVOKED);
    assert_int_equal(membership_admits(membership, test_id(EVE), 1), MEMBERSHIP_UNKNOWN);
    membership_destroy(&membership);
}

static void membership_resolve__takes_full_and_unique_short_ids(void **state)
{
    struct membership *membership = found(policy_default());
    struct node_id resolved;
    char text[NODE_ID_TEXT_BYTES];
    (void)state;
    node_id_format_short(test_id(FOUNDER), text);
    assert_int_equal(membership_resolve(membership, text, &resolved), RESULT_OK);
    assert_true(node_id_equal(&resolved, test_id(FOUNDER)));
    node_id_format_short(test_id(EVE), text);
    assert_int_equal(membership_resolve(membership, text, &resolved), RESULT_NOT_FOUND);
    node_id_format(test_id(EVE), text);
    assert_int_equal(membership_resolve(membership, text, &resolved), RESULT_OK);
    assert_int_equal(membership_resolve(membership, "bob", &resolved), RESULT_INVALID);
    membership_destroy(&membership);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(membership__founder_is_anchor_and_invitee_joins_at_the_invited_level),
        cmocka_unit_test(membership__joining_needs_an_unexpired_invitation_of_its_author),
        cmocka_unit_test(membership__only_trusted_invite_trusted_and_policy_decides_for_members),
        cmocka_unit_test(membership__revocation_counts_only_with_enough_trusted_signers),
        cmocka_unit_test(membership_resolve__takes_full_and_unique_short_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
