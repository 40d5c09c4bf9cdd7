#include "core/limits.h"
#include "support/gossip_play.h"

static struct gossip_action action; /* large; one at a time */

static void gossip_state__exchanges_with_every_peer_at_the_start(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(40);
    (void)state_pointer;
    assert_int_equal(gossip_play_settle(state, 0, 5, GOSSIP_RECONCILE), 40);
    assert_int_equal(gossip_play_settle(state, 1, 5, GOSSIP_RECONCILE), 0);
    int64_t wake_at = gossip_state_wake_at(state);
    assert_in_range(wake_at, 27000, 33000);
    assert_int_equal(gossip_play_settle(state, 33000, 5, GOSSIP_RECONCILE), 40);
    gossip_state_destroy(&state);
}

/* Seconds until it is asked again after it found a difference then; the next ends at once. */
static int64_t asked_after_difference(struct gossip_state *state, int64_t at_ms)
{
    gossip_state_peer_differs(state, test_id(1), at_ms);
    int64_t asked_at_ms = gossip_state_wake_at(state);
    assert_int_equal(gossip_play_settle(state, asked_at_ms - 1, 1, GOSSIP_RECONCILE), 0);
    assert_int_equal(gossip_play_settle(state, asked_at_ms, 1, GOSSIP_RECONCILE), 1);
    return (asked_at_ms - at_ms) / 1000;
}

static void gossip_state__asks_who_finds_a_difference_ever_more_rarely(void **state_pointer)
{
    static const int64_t seconds[] = {2, 2, 4, 8, 12, 12}; /* who is silent for 12 s is */
    struct gossip_state *state = gossip_play_create(1);
    int64_t now_ms = 100000;
    (void)state_pointer;
    (void)gossip_play_settle(state, now_ms, 1, GOSSIP_RECONCILE);
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        int64_t waited = asked_after_difference(state, now_ms);
        assert_int_equal(waited, seconds[i]);
        now_ms += waited * 1000;
    }
    /* Where there was none for a minute it begins anew. */
    for (int i = 0; i < 6; i++) {
        now_ms = gossip_state_wake_at(state);
        assert_int_equal(gossip_play_settle(state, now_ms, 1, GOSSIP_RECONCILE), 1);
    }
    assert_int_equal(asked_after_difference(state, now_ms), 2);
    gossip_state_destroy(&state);
}

static void gossip_state__leaves_who_fails_to_its_pause(void **state_pointer)
{
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *state = gossip_play_create(1);
    (void)state_pointer;
    for (int64_t now_ms = 0; now_ms < 60000; now_ms = gossip_state_wake_at(state)) {
        while (gossip_state_next(state, now_ms, &action)) {
            if (action.kind == GOSSIP_RECONCILE) {
                gossip_state_finished(state, test_id(1), &lost, now_ms);
            }
        }
    }
    int64_t at_ms = gossip_state_wake_at(state);
    gossip_state_peer_differs(state, test_id(1), 60000);
    assert_int_equal(gossip_state_wake_at(state), at_ms);
    gossip_state_destroy(&state);
}

