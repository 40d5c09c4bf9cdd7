/* The law of §7 at its edges, and its numbers, on facts as the log keeps them: no signature is
 * made.
 */
#include <string.h>

#include "core/memory.h"
#include "protocol/community.h"
#include "support/test_support.h"

enum { FOUNDER = 1, BOB = 2, JANA = 3, DAVE = 4, EVE = 5, GUESTS = 100 };
enum { WALL_SECONDS = 1000, MANY = 600 };
static const int64_t never = 1 << 30;

/* The law's, not the program's. */
enum { MOST_UNUSED = 256, MOST_BROUGHT = 64, MOST_BROUGHT_BY_TRUSTED = 4096 };

static struct node_id person(unsigned number)
{
    struct node_id node_id = {{0}};
    memcpy(node_id.key, &number, sizeof number);
    return node_id;
}

static struct fact_record fact_of(enum event_type type, unsigned author, unsigned id,
                                  int64_t lamport)
{
    struct fact_record record = {.type = type,
                                 .lamport = lamport,
                                 .wall_seconds = WALL_SECONDS + lamport,
                                 .author = person(author)};
    (void)test_ulid(id, record.event_id);
    memcpy(record.hash, &id, sizeof id);
    memcpy(record.hash + sizeof id, &lamport, sizeof lamport);
    return record;
}

static struct fact_record invitation(unsigned author, unsigned invitee, enum member_level level,
                                     unsigned id, int64_t lamport)
{
    struct fact_record record = fact_of(EVENT_MEMBER_INVITED, author, id, lamport);
    record.target = person(invitee);
    record.level = level;
    record.expires_at = never;
    return record;
}

static struct fact_record joining(unsigned author, unsigned invited, unsigned id, int64_t lamport)
{
    struct fact_record record = fact_of(EVENT_MEMBER_JOINED, author, id, lamport);
    (void)test_ulid(invited, record.invite_event_id);
    return record;
}

/* A revocation or a change of level, by its author alone. */
static struct fact_record change(enum event_type type, unsigned author, unsigned target,
                                 enum member_level level, unsigned id, int64_t lamport)
{
    struct fact_record record = fact_of(type, author, id, lamport);
    record.target = person(target);
    record.level = level;
    return record;
}

static enum membership_answer apply(struct community *community, struct fact_record record)
{
    static int64_t seq;
    enum membership_answer answer = MEMBERSHIP_UNKNOWN;
    if (community_offer(community, &record)) {
        community_settle(community, &answer);
        if (answer == MEMBERSHIP_ADMITS) {
            community_set_seq(community, 0, ++seq);
        }
    }
    return answer;
}

/* One signature is enough for everything. */
static struct community *found(void)
{
    struct policy policy = policy_default();
    const struct node_id founder = person(FOUNDER);
    struct community *community = community_create(&founder);
    struct fact_record created = fact_of(EVENT_COMMUNITY_CREATED, FOUNDER, 1, 1);
    policy.min_signatures_to_revoke = policy.min_signatures_to_demote = 1;
    created.policy = &policy;
    assert_int_equal(apply(community, created), MEMBERSHIP_ADMITS);
    return community;
}

/* Brings somebody at `lamport` and the next; ids are as the lamports. */
static void bring(struct community *community, unsigned author, unsigned invitee,
                  enum member_level level, int64_t lamport)
{
    (void)apply(community, invitation(author, invitee, level, (unsigned)lamport, lamport));
    (void)apply(community, joining(invitee, (unsigned)lamport, (unsigned)lamport + 1, lamport + 1));
}

static int level_of(const struct community *community, unsigned who)
{
    const struct node_id node_id = person(who);
    return replay_standing(community_replay(community), community_find(community, &node_id)).level;
}

static uint32_t count_unused(const struct community *community, unsigned who)
{
    const struct node_id node_id = person(who);
    const struct unused_invitations *unused =
        replay_standing(community_replay(community), community_find(community, &node_id)).unused;
    return unused == NULL ? 0 : unused->count;
}

