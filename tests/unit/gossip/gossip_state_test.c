#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "gossip/gossip_state.h"
#include "support/test_support.h"

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
        gossip_state_add_peer(state, test_id(i), 0, 0);
    }
    return state;
}

/* Answers every request with success until nothing is left to do; counts the actions of that kind.
 */
static int settle(struct gossip_state *state, int64_t now_ms, int64_t through,
                  enum gossip_action_kind kind)
{
    int count = 0;
    while (gossip_state_next(state, now_ms, &action)) {
        struct gossip_outcome outcome = {.succeeded = true, .through = through};
        count += action.kind == kind ? 1 : 0;
        if (action.kind == GOSSIP_PUSH || action.kind == GOSSIP_RECONCILE) {
            gossip_state_finished(state, &action.peer, &outcome, now_ms);
        }
    }
    return count;
}

static void gossip_state__exchanges_with_every_peer_at_the_start(void **state_pointer)
{
    struct gossip_state *state = with_peers(3);
    (void)state_pointer;
    assert_int_equal(settle(state, 0, 5, GOSSIP_RECONCILE), 3);
    assert_int_equal(settle(state, 1, 5, GOSSIP_RECONCILE), 0);
    int64_t wake_at = gossip_state_wake_at(state);
    assert_in_range(wake_at, 27000, 33000);
    assert_int_equal(settle(state, 33000, 5, GOSSIP_RECONCILE), 3);
    gossip_state_destroy(&state);
}

static void gossip_state__pushes_to_whom_it_concerns_and_to_nine_others(void **state_pointer)
{
    struct gossip_state *state = with_peers(20);
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(20));
    bool concerned = false;
    int pushes = 0;
    while (gossip_state_next(state, 1, &action)) {
        if (action.kind == GOSSIP_PUSH) {
            pushes++;
            concerned = concerned || node_id_equal(&action.peer, test_id(20));
        }
    }
    assert_true(concerned);
    assert_int_equal(pushes, 1 + GOSSIP_FAN_OUT);
    gossip_state_destroy(&state);
}

static void gossip_state__does_not_send_an_event_back_to_its_source(void **state_pointer)
{
    struct gossip_state *state = with_peers(2);
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, test_id(1), NULL);
    assert_true(gossip_state_next(state, 1, &action));
    assert_int_equal(action.kind, GOSSIP_PUSH);
    assert_true(node_id_equal(&action.peer, test_id(2)));
    assert_false(gossip_state_next(state, 1, &action));
    int64_t cursor = 0;
    bool online = false;
    assert_true(gossip_state_look(state, test_id(1), &cursor, &online));
    assert_int_equal(cursor, 1);
    gossip_state_destroy(&state);
}

static void gossip_state__batches_what_waits_for_a_busy_peer(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    struct gossip_outcome done = {.succeeded = true, .through = 1};
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, NULL);
    assert_true(gossip_state_next(state, 1, &action));
    for (int64_t seq = 2; seq <= 9; seq++) {
        gossip_state_event_stored(state, seq, NULL, NULL);
    }
    assert_false(gossip_state_next(state, 1, &action));
    gossip_state_finished(state, test_id(1), &done, 2);
    assert_true(gossip_state_next(state, 2, &action));
    assert_int_equal(action.seq_count, 8);
    gossip_state_destroy(&state);
}

static void gossip_state__backs_off_and_returns_to_what_was_missed(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    struct gossip_outcome lost = {.succeeded = false};
    int64_t now_ms = 0;
    int64_t before_ms = 0;
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    assert_true(gossip_state_next(state, 1, &action));
    gossip_state_finished(state, test_id(1), &lost, 1);
    assert_false(gossip_state_next(state, 2, &action));
    for (int i = 0; i < 12; i++) {
        before_ms = now_ms;
        now_ms = gossip_state_wake_at(state);
        while (gossip_state_next(state, now_ms, &action) && action.kind != GOSSIP_RECONCILE) {
        }
        if (action.kind != GOSSIP_RECONCILE) {
            continue; /* it was told to be offline */
        }
        assert_int_equal(action.cursor, 0); /* what was lost is offered again */
        gossip_state_finished(state, test_id(1), &lost, now_ms);
        action.kind = GOSSIP_ANSWER;
    }
    assert_in_range(now_ms - before_ms, 1, GOSSIP_BACK_OFF_MOST_MS * 11 / 10);
    assert_true(now_ms > INT64_C(3) * GOSSIP_BACK_OFF_MOST_MS);
    /* Its own call brings it back at once. */
    gossip_state_peer_called(state, test_id(1), now_ms + 2000);
    bool exchanged = false;
    while (gossip_state_next(state, now_ms + 2000, &action)) {
        exchanged = exchanged || action.kind == GOSSIP_RECONCILE;
    }
    assert_true(exchanged);
    gossip_state_destroy(&state);
}