static void gossip_state__backs_off_and_returns_to_what_was_missed(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    struct gossip_outcome lost = {.succeeded = false};
    int64_t now_ms = 0;
    int64_t before_ms = 0;
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    assert_true(gossip_state_next(state, 1, &action));
    lost.pushed = true;
    gossip_state_finished(state, test_id(1), &lost, 1);
    lost.pushed = false;
    assert_true(gossip_state_next(state, 2, &action));
    assert_int_equal(action.kind, GOSSIP_PRESENCE);
    assert_false(action.online);
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

static void gossip_state__asks_soon_again_who_takes_us_for_a_stranger(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    struct gossip_outcome stranger = {.stranger = true};
    int64_t now_ms = 0;
    int asked = 0;
    (void)state_pointer;
    while (now_ms < INT64_C(100) * GOSSIP_STRANGER_MS) {
        while (gossip_state_next(state, now_ms, &action)) {
            assert_int_not_equal(action.kind, GOSSIP_PRESENCE); /* it is not online for that */
            asked += action.kind == GOSSIP_RECONCILE ? 1 : 0;
            gossip_state_finished(state, test_id(1), &stranger, now_ms);
        }
        now_ms = gossip_state_wake_at(state);
    }
    assert_in_range(asked, 90, 120);
    gossip_state_destroy(&state);
}

static void gossip_state__says_direct_only_after_the_recipient_acknowledged(void **state_pointer)
{
    char id[ULID_TEXT_BYTES];
    char rejected[1][ULID_TEXT_BYTES];
    struct gossip_outcome taken = {.pushed = true, .succeeded = true, .through = 1};
    struct gossip_outcome refused = {
        .pushed = true, .succeeded = true, .through = 2, .rejected = rejected, .rejected_count = 1};
    struct gossip_state *state = gossip_play_create(2);
    int token = 0;
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 1);
    assert_int_equal(gossip_play_answer_at(state, 1), -1);
    gossip_state_finished(state, test_id(2), &taken,
                          2); /* another neighbour's word is not enough */
    assert_int_equal(gossip_play_answer_at(state, 2), -1);
    gossip_state_finished(state, test_id(1), &taken, 3);
    assert_int_equal(gossip_play_answer_at(state, 3), 1);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(2, rejected[0]), 2, &token, 4);
    assert_int_equal(gossip_play_answer_at(state, 4), -1);
    gossip_state_finished(state, test_id(1), &refused, 5);
    assert_int_equal(gossip_play_answer_at(state, 5), 0);
    gossip_state_destroy(&state);
}

static void gossip_state__says_queued_when_time_is_over_or_the_peer_is_gone(void **state_pointer)
{
    char id[ULID_TEXT_BYTES];
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *state = gossip_play_create(1);
    int token = 0;
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 1);
    assert_int_equal(gossip_play_answer_at(state, GOSSIP_DELIVERY_WAIT_MS), -1);
    assert_int_equal(gossip_play_answer_at(state, 1 + GOSSIP_DELIVERY_WAIT_MS), 0);
    lost.pushed = true;
    gossip_state_finished(state, test_id(1), &lost, 2000);
    gossip_state_wait_delivery(state, test_id(1), id, 1, &token, 2001);
    assert_int_equal(gossip_play_answer_at(state, 2001), 0); /* it fails, and no try is under way */
    assert_true(gossip_state_next(state, 3200, &action));
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_wait_delivery(state, test_id(1), id, 1, &token, 3200);
    assert_int_equal(gossip_play_answer_at(state, 3200), 0); /* nor is one worth waiting for */
    gossip_state_destroy(&state);
}

/* Whom calls can't reach, and what it does or says then; whether a send waits for the call that is
 * under way. */
static void gossip_state__waits_for_a_call_only_where_somebody_is_there(void **state_pointer)
{
    enum { LOST, REFUSED, LOST_AND_CALLED, CALLED_AND_LOST, LEFT, CASES };
    static const int answers[CASES] = {0, -1, -1, 0, 0};
    const struct gossip_outcome lost = {.succeeded = false};
    const struct gossip_outcome refused = {.answered = true};
    (void)state_pointer;
    for (int i = 0; i < CASES; i++) {
        char id[ULID_TEXT_BYTES];
        int token = 0;
        struct gossip_state *state = gossip_play_create(1);
        assert_true(gossip_state_next(state, 0, &action));
        gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 0);
        assert_int_equal(gossip_play_answer_at(state, 0), -1); /* nothing is known of it yet */
        if (i == CALLED_AND_LOST) {
            gossip_state_peer_called(state, test_id(1), 5);
        }
        if (i == LEFT) {
            gossip_state_peer_left(state, test_id(1), 5);
        }
        gossip_state_finished(state, test_id(1), i == REFUSED ? &refused : &lost, 10);
        assert_int_equal(gossip_play_answer_at(state, 10), 0);
        if (i == LOST_AND_CALLED) {
            gossip_state_peer_called(state, test_id(1), 20);
        }
        int64_t again_ms = gossip_state_wake_at(state) + 5000; /* whatever else is due before */
        do {
            assert_true(gossip_state_next(state, again_ms, &action));
        } while (action.kind != GOSSIP_RECONCILE);
        gossip_state_wait_delivery(state, test_id(1), id, 1, &token, again_ms);
        assert_int_equal(gossip_play_answer_at(state, again_ms), answers[i]);
        gossip_state_finished(state, test_id(1), &lost, again_ms + 1);
        assert_int_equal(gossip_play_answer_at(state, again_ms + 1), answers[i] == 0 ? -1 : 0);
        gossip_state_destroy(&state);
    }
}