static void replay__an_invitation_is_over_in_the_second_that_it_names(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct community *community = found();
        struct fact_record invited = invitation(FOUNDER, BOB, LEVEL_MEMBER, 2, 2);
        invited.expires_at = WALL_SECONDS + 3 + (late ? 0 : 1);
        (void)apply(community, invited);
        (void)apply(community, joining(BOB, 2, 3, 3));
        assert_int_equal(level_of(community, BOB), late ? REPLAY_NO_LEVEL : LEVEL_MEMBER);
        community_destroy(&community);
    }
}

static void replay__who_was_shut_out_does_not_join_again(void **state)
{
    struct community *community = found();
    (void)state;
    bring(community, FOUNDER, BOB, LEVEL_MEMBER, 2);
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 10, 10));
    (void)apply(community, change(EVENT_MEMBER_REVOKED, FOUNDER, BOB, LEVEL_MEMBER, 11, 11));
    (void)apply(community, invitation(FOUNDER, BOB, LEVEL_MEMBER, 12, 12));
    (void)apply(community, joining(BOB, 10, 13, 11)); /* at the lamport of the revocation: held */
    (void)apply(community, joining(BOB, 12, 14, 14));
    assert_int_equal(level_of(community, BOB), REPLAY_NO_LEVEL);
    community_destroy(&community);
}

static void replay__the_policy_is_the_founders(void **state)
{
    struct community *community = found();
    struct policy policy = policy_default();
    struct fact_record updated = fact_of(EVENT_POLICY_UPDATED, BOB, 10, 10);
    struct fact_record created = fact_of(EVENT_COMMUNITY_CREATED, FOUNDER, 11, 11);
    (void)state;
    bring(community, FOUNDER, BOB, LEVEL_TRUSTED, 2);
    policy.min_signatures_to_revoke = 7;
    updated.policy = created.policy = &policy;
    (void)apply(community, updated);
    (void)apply(community, created); /* there is one creation, the first */
    assert_int_equal(community_replay(community)->policy.min_signatures_to_revoke, 1);
    updated = fact_of(EVENT_POLICY_UPDATED, FOUNDER, 12, 12);
    updated.policy = &policy;
    (void)apply(community, updated);
    assert_int_equal(community_replay(community)->policy.min_signatures_to_revoke, 7);
    community_destroy(&community);
}

/* Bob fell out, so he is somebody whom the community knows; that makes Jana's invitation no one of
 * his. */
static void replay__an_invitation_lets_in_nobody_else(void **state)
{
    struct community *community = found();
    (void)state;
    bring(community, FOUNDER, DAVE, LEVEL_TRUSTED, 10);
    bring(community, DAVE, BOB, LEVEL_MEMBER, 24);
    (void)apply(community, change(EVENT_MEMBER_REVOKED, FOUNDER, DAVE, LEVEL_MEMBER, 20, 20));
    (void)apply(community, invitation(FOUNDER, JANA, LEVEL_TRUSTED, 40, 40));
    assert_int_equal(apply(community, joining(BOB, 40, 41, 41)), MEMBERSHIP_UNKNOWN);
    assert_int_equal(level_of(community, BOB), REPLAY_NO_LEVEL);
    assert_int_equal(apply(community, joining(EVE, 40, 42, 42)), MEMBERSHIP_UNKNOWN);
    assert_int_equal(apply(community, joining(JANA, 40, 43, 43)), MEMBERSHIP_ADMITS);
    community_destroy(&community);
}