/* The answer that a waiting send gets, or -1 when there is none yet. */
static int answer_at(struct gossip_state *state, int64_t now_ms)
{
    int answer = -1;
    while (gossip_state_next(state, now_ms, &action)) {
        if (action.kind == GOSSIP_ANSWER) {
            answer = action.direct ? 1 : 0;
        }
    }
    return answer;
}

static void gossip_state__says_direct_only_after_the_recipient_acknowledged(void **state_pointer)
{
    char id[ULID_TEXT_BYTES];
    char rejected[1][ULID_TEXT_BYTES];
    struct gossip_outcome taken = {.succeeded = true, .through = 1};
    struct gossip_outcome refused = {
        .succeeded = true, .through = 2, .rejected = rejected, .rejected_count = 1};
    struct gossip_state *state = with_peers(2);
    int token = 0;
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 1);
    assert_int_equal(answer_at(state, 1), -1);
    gossip_state_finished(state, test_id(2), &taken,
                          2); /* another neighbour's word is not enough */
    assert_int_equal(answer_at(state, 2), -1);
    gossip_state_finished(state, test_id(1), &taken, 3);
    assert_int_equal(answer_at(state, 3), 1);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(2, rejected[0]), 2, &token, 4);
    assert_int_equal(answer_at(state, 4), -1);
    gossip_state_finished(state, test_id(1), &refused, 5);
    assert_int_equal(answer_at(state, 5), 0);
    gossip_state_destroy(&state);
}

static void gossip_state__says_queued_when_time_is_over_or_the_peer_is_gone(void **state_pointer)
{
    char id[ULID_TEXT_BYTES];
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *state = with_peers(1);
    int token = 0;
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 1);
    assert_int_equal(answer_at(state, GOSSIP_DELIVERY_WAIT_MS), -1);
    assert_int_equal(answer_at(state, 1 + GOSSIP_DELIVERY_WAIT_MS), 0);
    gossip_state_finished(state, test_id(1), &lost, 2000);
    gossip_state_wait_delivery(state, test_id(1), id, 1, &token, 2001);
    assert_int_equal(answer_at(state, 2001), -1); /* one more try comes in time */
    assert_int_equal(answer_at(state, 3200), -1);
    gossip_state_finished(state, test_id(1), &lost, 3201);
    assert_int_equal(answer_at(state, 3202), 0); /* the next one would come too late */
    gossip_state_wait_delivery(state, test_id(1), id, 1, &token, 3203);
    assert_int_equal(answer_at(state, 3203), 0); /* known to be unreachable: no need to wait */
    gossip_state_destroy(&state);
}

static void gossip_state__tells_presence_once_a_change(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    (void)state_pointer;
    assert_int_equal(settle(state, 0, 0, GOSSIP_PRESENCE), 1);
    assert_int_equal(settle(state, 10, 0, GOSSIP_PRESENCE), 0);
    struct gossip_outcome lost = {.succeeded = false};
    int changes = 0;
    for (int64_t now_ms = 20000; now_ms <= 200000; now_ms += 1000) {
        while (gossip_state_next(state, now_ms, &action)) {
            changes += action.kind == GOSSIP_PRESENCE ? 1 : 0;
            if (action.kind == GOSSIP_RECONCILE) {
                gossip_state_finished(state, test_id(1), &lost, now_ms);
            }
        }
    }
    assert_int_equal(changes, 1);
    gossip_state_destroy(&state);
}

static void gossip_state__leaves_an_overflow_to_the_exchange(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    int64_t cursor = 0;
    bool online = false;
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    for (int64_t seq = 1; seq <= GOSSIP_MOST_QUEUED + 10; seq++) {
        gossip_state_event_stored(state, seq, NULL, NULL);
    }
    (void)settle(state, 1, GOSSIP_MOST_QUEUED, GOSSIP_PUSH);
    assert_true(gossip_state_look(state, test_id(1), &cursor, &online));
    assert_int_equal(cursor, 0); /* not all of it was pushed: the cursor stays */
    (void)settle(state, 40000, GOSSIP_MOST_QUEUED + 10, GOSSIP_RECONCILE);
    assert_true(gossip_state_look(state, test_id(1), &cursor, &online));
    assert_int_equal(cursor, GOSSIP_MOST_QUEUED + 10);
    gossip_state_destroy(&state);
}