/* Whether a send at that time waits. */
static bool waits_at(struct gossip_state *state, int64_t now_ms)
{
    char id[ULID_TEXT_BYTES];
    int token = 0;
    gossip_state_wait_delivery(state, test_id(1), test_ulid(7, id), 99, &token, now_ms);
    bool waits = !gossip_state_next_answer(state, now_ms, &action);
    gossip_state_give_up_waiting(state);
    (void)gossip_state_next_answer(state, now_ms, &action);
    return waits;
}

/* Where a push was not answered in time, the next send doesn't wait for it again. */
static void gossip_state__waits_once_for_who_fell_silent(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    do {
        assert_true(gossip_state_next(state, 100, &action));
    } while (action.kind != GOSSIP_PUSH);
    assert_true(waits_at(state, 99 + GOSSIP_DELIVERY_WAIT_MS));
    assert_false(waits_at(state, 100 + GOSSIP_DELIVERY_WAIT_MS));
    gossip_state_peer_called(state, test_id(1), 2000); /* the wire is thin: it is there */
    assert_true(waits_at(state, 2000));
    gossip_state_destroy(&state);
}

/* The next exchange with the peer fails, or is left under way. */
static int64_t exchange_next(struct gossip_state *state, int64_t now_ms,
                             const struct gossip_outcome *outcome)
{
    do {
        int64_t wake_ms = gossip_state_wake_at(state);
        now_ms = wake_ms > now_ms ? wake_ms : now_ms;
        while (gossip_state_next(state, now_ms, &action) && action.kind != GOSSIP_RECONCILE) {
        }
    } while (action.kind != GOSSIP_RECONCILE);
    if (outcome != NULL) {
        gossip_state_finished(state, test_id(1), outcome, now_ms);
    }
    return now_ms;
}

/* Who refuses over and over is waited for only when it is about to be called; who but calls us,
 * until a call to it has failed since. */
static void gossip_state__waits_for_no_call_that_fails_as_the_last_did(void **state_pointer)
{
    const struct gossip_outcome refused = {.answered = true};
    const struct gossip_outcome lost = {.answered = false};
    struct gossip_state *state = gossip_play_create(1);
    int64_t now_ms = 0;
    (void)state_pointer;
    for (int calls = 0; calls < 4; calls++) {
        now_ms = exchange_next(state, now_ms, &refused);
    }
    while (gossip_state_next(state, now_ms, &action)) {
    }
    int64_t again_ms = gossip_state_wake_at(state);
    assert_true(again_ms > now_ms + GOSSIP_DELIVERY_WAIT_MS);
    for (; now_ms < again_ms - GOSSIP_RECALL_MS; now_ms++) {
        assert_false(waits_at(state, now_ms));
    }
    now_ms = exchange_next(state, now_ms, &lost);
    gossip_state_peer_called(state, test_id(1), now_ms + 1);
    assert_true(waits_at(state, now_ms + 1));
    now_ms = exchange_next(state, now_ms, &lost);
    gossip_state_peer_called(state, test_id(1), now_ms + 1);
    assert_false(waits_at(state, now_ms + 1));
    now_ms = exchange_next(state, now_ms, NULL);
    assert_false(waits_at(state, now_ms));
    gossip_state_destroy(&state);
}