/* Whatever comes first. */
static void replay__of_two_invitations_with_one_id_the_first_counts(void **state)
{
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        struct community *community = found();
        const struct fact_record invitations[] = {invitation(BOB, JANA, LEVEL_TRUSTED, 20, 20),
                                                  invitation(FOUNDER, JANA, LEVEL_MEMBER, 20, 21)};
        bring(community, FOUNDER, BOB, LEVEL_TRUSTED, 2);
        (void)apply(community, invitations[turned]);
        (void)apply(community, invitations[1 - turned]);
        (void)apply(community, joining(JANA, 20, 22, 22));
        assert_int_equal(level_of(community, JANA), LEVEL_TRUSTED);
        assert_int_equal(count_unused(community, BOB), 0);
        assert_int_equal(count_unused(community, FOUNDER), 1);
        community_destroy(&community);
    }
}

/* Two of one author with one id at one lamport: the smaller hash comes first, whichever arrived. */
static void replay__of_twins_at_one_lamport_the_smaller_hash_counts(void **state)
{
    (void)state;
    for (int turned = 0; turned < 2; turned++) {
        struct community *community = found();
        struct fact_record twins[] = {invitation(FOUNDER, JANA, LEVEL_MEMBER, 20, 20),
                                      invitation(FOUNDER, BOB, LEVEL_MEMBER, 20, 20)};
        memset(twins[0].hash, 1, sizeof twins[0].hash);
        memset(twins[1].hash, 2, sizeof twins[1].hash);
        (void)apply(community, twins[turned]);
        (void)apply(community, twins[1 - turned]);
        (void)apply(community, joining(BOB, 20, 21, 21));
        (void)apply(community, joining(JANA, 20, 22, 22));
        assert_int_equal(level_of(community, JANA), LEVEL_MEMBER);
        assert_int_equal(level_of(community, BOB), REPLAY_NO_LEVEL);
        community_destroy(&community);
    }
}

static void replay__of_unused_invitations_the_newest_256_count(void **state)
{
    struct community *community = found();
    (void)state;
    for (unsigned i = 0; i <= MOST_UNUSED; i++) {
        assert_int_equal(count_unused(community, FOUNDER), i);
        (void)apply(community, invitation(FOUNDER, GUESTS + i, LEVEL_MEMBER, 100 + i, 100 + i));
    }
    assert_int_equal(count_unused(community, FOUNDER), MOST_UNUSED);
    (void)apply(community, joining(GUESTS, 100, 1000, 1000));
    assert_int_equal(level_of(community, GUESTS), REPLAY_NO_LEVEL);
    (void)apply(community, joining(GUESTS + 1, 101, 1001, 1001));
    assert_int_equal(level_of(community, GUESTS + 1), LEVEL_MEMBER);
    community_destroy(&community);
}

/* As many guests as count, then one too many; when one of them is shut out, another has room. */
static void assert_brings(struct community *community, unsigned author, unsigned most)
{
    for (unsigned i = 0; i < most; i++) {
        struct fact_record facts[] = {
            invitation(author, GUESTS + i, LEVEL_MEMBER, 100 + 2 * i, 100 + 2 * i),
            joining(GUESTS + i, 100 + 2 * i, 101 + 2 * i, 101 + 2 * i)};
        enum membership_answer answers[2];
        assert_true(community_offer(community, &facts[0]));
        assert_true(community_offer(community, &facts[1]));
        community_settle(community, answers);
        assert_int_equal(answers[1], MEMBERSHIP_ADMITS);
    }
    bring(community, author, EVE, LEVEL_MEMBER, 20000);
    assert_int_equal(level_of(community, EVE), REPLAY_NO_LEVEL);
    (void)apply(community,
                change(EVENT_MEMBER_REVOKED, FOUNDER, GUESTS, LEVEL_MEMBER, 20002, 20002));
    bring(community, author, EVE, LEVEL_MEMBER, 20003);
    assert_int_equal(level_of(community, EVE), LEVEL_MEMBER);
    bring(community, author, DAVE, LEVEL_MEMBER, 20005);
    assert_int_equal(level_of(community, DAVE), REPLAY_NO_LEVEL);
}

static void replay__a_member_brings_64_that_are_members(void **state)
{
    struct community *community = found();
    (void)state;
    bring(community, FOUNDER, BOB, LEVEL_MEMBER, 2);
    assert_brings(community, BOB, MOST_BROUGHT);
    community_destroy(&community);
}

