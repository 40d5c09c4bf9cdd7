#include "protocol/co_signature.h"
#include "protocol/community.h"
#include "support/test_support.h"

enum { FOUNDER = 1, BOB = 2, JANA = 3, EVE = 4, KEPT_SEQ = 1000000 };

static char ids[64][ULID_TEXT_BYTES];

/* One after the other, each a batch of its own. */
static enum membership_answer apply(struct community *community, struct verified_event *event)
{
    static int64_t seq;
    struct fact_record record;
    enum membership_answer answer = MEMBERSHIP_UNKNOWN;
    fact_record_of(event_verified_get(event), &record);
    if (community_offer(community, &record)) {
        community_settle(community, &answer);
        if (answer == MEMBERSHIP_ADMITS) {
            community_set_seq(community, 0, ++seq);
        }
    }
    event_verified_destroy(&event);
    return answer;
}

static struct community *found(struct policy policy)
{
    struct signing_key founder = test_key(FOUNDER);
    struct community *community = community_create(&founder.node_id);
    (void)apply(community, test_event(event_draft_created("Street", &founder.node_id, &policy),
                                      &founder, &founder.node_id, test_ulid(1, ids[1]), 1));
    return community;
}

/* Everybody without a name of its own. */
static struct membership *publish(struct community *community)
{
    for (uint32_t i = 0; i < community_count_people(community); i++) {
        community_publish_profile(community, i,
                                  member_profile_create("", 0, community_key(community, 0), ""));
    }
    return community_publish(community, "Street");
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
    struct event_draft draft = {.type = EVENT_MEMBER_REVOKED,
                                .data = json_pack("{s:s,s:s,s:s,s:o}", "client_id", "r",
                                                  "target_node_id", target_text, "reason",
                                                  "compromised", "co_signers", co_signers)};
    return test_event(draft, &author, test_id(FOUNDER), test_ulid(id, ids[id]), lamport);
}

static bool is_member(const struct community *community, uint8_t who)
{
    return community_is_member(community, test_id(who));
}

static int level_of(const struct community *community, uint8_t who)
{
    return replay_standing(community_replay(community), community_find(community, test_id(who)))
        .level;
}

/* How many invitations of that member wait to be used. */
static uint32_t count_unused(const struct community *community, uint8_t who)
{
    const struct unused_invitations *unused =
        replay_standing(community_replay(community), community_find(community, test_id(who)))
            .unused;
    return unused == NULL ? 0 : unused->count;
}

static void community__founder_is_anchor_and_invitee_joins_at_the_invited_level(void **state)
{
    struct community *community = found(policy_default());
    (void)state;
    assert_int_equal(level_of(community, FOUNDER), LEVEL_ANCHOR);
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_TRUSTED, 2, 2, 1900000000));
    assert_false(is_member(community, BOB));
    struct membership *membership = publish(community);
    assert_true(membership_is_invitee(membership, test_id(BOB), 1899999999));
    assert_false(membership_is_invitee(membership, test_id(BOB), 1900000000));
    assert_non_null(membership_find_invitation(membership, ids[2], test_id(BOB)));
    assert_null(membership_find_invitation(membership, ids[2], test_id(EVE)));
    assert_int_equal(apply(community, joining(BOB, 2, 3, 3)), MEMBERSHIP_ADMITS);
    assert_int_equal(level_of(community, BOB), LEVEL_TRUSTED);
    /* What was published stays what it was. */
    assert_null(membership_find(membership, test_id(BOB)));
    membership_release(&membership);
    membership = publish(community);
    assert_int_equal(membership_find(membership, test_id(BOB))->level, LEVEL_TRUSTED);
    assert_int_equal(membership->trusted_count, 2);
    assert_false(membership_is_invitee(membership, test_id(BOB), 1));
    membership_release(&membership);
    community_destroy(&community);
}

static void community__joining_needs_an_unexpired_invitation_of_its_author(void **state)
{
    struct community *community = found(policy_default());
    (void)state;
    assert_int_equal(apply(community, joining(BOB, 2, 9, 9)), MEMBERSHIP_UNKNOWN);
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 10, 1700000000));
    (void)apply(community, joining(BOB, 2, 3, 11)); /* too late by its own clock */
    assert_false(is_member(community, BOB));
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 4, 12, 1900000000));
    (void)apply(community, joining(EVE, 4, 5, 13)); /* somebody else's invitation */
    assert_false(is_member(community, EVE));
    community_destroy(&community);
}

static void community__only_trusted_invite_trusted_and_policy_decides_for_members(void **state)
{
    struct policy policy = policy_default();
    policy.default_member_can_invite = false;
    struct community *community = found(policy);
    (void)state;
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
    (void)apply(community, joining(BOB, 2, 3, 3));
    (void)apply(community, invitation(BOB, JANA, LEVEL_MEMBER, 4, 4, 1900000000));
    assert_int_equal(count_unused(community, BOB), 0);
    community_destroy(&community);
    community = found(policy_default());
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
    (void)apply(community, joining(BOB, 2, 3, 3));
    (void)apply(community, invitation(BOB, JANA, LEVEL_TRUSTED, 4, 4, 1900000000));
    assert_int_equal(count_unused(community, BOB), 0);
    (void)apply(community, invitation(BOB, JANA, LEVEL_MEMBER, 5, 5, 1900000000));
    assert_int_equal(count_unused(community, BOB), 1);
    community_destroy(&community);
}

