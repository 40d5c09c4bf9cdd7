#include "core/limits.h"
#include "support/gossip_play.h"

static struct gossip_action action; /* large; one at a time */

static void gossip_state_pushes__pushes_to_whom_it_concerns_and_to_nine_others(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(20);
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
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

/* How often chance is asked for an event that one of so many is concerned by. */
static uint32_t count_draws(void *context, uint32_t below)
{
    unsigned *draws = context;
    ++*draws;
    return below - 1;
}

static unsigned draws_of_an_event(uint8_t peers)
{
    unsigned draws = 0;
    struct gossip_state *state = gossip_state_create(count_draws, &draws, 0);
    for (uint8_t i = 1; i <= peers; i++) {
        gossip_state_add_peer(state, test_id(i), 0, true, 0);
    }
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    draws = 0;
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    unsigned drawn = draws;
    assert_int_equal(gossip_play_settle(state, 1, 1, GOSSIP_PUSH),
                     peers > GOSSIP_FAN_OUT ? GOSSIP_FAN_OUT + 1 : peers);
    gossip_state_destroy(&state);
    return drawn;
}

static void gossip_state_pushes__asks_chance_only_where_there_is_a_choice(void **state_pointer)
{
    (void)state_pointer;
    assert_int_equal(draws_of_an_event(1), 0);
    assert_int_equal(draws_of_an_event(GOSSIP_FAN_OUT), 0);
    assert_in_range(draws_of_an_event(40), 1, GOSSIP_FAN_OUT + 1);
}

static void gossip_state_pushes__does_not_send_an_event_back_to_its_source(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(2);
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
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

static void gossip_state_pushes__batches_what_waits_for_a_busy_peer(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    struct gossip_outcome done = {.pushed = true, .succeeded = true, .through = 1};
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
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

static void gossip_state_pushes__leaves_an_overflow_to_the_exchange(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    int64_t cursor = 0;
    bool online = false;
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    for (int64_t seq = 1; seq <= GOSSIP_MOST_QUEUED + 10; seq++) {
        gossip_state_event_stored(state, seq, NULL, NULL);
    }
    (void)gossip_play_settle(state, 1, GOSSIP_MOST_QUEUED, GOSSIP_PUSH);
    assert_true(gossip_state_look(state, test_id(1), &cursor, &online));
    assert_int_equal(cursor, 0); /* not all of it was pushed: the cursor stays */
    (void)gossip_play_settle(state, 40000, GOSSIP_MOST_QUEUED + 10, GOSSIP_RECONCILE);
    assert_true(gossip_state_look(state, test_id(1), &cursor, &online));
    assert_int_equal(cursor, GOSSIP_MOST_QUEUED + 10);
    gossip_state_destroy(&state);
}

static void gossip_state_pushes__exchanges_again_what_came_during_an_exchange(void **state_pointer)
{
    const struct gossip_outcome over = {.succeeded = true, .through = 1};
    (void)state_pointer;
    for (int overflows = 0; overflows < 2; overflows++) {
        struct gossip_state *state = gossip_play_create(1);
        int64_t now_ms = 40000;
        (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
        assert_true(gossip_state_next(state, now_ms, &action));
        assert_int_equal(action.kind, GOSSIP_RECONCILE);
        for (int64_t seq = 1; overflows && seq <= GOSSIP_MOST_QUEUED + 1; seq++) {
            gossip_state_event_stored(state, seq, NULL, NULL);
        }
        if (!overflows) {
            gossip_state_events_missed(state, 5, true, now_ms);
        }
        gossip_state_finished(state, test_id(1), &over, now_ms);
        now_ms += GOSSIP_RECALL_MS;
        int exchanges = gossip_play_settle(state, now_ms, 5, GOSSIP_RECONCILE);
        assert_int_equal(exchanges, 1);
        gossip_state_destroy(&state);
    }
}

static void gossip_state_pushes__pushes_beside_the_steps_of_a_session(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(1);
    struct gossip_outcome step = {.succeeded = true, .more = true};
    struct gossip_outcome pushed = {.pushed = true, .succeeded = true, .through = 1};
    (void)state_pointer;
    assert_true(gossip_state_next(state, 0, &action));
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1));
    assert_true(gossip_state_next(state, 1, &action)); /* a page is under way */
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    assert_false(gossip_state_next(state, 2, &action)); /* one of each at a time */
    gossip_state_finished(state, test_id(1), &step, 3);
    while (gossip_state_next(state, 3, &action) && action.kind == GOSSIP_PRESENCE) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE); /* nor does a push keep the session waiting */
    gossip_state_finished(state, test_id(1), &pushed, 4);
    assert_true(gossip_state_next(state, 4, &action));
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_destroy(&state);
}

static void
gossip_state_pushes__pushes_what_came_while_a_lost_peer_was_tried_again(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(2);
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
    struct gossip_outcome of_push = *outcome;
    of_push.pushed = true;
    gossip_state_event_stored(state, seq, NULL, test_id(1));
    while (gossip_state_next(state, now_ms, &action) && action.kind != GOSSIP_PUSH) {
        assert_int_equal(action.kind, GOSSIP_PRESENCE);
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(state, test_id(1), &of_push, now_ms);
}

static void gossip_state_pushes__does_not_forget_what_a_failed_push_held(void **state_pointer)
{
    static const struct gossip_outcome lost[] = {{.succeeded = false}, {.wait_ms = 500}};
    char id[ULID_TEXT_BYTES];
    int token = 0;
    (void)state_pointer;
    for (size_t i = 0; i < sizeof lost / sizeof lost[0]; i++) {
        struct gossip_state *state = gossip_play_create(1);
        (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
        push(state, 1, &lost[i], 1);
        /* The peer itself sends us something: that says nothing of what it lacks. */
        gossip_state_event_stored(state, 2, test_id(1), NULL);
        assert_int_equal(cursor_of(state, 1), 0);
        gossip_state_wait_delivery(state, test_id(1), test_ulid(1, id), 1, &token, 2);
        assert_int_not_equal(gossip_play_answer_at(state, 2), 1);
        gossip_state_destroy(&state);
    }
}

static void
gossip_state_pushes__goes_back_behind_a_failed_push_for_who_cannot_reconcile(void **state)
{
    struct gossip_outcome unable = {.succeeded = true, .by_cursor = true};
    struct gossip_outcome equal = {.succeeded = true, .through = 3};
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_state *peers = gossip_play_create(1);
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
static void
gossip_state_pushes__believes_a_peer_to_have_what_it_lost_only_after_the_session(void **state)
{
    struct gossip_outcome lost = {.succeeded = false};
    struct gossip_outcome going_on = {.succeeded = true, .more = true};
    struct gossip_outcome pushed = {.pushed = true, .succeeded = true, .through = 2};
    struct gossip_outcome over = {.succeeded = true, .through = 2};
    struct gossip_state *peers = gossip_play_create(1);
    int64_t now_ms = (int64_t)2 * GOSSIP_BACK_OFF_FIRST_MS;
    char id[ULID_TEXT_BYTES];
    int token = 0;
    (void)state;
    (void)gossip_play_settle(peers, 0, 0, GOSSIP_RECONCILE);
    push(peers, 1, &lost, 1);
    while (gossip_state_next(peers, now_ms, &action) && action.kind != GOSSIP_RECONCILE) {
    }
    assert_int_equal(action.kind, GOSSIP_RECONCILE);
    gossip_state_event_stored(peers, 2, NULL, test_id(1));
    gossip_state_finished(peers, test_id(1), &going_on, now_ms);
    while (gossip_state_next(peers, now_ms, &action) && action.kind != GOSSIP_PUSH) {
    }
    assert_int_equal(action.kind, GOSSIP_PUSH);
    gossip_state_finished(peers, test_id(1), &pushed, now_ms);
    assert_int_equal(cursor_of(peers, 1), 0);
    gossip_state_wait_delivery(peers, test_id(1), test_ulid(1, id), 1, &token, now_ms);
    assert_int_equal(gossip_play_answer_at(peers, now_ms), -1); /* the step is under way */
    gossip_state_finished(peers, test_id(1), &over, now_ms);
    assert_int_equal(gossip_play_answer_at(peers, now_ms), 1);
    assert_int_equal(cursor_of(peers, 1), 2);
    gossip_state_destroy(&peers);
}

/* Pushes of four seconds, with an event every so often, to who limits them or does not. */
static size_t push_on(int64_t every_ms, bool uncounted, int64_t pushed_ms[static 4000])
{
    const struct gossip_outcome done = {
        .pushed = true, .succeeded = true, .through = 4000, .uncounted = uncounted};
    struct gossip_state *state = gossip_play_create(1);
    size_t count = 0;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    for (int64_t now_ms = 0; now_ms < 4000; now_ms++) {
        if (now_ms % every_ms == 0) {
            gossip_state_event_stored(state, now_ms + 1, NULL, test_id(1));
        }
        while (gossip_state_next(state, now_ms, &action)) {
            if (action.kind == GOSSIP_PUSH) {
                pushed_ms[count++] = now_ms;
                gossip_state_finished(state, test_id(1), &done, now_ms);
            }
        }
    }
    gossip_state_destroy(&state);
    return count;
}

static void gossip_state_pushes__waits_for_nothing_with_who_does_not_count(void **state_pointer)
{
    enum { FLOOD = LIMITS_CALLS_A_SECOND * LIMITS_FLOOD_FACTOR };
    static int64_t pushed_ms[4000];
    (void)state_pointer;
    assert_int_equal(push_on(10, true, pushed_ms), 400); /* each by itself, at once */
    assert_in_range(push_on(10, false, pushed_ms), 200, 300);
    size_t count = push_on(1, true, pushed_ms);
    assert_in_range(count, 4000 / LIMITS_OWN_NEWS_EVERY_MS, 4000);
    for (size_t i = FLOOD * 3 / 4; i < count; i++) {
        assert_true(pushed_ms[i] - pushed_ms[i - FLOOD * 3 / 4] >= 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_state_pushes__pushes_to_whom_it_concerns_and_to_nine_others),
        cmocka_unit_test(gossip_state_pushes__does_not_send_an_event_back_to_its_source),
        cmocka_unit_test(gossip_state_pushes__batches_what_waits_for_a_busy_peer),
        cmocka_unit_test(gossip_state_pushes__leaves_an_overflow_to_the_exchange),
        cmocka_unit_test(gossip_state_pushes__exchanges_again_what_came_during_an_exchange),
        cmocka_unit_test(gossip_state_pushes__pushes_beside_the_steps_of_a_session),
        cmocka_unit_test(gossip_state_pushes__pushes_what_came_while_a_lost_peer_was_tried_again),
        cmocka_unit_test(gossip_state_pushes__does_not_forget_what_a_failed_push_held),
        cmocka_unit_test(
            gossip_state_pushes__goes_back_behind_a_failed_push_for_who_cannot_reconcile),
        cmocka_unit_test(
            gossip_state_pushes__believes_a_peer_to_have_what_it_lost_only_after_the_session),
        cmocka_unit_test(gossip_state_pushes__waits_for_nothing_with_who_does_not_count),
        cmocka_unit_test(gossip_state_pushes__asks_chance_only_where_there_is_a_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