/* Who was away calls while a call to where it was goes on; the next reaches it. */
static void gossip_state__waits_for_the_call_to_who_is_back(void **state_pointer)
{
    const struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *state = gossip_play_create(1);
    (void)state_pointer;
    int64_t now_ms = exchange_next(state, 0, &lost);
    now_ms = exchange_next(state, now_ms, &lost);
    now_ms = exchange_next(state, now_ms, NULL);
    gossip_state_peer_called(state, test_id(1), now_ms + 10);
    assert_false(waits_at(state, now_ms + 10));
    gossip_state_finished(state, test_id(1), &lost, now_ms + 20);
    gossip_state_peer_called(state, test_id(1), now_ms + 30);
    assert_true(waits_at(state, now_ms + 30));
    now_ms = exchange_next(state, now_ms + 30, NULL);
    gossip_state_peer_called(state, test_id(1), now_ms + 10);
    assert_true(waits_at(state, now_ms + 20));
    gossip_state_destroy(&state);
}

/* As if it could not be reached at all. */
static void gossip_state__tries_at_once_whom_the_owner_writes_to_and_who_but_calls(void **state)
{
    const struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *peers = gossip_play_create(1);
    int64_t now_ms = 0;
    (void)state;
    for (int calls = 0; calls < 5; calls++) {
        now_ms = exchange_next(peers, now_ms, &lost);
    }
    gossip_state_peer_called(peers, test_id(1), now_ms);
    now_ms = exchange_next(peers, now_ms, &lost);
    gossip_state_owner_wrote(peers, 1, test_id(1));
    assert_int_equal(exchange_next(peers, now_ms, NULL), now_ms + GOSSIP_WRITTEN_MS);
    gossip_state_destroy(&peers);
}

/* Answers may be on their way when somebody says that it stops. */
static void gossip_state__leaves_who_left_offline_whatever_was_under_way(void **state_pointer)
{
    static const struct gossip_outcome outcomes[] = {{.succeeded = true},
                                                     {.succeeded = true, .wait_ms = 100},
                                                     {.succeeded = true, .postponed = true}};
    (void)state_pointer;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct gossip_state *state = gossip_play_create(1);
        assert_int_equal(gossip_play_settle(state, 0, 0, GOSSIP_PRESENCE), 1);
        do {
            assert_true(gossip_state_next(state, 40000, &action));
        } while (action.kind != GOSSIP_RECONCILE);
        gossip_state_peer_left(state, test_id(1), 40010);
        assert_true(gossip_state_next(state, 40010, &action));
        assert_int_equal(action.kind, GOSSIP_PRESENCE);
        assert_false(action.online);
        gossip_state_finished(state, test_id(1), &outcomes[i], 40020);
        assert_false(gossip_state_next(state, 40020, &action)); /* not even tried again at once */
        gossip_state_peer_called(state, test_id(1), 40030);
        do { /* it is back, and what succeeds then counts */
            assert_true(gossip_state_next(state, 45000, &action));
        } while (action.kind != GOSSIP_RECONCILE);
        gossip_state_finished(state, test_id(1), &outcomes[0], 45010);
        assert_true(gossip_state_next(state, 45010, &action));
        assert_int_equal(action.kind, GOSSIP_PRESENCE);
        assert_true(action.online);
        gossip_state_destroy(&state);
    }
}

static void gossip_state__tells_presence_once_a_change(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    (void)state_pointer;
    assert_int_equal(gossip_play_settle(state, 0, 0, GOSSIP_PRESENCE), 1);
    assert_int_equal(gossip_play_settle(state, 10, 0, GOSSIP_PRESENCE), 0);
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

static void gossip_state__goes_back_to_the_cursor_for_who_cannot_reconcile(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
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
    now_ms += GOSSIP_EXCHANGE_EVERY_MS;
    while (gossip_state_next(state, now_ms, &action) && action.kind == GOSSIP_PRESENCE) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE); /* it may have learned it */
    gossip_state_destroy(&state);
}