static struct community *found_with_bob_and_jana(int64_t needed, enum member_level bob)
{
    struct policy policy = policy_default();
    policy.min_signatures_to_revoke = needed;
    struct community *community = found(policy);
    (void)apply(community, invitation(FOUNDER, BOB, bob, 2, 2, 1900000000));
    (void)apply(community, joining(BOB, 2, 3, 3));
    (void)apply(community, invitation(FOUNDER, JANA, LEVEL_MEMBER, 4, 4, 1900000000));
    (void)apply(community, joining(JANA, 4, 5, 5));
    return community;
}

static void community__revocation_counts_only_with_enough_trusted_signers(void **state)
{
    static const uint8_t alone[] = {FOUNDER};
    static const uint8_t with_member[] = {FOUNDER, JANA};
    static const uint8_t together[] = {FOUNDER, BOB};
    struct community *community = found_with_bob_and_jana(2, LEVEL_TRUSTED);
    (void)state;
    (void)apply(community, revocation(alone, 1, JANA, 6, 6));
    (void)apply(community, revocation(with_member, 2, JANA, 7, 7));
    assert_true(is_member(community, JANA));
    (void)apply(community, revocation(together, 2, JANA, 8, 8));
    assert_false(is_member(community, JANA));
    assert_int_equal(community_admits(community, test_id(JANA), 8), MEMBERSHIP_ADMITS);
    assert_int_equal(community_admits(community, test_id(JANA), 9), MEMBERSHIP_REVOKED);
    assert_int_equal(community_admits(community, test_id(EVE), 1), MEMBERSHIP_UNKNOWN);
    community_destroy(&community);
}

static void community__few_trusted_members_are_enough_but_not_against_the_root_key(void **state)
{
    static const uint8_t founder[] = {FOUNDER};
    static const uint8_t bob[] = {BOB};
    struct community *community = found_with_bob_and_jana(3, LEVEL_MEMBER);
    (void)state;
    (void)apply(community, revocation(founder, 1, JANA, 6, 6));
    assert_false(is_member(community, JANA)); /* the founder is all the trusted there are */
    community_destroy(&community);
    community = found_with_bob_and_jana(3, LEVEL_TRUSTED);
    (void)apply(community, revocation(founder, 1, BOB, 6, 6)); /* the target is not counted */
    assert_false(is_member(community, BOB));
    community_destroy(&community);
    community = found_with_bob_and_jana(3, LEVEL_TRUSTED);
    (void)apply(community, revocation(bob, 1, FOUNDER, 6, 6));
    assert_true(is_member(community, FOUNDER));
    community_destroy(&community);
}

static void community__of_the_unused_invitations_only_the_newest_256_count(void **state)
{
    struct community *community = found(policy_default());
    static char id[ULID_TEXT_BYTES];
    struct signing_key founder = test_key(FOUNDER);
    (void)state;
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
    (void)apply(community, invitation(FOUNDER, EVE, LEVEL_MEMBER, 3, 3, 1900000000));
    for (unsigned i = 0; i < REPLAY_MOST_UNUSED - 1; i++) {
        (void)apply(community,
                    test_event(event_draft_invited(test_id(JANA), "", LEVEL_MEMBER, 1900000000),
                               &founder, test_id(FOUNDER), test_ulid(100 + i, id), 10 + i));
    }
    assert_int_equal(count_unused(community, FOUNDER), REPLAY_MOST_UNUSED);
    (void)apply(community, joining(BOB, 2, 4, 500));
    assert_false(is_member(community, BOB)); /* the oldest lapsed */
    (void)apply(community, joining(EVE, 3, 5, 501));
    assert_true(is_member(community, EVE));
    community_destroy(&community);
}

/* A late fact has the outcome that it would have had in time, however far back it comes, twins and
 * checkpoints included. */