static void gossip_state__goes_back_to_the_cursor_for_who_cannot_reconcile(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    struct gossip_outcome unable = {.succeeded = true, .by_cursor = true};
    struct gossip_outcome done = {.succeeded = true, .through = 7};
    int64_t now_ms = 0;
    int exchanges = 0;
    (void)state_pointer;
    assert_true(gossip_state_next(state, 0, &action));
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_finished(state, test_id(1), &unable, 0);
    while (now_ms < GOSSIP_BY_CURSOR_MS) {
        while (gossip_state_next(state, now_ms, &action)) {
            if (action.kind == GOSSIP_CURSOR) {
                assert_int_equal(action.cursor, exchanges == 0 ? 0 : 7);
                exchanges++;
                gossip_state_finished(state, test_id(1), &done, now_ms);
            } else {
                assert_int_equal(action.kind, GOSSIP_PRESENCE);
            }
        }
        now_ms = gossip_state_wake_at(state);
        gossip_state_peer_called(state, test_id(1), now_ms); /* so that nobody subscribes */
    }
    assert_in_range(exchanges, 15, 25);
    while (gossip_state_next(state, now_ms + 1, &action) && action.kind == GOSSIP_PRESENCE) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE); /* it may have learned it */
    gossip_state_destroy(&state);
}

static void gossip_state__lets_pushes_in_between_the_steps_of_a_session(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    struct gossip_outcome step = {.succeeded = true, .more = true};
    struct gossip_outcome pushed = {.succeeded = true, .through = 1};
    int steps = 0;
    (void)state_pointer;
    assert_true(gossip_state_next(state, 0, &action));
    gossip_state_finished(state, test_id(1), &step, 0);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    while (gossip_state_next(state, 1, &action) && action.kind != GOSSIP_PUSH) {
        steps += action.kind == GOSSIP_RECONCILE ? 1 : 0;
        if (action.kind == GOSSIP_RECONCILE) {
            gossip_state_finished(state, test_id(1), &step, 1);
        }
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    assert_true(steps <= 1);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    gossip_state_finished(state, test_id(1), &pushed, 2);
    assert_true(gossip_state_next(state, 2, &action));
    assert_int_equal(action.kind, GOSSIP_RECONCILE); /* and pushes don't keep the session waiting */
    gossip_state_destroy(&state);
}

static void gossip_state__pushes_what_came_while_a_lost_peer_was_tried_again(void **state_pointer)
{
    struct gossip_state *state = with_peers(2);
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_outcome equal = {.succeeded = true, .through = 0};
    bool pushed = false;
    (void)state_pointer;
    assert_true(gossip_state_next(state, 0, &action));
    gossip_state_finished(state, &action.peer, &lost, 0);
    struct node_id peer = action.peer;
    while (gossip_state_next(state, 2000, &action) && !node_id_equal(&action.peer, &peer)) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, NULL); /* the comparison began without it */
    gossip_state_finished(state, &peer, &equal, 2010);
    while (gossip_state_next(state, 2011, &action)) {
        pushed = pushed || (action.kind == GOSSIP_PUSH && node_id_equal(&action.peer, &peer));
    }
    assert_true(pushed); /* and not in half a minute */
    gossip_state_destroy(&state);
}