static void gossip_state__subscribes_when_nobody_calls(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(12);
    int64_t now_ms = 0;
    (void)state_pointer;
    assert_int_equal(gossip_play_settle(state, 0, 0, GOSSIP_SUBSCRIBE), 0);
    gossip_state_peer_called(state, test_id(3), 1000);
    now_ms = 1000 + GOSSIP_LONELY_MS - 1;
    assert_int_equal(gossip_play_settle(state, now_ms - 25000, 0, GOSSIP_SUBSCRIBE), 0);
    assert_int_equal(gossip_play_settle(state, now_ms, 0, GOSSIP_SUBSCRIBE), 0);
    assert_true(gossip_state_wake_at(state) <= now_ms + 1);
    assert_int_equal(gossip_play_settle(state, now_ms + 1, 0, GOSSIP_SUBSCRIBE),
                     GOSSIP_MOST_SUBSCRIPTIONS);
    assert_int_equal(gossip_play_settle(state, now_ms + 2, 0, GOSSIP_SUBSCRIBE), 0);
    for (uint8_t i = 1; i <= 12; i++) {
        gossip_state_polled(state, test_id(i), true, now_ms + 3);
    }
    assert_int_equal(gossip_play_settle(state, now_ms + 4, 0, GOSSIP_SUBSCRIBE),
                     GOSSIP_MOST_SUBSCRIPTIONS);
    for (uint8_t i = 1; i <= 12; i++) {
        gossip_state_polled(state, test_id(i), true, now_ms + 5);
    }
    gossip_state_peer_called(state, test_id(3), now_ms + 6);
    assert_int_equal(gossip_play_settle(state, now_ms + 7, 0, GOSSIP_SUBSCRIBE), 0);
    gossip_state_destroy(&state);
}

static void gossip_state__paces_its_calls_so_that_no_peer_has_to_refuse(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    int64_t pushed_ms[600] = {0};
    size_t count = 0;
    (void)state_pointer;
    for (int64_t now_ms = 0; now_ms < 4000; now_ms++) {
        gossip_state_event_stored(state, now_ms + 1, NULL, test_id(1));
        int pushes = gossip_play_settle(state, now_ms, now_ms + 1, GOSSIP_PUSH);
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
    struct gossip_state *state = gossip_play_create(1);
    struct gossip_outcome wait = {.pushed = true, .wait_ms = 700};
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    while (gossip_state_next(state, 100, &action) && action.kind != GOSSIP_PUSH) {
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(state, test_id(1), &wait, 100);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    assert_int_equal(gossip_play_settle(state, 799, 2, GOSSIP_PUSH), 0);
    assert_int_equal(gossip_state_wake_at(state), 800);
    assert_int_equal(gossip_play_settle(state, 800, 2, GOSSIP_RECONCILE),
                     1); /* brings what was refused */
    gossip_state_destroy(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_state__exchanges_with_every_peer_at_the_start),
        cmocka_unit_test(gossip_state__asks_who_finds_a_difference_ever_more_rarely),
        cmocka_unit_test(gossip_state__leaves_who_fails_to_its_pause),
        cmocka_unit_test(gossip_state__backs_off_and_returns_to_what_was_missed),
        cmocka_unit_test(gossip_state__asks_soon_again_who_takes_us_for_a_stranger),
        cmocka_unit_test(gossip_state__says_direct_only_after_the_recipient_acknowledged),
        cmocka_unit_test(gossip_state__says_queued_when_time_is_over_or_the_peer_is_gone),
        cmocka_unit_test(gossip_state__waits_for_a_call_only_where_somebody_is_there),
        cmocka_unit_test(gossip_state__waits_once_for_who_fell_silent),
        cmocka_unit_test(gossip_state__waits_for_no_call_that_fails_as_the_last_did),
        cmocka_unit_test(gossip_state__waits_for_the_call_to_who_is_back),
        cmocka_unit_test(gossip_state__tries_at_once_whom_the_owner_writes_to_and_who_but_calls),
        cmocka_unit_test(gossip_state__leaves_who_left_offline_whatever_was_under_way),
        cmocka_unit_test(gossip_state__tells_presence_once_a_change),
        cmocka_unit_test(gossip_state__goes_back_to_the_cursor_for_who_cannot_reconcile),
        cmocka_unit_test(gossip_state__subscribes_when_nobody_calls),
        cmocka_unit_test(gossip_state__paces_its_calls_so_that_no_peer_has_to_refuse),
        cmocka_unit_test(gossip_state__leaves_a_peer_alone_that_asks_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
