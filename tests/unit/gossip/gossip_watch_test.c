#include <string.h>

#include "gossip/gossip_state.h"
#include "support/test_support.h"

/* Who counts as online (§11). */

static uint32_t first_of(void *context, uint32_t below)
{
    (void)context;
    (void)below;
    return 0;
}

static struct gossip_action action; /* large; one at a time */

static struct gossip_state *with_peers(uint8_t count)
{
    struct gossip_state *state = gossip_state_create(first_of, NULL, 0);
    for (uint8_t i = 1; i <= count; i++) {
        gossip_state_add_peer(state, test_id(i), 0, true, 0);
    }
    return state;
}

/* Lets every call end like that until nothing is left to do; how many of that kind to peer 1 there
 * were. */
static int settle(struct gossip_state *state, bool succeeded, enum gossip_action_kind kind,
                  int64_t now_ms)
{
    int count = 0;
    while (gossip_state_next(state, now_ms, &action)) {
        struct gossip_outcome outcome = {.pushed = action.kind == GOSSIP_PUSH,
                                         .succeeded = succeeded};
        count += action.kind == kind && node_id_equal(&action.peer, test_id(1)) ? 1 : 0;
        if (action.kind == GOSSIP_PUSH || action.kind == GOSSIP_RECONCILE) {
            gossip_state_finished(state, &action.peer, &outcome, now_ms);
        } else if (action.kind == GOSSIP_SUBSCRIBE) {
            gossip_state_polled(state, &action.peer, succeeded, now_ms);
        }
    }
    return count;
}

static bool is_online(const struct gossip_state *state, uint8_t peer)
{
    int64_t cursor = 0;
    bool online = false;
    assert_true(gossip_state_look(state, test_id(peer), &cursor, &online));
    return online;
}

static void gossip_state__takes_a_peer_for_offline_when_a_call_fails(void **state)
{
    struct gossip_state *peers = with_peers(2);
    (void)state;
    (void)settle(peers, true, GOSSIP_PRESENCE, 0);
    assert_true(is_online(peers, 1));
    gossip_state_event_stored(peers, 1, NULL, test_id(1));
    (void)settle(peers, false, GOSSIP_PRESENCE, 1); /* the push is lost */
    assert_false(is_online(peers, 1));
    (void)settle(peers, true, GOSSIP_PRESENCE, 2 * (int64_t)GOSSIP_BACK_OFF_FIRST_MS);
    assert_true(is_online(peers, 1));
    gossip_state_destroy(&peers);
}

static void gossip_state__believes_who_calls_and_cannot_be_called(void **state)
{
    struct gossip_state *peers = with_peers(1);
    int64_t now_ms = 0;
    (void)state;
    for (int i = 0; i < 10; i++) { /* behind NAT: its polls come, our calls fail */
        gossip_state_peer_called(peers, test_id(1), now_ms);
        for (int64_t end_ms = now_ms + 30000; now_ms < end_ms; now_ms += 1000) {
            (void)settle(peers, false, GOSSIP_PRESENCE, now_ms);
            assert_true(i == 0 || is_online(peers, 1));
        }
    }
    now_ms += GOSSIP_CALLS_ONLY_MS - 30000;
    (void)settle(peers, false, GOSSIP_PRESENCE, now_ms);
    assert_false(is_online(peers, 1));
    gossip_state_destroy(&peers);
}

static void gossip_state__takes_a_peer_at_its_word_when_it_leaves(void **state)
{
    struct gossip_state *peers = with_peers(1);
    int token = 0;
    char id[ULID_TEXT_BYTES];
    (void)state;
    (void)settle(peers, true, GOSSIP_PRESENCE, 0);
    gossip_state_peer_called(peers, test_id(1), 10); /* the gate saw it first */
    gossip_state_peer_left(peers, test_id(1), 10);
    gossip_state_event_stored(peers, 1, NULL, test_id(1));
    gossip_state_wait_delivery(peers, test_id(1), test_ulid(1, id), 1, &token, 11);
    assert_int_equal(settle(peers, false, GOSSIP_ANSWER, 11), 1);
    assert_false(is_online(peers, 1));
    gossip_state_peer_called(peers, test_id(1), 5000); /* it is back */
    assert_true(settle(peers, true, GOSSIP_RECONCILE, 5000) > 0);
    assert_true(is_online(peers, 1));
    gossip_state_destroy(&peers);
}

static void gossip_state__asks_who_is_silent_before_it_matters(void **state)
{
    struct gossip_state *peers = with_peers(2);
    (void)state;
    (void)settle(peers, true, GOSSIP_PRESENCE, 0);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, GOSSIP_ASK_MS - 1), 0);
    gossip_state_peer_called(peers, test_id(1), GOSSIP_ASK_MS - 1);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, GOSSIP_ASK_MS), 0);
    assert_true(gossip_state_wake_at(peers) <= (int64_t)2 * GOSSIP_ASK_MS);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, 2 * (int64_t)GOSSIP_ASK_MS), 1);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, 2 * (int64_t)GOSSIP_ASK_MS), 0);
    gossip_state_destroy(&peers);
}

static void gossip_state__asks_among_many_those_with_whom_there_was_a_conversation(void **state)
{
    struct gossip_state *peers = with_peers(100);
    (void)state;
    (void)settle(peers, true, GOSSIP_PRESENCE, 0);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, GOSSIP_ASK_MS), 0);
    gossip_state_event_stored(peers, 1, NULL, test_id(1));
    (void)settle(peers, true, GOSSIP_RECONCILE, GOSSIP_ASK_MS);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, 2 * (int64_t)GOSSIP_ASK_MS), 1);
    for (uint8_t i = 2; i <= GOSSIP_MOST_WATCHED + 1; i++) { /* with others, later */
        gossip_state_event_stored(peers, i, NULL, test_id(i));
    }
    (void)settle(peers, true, GOSSIP_RECONCILE, 2 * (int64_t)GOSSIP_ASK_MS);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, 3 * (int64_t)GOSSIP_ASK_MS), 0);
    gossip_state_destroy(&peers);
}

static void gossip_state__looks_after_a_peer_whose_poll_broke(void **state)
{
    struct gossip_state *peers = with_peers(1);
    (void)state;
    (void)settle(peers, true, GOSSIP_PRESENCE, 0);
    do {
        const struct gossip_outcome outcome = {.succeeded = true};
        assert_true(gossip_state_next(peers, GOSSIP_LONELY_MS, &action));
        if (action.kind == GOSSIP_RECONCILE) {
            gossip_state_finished(peers, test_id(1), &outcome, GOSSIP_LONELY_MS);
        }
    } while (action.kind != GOSSIP_SUBSCRIBE);
    (void)settle(peers, true, GOSSIP_RECONCILE, GOSSIP_LONELY_MS + 1000);
    gossip_state_polled(peers, test_id(1), false, GOSSIP_LONELY_MS + 1001);
    assert_int_equal(settle(peers, true, GOSSIP_RECONCILE, GOSSIP_LONELY_MS + 1001), 1);
    gossip_state_destroy(&peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_state__takes_a_peer_for_offline_when_a_call_fails),
        cmocka_unit_test(gossip_state__believes_who_calls_and_cannot_be_called),
        cmocka_unit_test(gossip_state__takes_a_peer_at_its_word_when_it_leaves),
        cmocka_unit_test(gossip_state__asks_who_is_silent_before_it_matters),
        cmocka_unit_test(gossip_state__asks_among_many_those_with_whom_there_was_a_conversation),
        cmocka_unit_test(gossip_state__looks_after_a_peer_whose_poll_broke),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
