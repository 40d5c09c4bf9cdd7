/* Who can be sealed to follows from the events, whatever the order in which they come (§24.1). */
#include "store/log_offers_private.h"

#include <string.h>

#include "protocol/offer.h"
#include "store/log_nodes_private.h"
#include "support/neighbours.h"
#include "support/shuffle.h"
#include "support/told.h"

enum { ALICE = 1, BOB = 2, CAROL = 3, ROUNDS = 12, MOST = 24, FIRST_LAMPORT = 50 };

static struct receiving_key any_key(unsigned number)
{
    struct receiving_key key = {{0}};
    uint8_t secret[HPKE_KEY_BYTES];
    memset(secret, 0, sizeof secret);
    memcpy(secret, &number, sizeof number);
    hpke_public_key(secret, key.key);
    return key;
}

/* One of Bob's: a prekey, or an offer to Alice or Carol; with few lamports, so that ids decide. */
static void tell_one(struct told *told, uint64_t *draw, unsigned number)
{
    const struct receiving_key key = any_key(number + 1);
    const struct signing_key bob = test_key(BOB);
    const uint8_t hash[BLAKE3_HASH_BYTES] = {1};
    const struct node_id *peer = test_id(shuffle_below(draw, 4) == 0 ? CAROL : ALICE);
    int64_t lamport = FIRST_LAMPORT + (int64_t)shuffle_below(draw, 12);
    struct event_draft draft;
    switch (shuffle_below(draw, 5)) {
    case 0:
        draft = event_draft_prekeys(&key, &bob, false);
        break;
    case 1:
        draft = event_draft_prekeys(&key, &bob, true);
        break;
    case 2:
        draft = event_draft_broken(peer, hash, 1, &key);
        break;
    default:
        draft = event_draft_established(peer, &key);
    }
    (void)told_add(told, BOB, draft, 500 + number, lamport);
}

static size_t offers_of(const struct told *told, struct offer *offers)
{
    size_t count = 0;
    for (size_t i = 0; i < told->count; i++) {
        count += offer_of(event_verified_get(told->events[i]), &offers[count]) ? 1 : 0;
    }
    return count;
}

static void compare(struct neighbours *street, const struct told *told)
{
    struct offer offers[MOST];
    struct log_offer found;
    struct event_log *log = street->logs[ALICE].log;
    const struct offer *current =
        offer_current(offers, offers_of(told, offers), test_id(BOB), test_id(ALICE));
    bool has = log_offers_current(log, log_nodes_number(log, test_id(BOB)), log->self, &found);
    assert_int_equal(has, current != NULL);
    if (has && current != NULL) {
        assert_memory_equal(found.key.key, current->key.key, HPKE_KEY_BYTES);
        assert_int_equal(found.to_everybody, current->to_everybody);
    }
}

static void log_offers__are_a_function_of_the_events(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= ROUNDS; round++) {
        uint64_t draw = round;
        struct told told = {.count = 0};
        struct neighbours street;
        neighbours_begin(&street, 3);
        unsigned count = 1 + shuffle_below(&draw, MOST);
        for (unsigned i = 0; i < count; i++) {
            tell_one(&told, &draw, i);
        }
        for (size_t i = told.count; i-- > 0;) { /* not in their order, and each twice */
            size_t other = shuffle_below(&draw, (unsigned)told.count);
            told_give(&street.logs[ALICE], &told, other, 1);
            told_give(&street.logs[ALICE], &told, i, 1);
        }
        compare(&street, &told);
        neighbours_verify(&street, ALICE);
        told_forget(&told);
        neighbours_end(&street);
    }
}

/* A revoked member's offers go with what it wrote. */
static void log_offers__go_with_their_owner(void **state)
{
    struct told told = {.count = 0};
    struct neighbours street;
    struct log_offer found;
    const struct signing_key bob = test_key(BOB);
    const struct receiving_key early = any_key(1);
    const struct receiving_key late = any_key(2);
    (void)state;
    neighbours_begin(&street, 3);
    (void)told_add(&told, BOB, event_draft_prekeys(&early, &bob, false), 500, 50);
    (void)told_add(&told, BOB, event_draft_prekeys(&late, &bob, true), 501, 60);
    (void)told_revocation(&told, ALICE, BOB, 502, 55);
    told_give(&street.logs[ALICE], &told, 0, 2);
    struct event_log *log = street.logs[ALICE].log;
    int64_t number = log_nodes_number(log, test_id(BOB));
    assert_true(log_offers_current(log, number, log->self, &found));
    assert_memory_equal(found.key.key, late.key, HPKE_KEY_BYTES);
    told_give(&street.logs[ALICE], &told, 2, 1);
    assert_true(log_offers_current(log, number, log->self, &found));
    assert_memory_equal(found.key.key, early.key, HPKE_KEY_BYTES);
    neighbours_verify(&street, ALICE);
    told_forget(&told);
    neighbours_end(&street);
}

static struct event_draft reply_to(const struct node_id *recipient, const struct receiving_key *key)
{
    char reply[RECEIVING_KEY_TEXT_BYTES];
    receiving_key_format(key, reply);
    return event_draft_sealed("c", recipient,
                              json_pack("{s:b,s:{s:i,s:s,s:s,s:s},s:s}", "e2e", 1, "header", "v", 1,
                                        "commit", "hatchGwKeRWTg-CJQUyJmi-lkhSAtB83YnORV-JEREQ",
                                        "keys", "AAAA", "reply", reply, "ciphertext",
                                        "AAAAAAAAAAAAAAAAAAAAAA"));
}

/* What a message carries counts when it is to us or ours, from wherever it comes. */
static void log_offers__are_those_of_messages_to_us_and_of_us(void **state)
{
    static const struct {
        uint8_t owner;
        uint8_t peer;
        bool counts;
    } cases[] = {{BOB, ALICE, true}, {ALICE, BOB, true}, {BOB, CAROL, false}, {CAROL, BOB, false}};
    struct told told = {.count = 0};
    struct neighbours street;
    (void)state;
    neighbours_begin(&street, 3);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct receiving_key key = any_key(i + 1);
        (void)told_add(&told, cases[i].owner, reply_to(test_id(cases[i].peer), &key), 500 + i, 50);
    }
    told_give(&street.logs[ALICE], &told, 0, told.count);
    struct event_log *log = street.logs[ALICE].log;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct receiving_key key = any_key(i + 1);
        int64_t rows = database_integer(
            &log->database, 0,
            "SELECT count(*) FROM offers WHERE owner=?1 AND peer=?2 AND public=?3", "iib",
            log_nodes_number(log, test_id(cases[i].owner)),
            log_nodes_number(log, test_id(cases[i].peer)), key.key, HPKE_KEY_BYTES);
        assert_int_equal(rows, cases[i].counts);
    }
    neighbours_verify(&street, ALICE);
    told_forget(&told);
    neighbours_end(&street);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_offers__are_a_function_of_the_events),
        cmocka_unit_test(log_offers__go_with_their_owner),
        cmocka_unit_test(log_offers__are_those_of_messages_to_us_and_of_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