static void gossip_state__subscribes_when_nobody_calls(void **state_pointer)
{
    struct gossip_state *state = with_peers(12);
    int64_t now_ms = 0;
    (void)state_pointer;
    assert_int_equal(settle(state, 0, 0, GOSSIP_SUBSCRIBE), 0);
    gossip_state_peer_called(state, test_id(3), 1000);
    now_ms = 1000 + GOSSIP_LONELY_MS - 1;
    assert_int_equal(settle(state, now_ms - 25000, 0, GOSSIP_SUBSCRIBE), 0);
    assert_int_equal(settle(state, now_ms, 0, GOSSIP_SUBSCRIBE), 0);
    assert_true(gossip_state_wake_at(state) <= now_ms + 1);
    assert_int_equal(settle(state, now_ms + 1, 0, GOSSIP_SUBSCRIBE), GOSSIP_MOST_SUBSCRIPTIONS);
    assert_int_equal(settle(state, now_ms + 2, 0, GOSSIP_SUBSCRIBE), 0);
    for (uint8_t i = 1; i <= 12; i++) {
        gossip_state_polled(state, test_id(i), true, now_ms + 3);
    }
    assert_int_equal(settle(state, now_ms + 4, 0, GOSSIP_SUBSCRIBE), GOSSIP_MOST_SUBSCRIPTIONS);
    for (uint8_t i = 1; i <= 12; i++) {
        gossip_state_polled(state, test_id(i), true, now_ms + 5);
    }
    gossip_state_peer_called(state, test_id(3), now_ms + 6);
    assert_int_equal(settle(state, now_ms + 7, 0, GOSSIP_SUBSCRIBE), 0);
    gossip_state_destroy(&state);
}

static void gossip_state__paces_its_calls_so_that_no_peer_has_to_refuse(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    int64_t pushed_ms[600] = {0};
    size_t count = 0;
    (void)state_pointer;
    for (int64_t now_ms = 0; now_ms < 4000; now_ms++) {
        gossip_state_event_stored(state, now_ms + 1, NULL, test_id(1));
        int pushes = settle(state, now_ms, now_ms + 1, GOSSIP_PUSH);
        for (int i = 0; i < pushes; i++) {
            pushed_ms[count++] = now_ms;
        }
    }
    assert_in_range(count, 4000 / LIMITS_OWN_CALL_EVERY_MS, 4000 / LIMITS_OWN_CALL_EVERY_MS + 20);
    for (size_t i = 90; i < count; i++) {
        assert_true(pushed_ms[i] - pushed_ms[i - 90] >= 1000);
    }
    gossip_state_destroy(&state);
}

static void gossip_state__leaves_a_peer_alone_that_asks_for_it(void **state_pointer)
{
    struct gossip_state *state = with_peers(1);
    struct gossip_outcome wait = {.wait_ms = 700};
    (void)state_pointer;
    (void)settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    while (gossip_state_next(state, 100, &action) && action.kind != GOSSIP_PUSH) {
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(state, test_id(1), &wait, 100);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    assert_int_equal(settle(state, 799, 2, GOSSIP_PUSH), 0);
    assert_int_equal(gossip_state_wake_at(state), 800);
    assert_int_equal(settle(state, 800, 2, GOSSIP_RECONCILE), 1); /* brings what was refused */
    gossip_state_destroy(&state);
}

/* How far the peer is believed to have everything of ours. */
static int64_t cursor_of(const struct gossip_state *state, uint8_t peer)
{
    int64_t cursor = -1;
    bool online = false;
    assert_true(gossip_state_look(state, test_id(peer), &cursor, &online));
    return cursor;
}

/* Pushes event `seq` to peer 1; it ends like that. */
static void push(struct gossip_state *state, int64_t seq, const struct gossip_outcome *outcome,
                 int64_t now_ms)
{
    gossip_state_event_stored(state, seq, NULL, test_id(1));
    while (gossip_state_next(state, now_ms, &action) && action.kind != GOSSIP_PUSH) {
        assert_int_equal(action.kind, GOSSIP_PRESENCE);
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(state, test_id(1), outcome, now_ms);
}

static void gossip_state__does_not_forget_what_a_failed_push_held(void **state_pointer)
{
    static const struct gossip_outcome lost[] = {{.succeeded = false}, {.wait_ms = 500}};
    char id[ULID_TEXT_BYTES];
    int token = 0;
    (void)state_pointer;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        struct gossip_state *state = with_peers(1);
        (void)settle(state, 0, 0, GOSSIP_RECONCILE);
        push(state, 1, &lost[i], 1);
        /* The peer itself sends us something: that says nothing of what it lacks. */
        gossip_state_event_stored(state, 2, test_id(1), NULL);
        assert_int_equal(cursor_of(state, 1), 0);
        gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 2);
        assert_int_not_equal(answer_at(state, 2), 1);
        gossip_state_destroy(&state);
    }
}