static void replay__a_trusted_member_brings_4096_that_are_members(void **state)
{
    struct community *community = found();
    (void)state;
    bring(community, FOUNDER, BOB, LEVEL_TRUSTED, 2);
    assert_brings(community, BOB, MOST_BROUGHT_BY_TRUSTED);
    community_destroy(&community);
}

/* Nothing of what lies behind a late fact is taken from a checkpoint that has not seen it. */
static void community__a_late_fact_counts_on_either_side_of_a_checkpoint(void **state)
{
    (void)state;
    for (unsigned at = COMMUNITY_CHECKPOINT_FACTS - 4; at < COMMUNITY_CHECKPOINT_FACTS + 4; at++) {
        struct community *community = found();
        enum membership_answer answers[MANY];
        bring(community, FOUNDER, BOB, LEVEL_MEMBER, 2); /* three facts so far */
        for (unsigned i = 3; i < MANY; i++) {
            const struct fact_record filling =
                invitation(FOUNDER, GUESTS, LEVEL_MEMBER, 10 * i, (int64_t)10 * i);
            assert_true(community_offer(community, &filling));
        }
        community_settle(community, answers);
        const int64_t lamport = (int64_t)10 * at - 5; /* the at-th in replay order */
        (void)apply(community, change(EVENT_MEMBER_PROMOTED, FOUNDER, BOB, LEVEL_TRUSTED,
                                      (unsigned)lamport, lamport));
        assert_int_equal(level_of(community, BOB), LEVEL_TRUSTED);
        community_destroy(&community);
    }
}

/* Bob falls out, a twin of his invitation is refused, and he is back: the invitation counts as if
 * the twin had never come. */
static void community__a_refused_twin_leaves_the_fact_as_it_was(void **state)
{
    struct community *community = found();
    (void)state;
    bring(community, FOUNDER, DAVE, LEVEL_TRUSTED, 10);
    bring(community, FOUNDER, EVE, LEVEL_TRUSTED, 12);
    bring(community, DAVE, BOB, LEVEL_MEMBER, 24);
    (void)apply(community, invitation(BOB, JANA, LEVEL_MEMBER, 30, 30));
    assert_int_equal(count_unused(community, BOB), 1);
    (void)apply(community, change(EVENT_MEMBER_REVOKED, EVE, DAVE, LEVEL_MEMBER, 20, 20));
    assert_int_equal(level_of(community, BOB), REPLAY_NO_LEVEL);
    assert_int_equal(apply(community, invitation(BOB, JANA, LEVEL_MEMBER, 30, 28)),
                     MEMBERSHIP_UNKNOWN);
    (void)apply(community, change(EVENT_MEMBER_REVOKED, FOUNDER, EVE, LEVEL_MEMBER, 19, 19));
    assert_int_equal(level_of(community, BOB), LEVEL_MEMBER);
    assert_int_equal(count_unused(community, BOB), 1);
    community_destroy(&community);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay__an_invitation_is_over_in_the_second_that_it_names),
        cmocka_unit_test(replay__who_was_shut_out_does_not_join_again),
        cmocka_unit_test(replay__the_policy_is_the_founders),
        cmocka_unit_test(replay__an_invitation_lets_in_nobody_else),
        cmocka_unit_test(replay__of_two_invitations_with_one_id_the_first_counts),
        cmocka_unit_test(replay__of_twins_at_one_lamport_the_smaller_hash_counts),
        cmocka_unit_test(replay__of_unused_invitations_the_newest_256_count),
        cmocka_unit_test(replay__a_member_brings_64_that_are_members),
        cmocka_unit_test(replay__a_trusted_member_brings_4096_that_are_members),
        cmocka_unit_test(community__a_late_fact_counts_on_either_side_of_a_checkpoint),
        cmocka_unit_test(community__a_refused_twin_leaves_the_fact_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