static void community__late_facts_come_to_the_same_end(void **state)
{
    enum { COUNT = 900 };
    static char id[ULID_TEXT_BYTES];
    struct signing_key founder = test_key(FOUNDER);
    struct community *communities[2] = {found(policy_default()), found(policy_default())};
    (void)state;
    for (unsigned which = 0; which < 2; which++) {
        struct community *community = communities[which];
        (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1900000000));
        (void)apply(community, joining(BOB, 2, 3, 3));
        for (unsigned i = 0; i < COUNT; i++) {
            unsigned at = which == 0 ? i : COUNT - 1 - i;
            struct signing_key bob = test_key(BOB);
            json_t *signers = json_array();
            (void)json_array_append_new(
                signers, co_signature_make(
                             &founder, event_data_level_statement(
                                           at % 2 ? LEVEL_MEMBER : LEVEL_TRUSTED, &bob.node_id)));
            /* Every third has the id of another one. */
            (void)apply(
                community,
                test_event(event_draft_level(at % 2 == 0, &bob.node_id,
                                             at % 2 ? LEVEL_MEMBER : LEVEL_TRUSTED, signers),
                           &founder, test_id(FOUNDER), test_ulid(1000 + at / 3 * 3, id), 10 + at));
            json_decref(signers);
        }
    }
    assert_int_equal(level_of(communities[0], BOB), level_of(communities[1], BOB));
    for (unsigned which = 0; which < 2; which++) {
        static const uint8_t alone[] = {FOUNDER};
        (void)apply(communities[which], revocation(alone, 1, BOB, 4, 5));
        assert_false(is_member(communities[which], BOB));
        community_destroy(&communities[which]);
    }
}

/* Offered together; how many are admitted. */
static size_t apply_together(struct community *community, struct verified_event **events,
                             size_t count)
{
    struct fact_record records[8];
    enum membership_answer answers[8];
    size_t admitted = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t people = community_count_people(community);
        fact_record_of(event_verified_get(events[i]), &records[i]);
        assert_true(community_offer(community, &records[i]));
        if (people < community_count_people(community) &&
            node_id_equal(&records[i].author, test_id(EVE))) {
            community_add_signer(community, KEPT_SEQ, people); /* what the log kept of her */
        }
    }
    community_settle(community, answers);
    for (size_t i = 0; i < count; i++) {
        admitted += answers[i] == MEMBERSHIP_ADMITS ? 1 : 0;
        event_verified_destroy(&events[i]);
    }
    return admitted;
}

static void community__forgets_keys_that_nobody_lets_in(void **state)
{
    struct community *community = found(policy_default());
    (void)state;
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2, 1700000000));
    /* Bob comes too late by his own clock, and brings two more. */
    struct verified_event *events[] = {
        joining(BOB, 2, 3, 3), invitation(BOB, JANA, LEVEL_MEMBER, 4, 4, 1900000000),
        joining(JANA, 4, 5, 5), invitation(JANA, EVE, LEVEL_MEMBER, 6, 6, 1900000000),
        joining(EVE, 6, 7, 7)};
    assert_int_equal(apply_together(community, events, 5), 0);
    assert_int_equal(community_count_people(community), 1);
    community_destroy(&community);
}

static void community__signatures_stay_those_of_who_is_let_in_beside_strangers(void **state)
{
    static const uint8_t both[] = {FOUNDER, EVE};
    enum { STRANGER = 5 };
    struct community *community = found_with_bob_and_jana(2, LEVEL_TRUSTED);
    (void)state;
    (void)apply(community, invitation(FOUNDER, STRANGER, LEVEL_TRUSTED, 6, 6, 1700000000));
    (void)apply(community, invitation(FOUNDER, EVE, LEVEL_TRUSTED, 7, 7, 1900000000));
    struct fact_record record;
    enum membership_answer answer = MEMBERSHIP_UNKNOWN;
    struct verified_event *event = revocation(both, 2, JANA, 20, 20);
    fact_record_of(event_verified_get(event), &record);
    assert_true(community_offer(community, &record));
    community_settle(community, &answer);
    community_set_seq(community, 0, KEPT_SEQ);
    event_verified_destroy(&event);
    assert_true(is_member(community, JANA)); /* Eve is nobody yet */
    uint32_t people = community_count_people(community);
    struct verified_event *events[] = {joining(STRANGER, 6, 8, 8), joining(EVE, 7, 9, 9)};
    assert_int_equal(apply_together(community, events, 2), 1);
    assert_int_equal(community_count_people(community), people + 1);
    assert_int_equal(community_find(community, test_id(EVE)), people);
    assert_false(is_member(community, JANA));
    community_destroy(&community);
}

static void membership_resolve__takes_full_and_unique_short_ids(void **state)
{
    struct community *community = found(policy_default());
    struct membership *membership = publish(community);
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
    membership_release(&membership);
    community_destroy(&community);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(community__founder_is_anchor_and_invitee_joins_at_the_invited_level),
        cmocka_unit_test(community__joining_needs_an_unexpired_invitation_of_its_author),
        cmocka_unit_test(community__only_trusted_invite_trusted_and_policy_decides_for_members),
        cmocka_unit_test(community__revocation_counts_only_with_enough_trusted_signers),
        cmocka_unit_test(community__few_trusted_members_are_enough_but_not_against_the_root_key),
        cmocka_unit_test(community__of_the_unused_invitations_only_the_newest_256_count),
        cmocka_unit_test(community__late_facts_come_to_the_same_end),
        cmocka_unit_test(community__forgets_keys_that_nobody_lets_in),
        cmocka_unit_test(community__signatures_stay_those_of_who_is_let_in_beside_strangers),
        cmocka_unit_test(membership_resolve__takes_full_and_unique_short_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