static void gossip_state__goes_back_behind_a_failed_push_for_who_cannot_reconcile(void **state)
{
    struct gossip_outcome unable = {.succeeded = true, .by_cursor = true};
    struct gossip_outcome equal = {.succeeded = true, .through = 3};
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *peers = with_peers(1);
    (void)state;
    assert_true(gossip_state_next(peers, 0, &action));
    gossip_state_finished(peers, test_id(1), &unable, 0);
    while (gossip_state_next(peers, 0, &action) && action.kind != GOSSIP_CURSOR) {
    }
    gossip_state_finished(peers, test_id(1), &equal, 0);
    push(peers, 4, &lost, 1);
    gossip_state_event_stored(peers, 5, test_id(1), NULL);
    gossip_state_event_stored(peers, 6, NULL, test_id(1));
    while (gossip_state_next(peers, (int64_t)GOSSIP_BACK_OFF_FIRST_MS * 2, &action) &&
           action.kind == GOSSIP_PRESENCE) {
    }
    assert_int_equal(action.kind, GOSSIP_CURSOR);
    assert_int_equal(action.cursor, 3);
    gossip_state_destroy(&peers);
}

/* A session that is to bring what a push has lost is not over: pushes in between prove nothing of
 * it. */
static void gossip_state__believes_a_peer_to_have_what_it_lost_only_after_the_session(void **state)
{
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_outcome going_on = {.succeeded = true, .more = true};
    struct gossip_outcome pushed = {.succeeded = true, .through = 2};
    struct gossip_outcome over = {.succeeded = true, .through = 2};
    struct gossip_state *peers = with_peers(1);
    int64_t now_ms = (int64_t)2 * GOSSIP_BACK_OFF_FIRST_MS;
    char id[ULID_TEXT_BYTES];
    int token = 0;
    (void)state;
    (void)settle(peers, 0, 0, GOSSIP_RECONCILE);
    push(peers, 1, &lost, 1);
    while (gossip_state_next(peers, now_ms, &action) && action.kind != GOSSIP_RECONCILE) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_event_stored(peers, 2, NULL, test_id(1));
    gossip_state_finished(peers, test_id(1), &going_on, now_ms);
    assert_true(gossip_state_next(peers, now_ms, &action));
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(peers, test_id(1), &pushed, now_ms);
    assert_int_equal(cursor_of(peers, 1), 0);
    gossip_state_wait_delivery(peers, test_id(1), test_ulid(1, id), 1, &token, now_ms);
    assert_int_equal(answer_at(peers, now_ms), -1); /* the step is under way */
    gossip_state_finished(peers, test_id(1), &over, now_ms);
    assert_int_equal(answer_at(peers, now_ms), 1);
    assert_int_equal(cursor_of(peers, 1), 2);
    gossip_state_destroy(&peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_state__exchanges_with_every_peer_at_the_start),
        cmocka_unit_test(gossip_state__pushes_to_whom_it_concerns_and_to_nine_others),
        cmocka_unit_test(gossip_state__does_not_send_an_event_back_to_its_source),
        cmocka_unit_test(gossip_state__batches_what_waits_for_a_busy_peer),
        cmocka_unit_test(gossip_state__backs_off_and_returns_to_what_was_missed),
        cmocka_unit_test(gossip_state__says_direct_only_after_the_recipient_acknowledged),
        cmocka_unit_test(gossip_state__says_queued_when_time_is_over_or_the_peer_is_gone),
        cmocka_unit_test(gossip_state__tells_presence_once_a_change),
        cmocka_unit_test(gossip_state__leaves_an_overflow_to_the_exchange),
        cmocka_unit_test(gossip_state__goes_back_to_the_cursor_for_who_cannot_reconcile),
        cmocka_unit_test(gossip_state__lets_pushes_in_between_the_steps_of_a_session),
        cmocka_unit_test(gossip_state__pushes_what_came_while_a_lost_peer_was_tried_again),
        cmocka_unit_test(gossip_state__subscribes_when_nobody_calls),
        cmocka_unit_test(gossip_state__paces_its_calls_so_that_no_peer_has_to_refuse),
        cmocka_unit_test(gossip_state__leaves_a_peer_alone_that_asks_for_it),
        cmocka_unit_test(gossip_state__does_not_forget_what_a_failed_push_held),
        cmocka_unit_test(gossip_state__goes_back_behind_a_failed_push_for_who_cannot_reconcile),
        cmocka_unit_test(gossip_state__believes_a_peer_to_have_what_it_lost_only_after_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
