#include "core/limits.h"
#include "support/gossip_play.h"

enum { MANY = 200, FIRST = 1, LAST = MANY };

static struct gossip_action action; /* large; one at a time */
static struct node_id asked;        /* whom the last exchange was with */
static const struct gossip_outcome lost = {.succeeded = false};
static const struct gossip_outcome done = {.succeeded = true};

/* How many are asked at that moment, while nobody answers. */
static int ask(struct gossip_state *state, int64_t now_ms)
{
    int count = 0;
    while (gossip_state_next(state, now_ms, &action)) {
        if (action.kind == GOSSIP_RECONCILE) {
            assert_int_equal(action.urgency, URGENCY_TRY);
            asked = action.peer;
            count++;
        }
    }
    return count;
}

static void gossip_state__tries_so_many_at_once(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(MANY);
    (void)state_pointer;
    assert_int_equal(ask(state, 0), LIMITS_OUTWARD_TRIES);
    assert_true(gossip_state_wake_at(state) > 0); /* what waits for a place is no work */
    gossip_state_finished(state, &asked, &lost, 3000);
    assert_int_equal(ask(state, 3000), 1);
    /* Who answers is none of them any more. */
    gossip_state_finished(state, &asked, &done, 3000);
    assert_int_equal(ask(state, 3000), 1);
    gossip_state_remove_peer(state, &asked);
    assert_int_equal(ask(state, 3000), 1);
    gossip_state_destroy(&state);
}

/* One after the other, of whom more are due than there is time for: everybody's turn comes, that of
 * who was never met, too. */
static void gossip_state__tries_all_of_them_in_turn(void **state_pointer)
{
    enum { CALL_MS = 100, ROUNDS = 2 * MANY };
    struct gossip_state *state = gossip_play_create(MANY - 1);
    int tried[MANY + 1] = {0};
    int64_t now_ms = 0;
    (void)state_pointer;
    gossip_state_add_peer(state, test_id(LAST), 0, false, 1);
    for (int i = 0; i < ROUNDS; i++) {
        while (!gossip_state_next(state, now_ms, &action)) {
            now_ms += CALL_MS;
        }
        for (int peer = FIRST; peer <= LAST; peer++) {
            tried[peer] += node_id_equal(&action.peer, test_id((uint8_t)peer)) ? 1 : 0;
        }
        now_ms += CALL_MS;
        gossip_state_finished(state, &action.peer, &lost, now_ms);
    }
    for (int peer = FIRST; peer <= LAST; peer++) {
        assert_in_range(tried[peer], 1, ROUNDS / 10);
    }
    gossip_state_destroy(&state);
}

/* The owner's recipient, and who is said to be there, are tried before hundreds that fail. */
static void gossip_state__tries_first_whom_the_owner_wrote_to(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(MANY);
    int written = 0;
    int hinted = 0;
    (void)state_pointer;
    (void)ask(state, 0);
    gossip_state_owner_wrote(state, 1, test_id(LAST));
    gossip_state_event_stored(state, 1, NULL, test_id(LAST));
    gossip_state_peer_heard(state, test_id(LAST - 1), 0);
    for (int i = 1; i <= 4; i++) { /* one in four is whoever waits longest */
        gossip_state_finished(state, &asked, &lost, i);
        assert_int_equal(ask(state, i), 1);
        written = node_id_equal(&asked, test_id(LAST)) ? i : written;
        hinted = node_id_equal(&asked, test_id(LAST - 1)) ? i : hinted;
    }
    assert_in_range(written, 1, 2);
    assert_in_range(hinted, written + 1, 3);
    gossip_state_destroy(&state);
}

static void gossip_state__tries_who_was_met_before_who_never_was(void **state_pointer)
{
    struct gossip_state *state = gossip_play_create(0);
    int seen = 0;
    (void)state_pointer;
    for (int i = FIRST; i <= LAST; i++) {
        gossip_state_add_peer(state, test_id((uint8_t)i), 0, i > LAST - LIMITS_OUTWARD_TRIES, 0);
    }
    while (gossip_state_next(state, 0, &action)) {
        for (int i = LAST - LIMITS_OUTWARD_TRIES + 1; i <= LAST; i++) {
            seen += node_id_equal(&action.peer, test_id((uint8_t)i)) ? 1 : 0;
        }
    }
    assert_in_range(seen, LIMITS_OUTWARD_TRIES * 3 / 4, LIMITS_OUTWARD_TRIES);
    gossip_state_destroy(&state);
}

static bool next_push(struct gossip_state *state, int64_t now_ms)
{
    while (gossip_state_next(state, now_ms, &action)) {
        if (action.kind == GOSSIP_PUSH) {
            return true;
        }
    }
    return false;
}

/* What the owner wrote is more urgent than what else is new, until it is there. */
static void gossip_state__pushes_what_the_owner_wrote_as_such(void **state_pointer)
{
    struct gossip_outcome taken = {.pushed = true, .succeeded = true, .through = 2};
    struct gossip_state *state = gossip_play_create(1);
    (void)state_pointer;
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    gossip_state_event_stored(state, 1, NULL, test_id(1)); /* a receipt */
    assert_true(next_push(state, 1));
    assert_int_equal(action.urgency, URGENCY_PUSH);
    gossip_state_finished(state, test_id(1), &taken, 1);
    gossip_state_event_stored(state, 2, NULL, test_id(1));
    gossip_state_owner_wrote(state, 2, test_id(1));
    assert_true(next_push(state, 2));
    assert_int_equal(action.urgency, URGENCY_OWNER);
    gossip_state_finished(state, test_id(1), &taken, 2);
    gossip_state_event_stored(state, 3, NULL, NULL);
    assert_true(next_push(state, 3));
    assert_int_equal(action.urgency, URGENCY_PUSH);
    gossip_state_destroy(&state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_state__tries_so_many_at_once),
        cmocka_unit_test(gossip_state__tries_all_of_them_in_turn),
        cmocka_unit_test(gossip_state__tries_first_whom_the_owner_wrote_to),
        cmocka_unit_test(gossip_state__tries_who_was_met_before_who_never_was),
        cmocka_unit_test(gossip_state__pushes_what_the_owner_wrote_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
