#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
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

enum { STREET = 1000, HOUR_MS = 3600000, MOST_TRIES = 250 };

/* A day of a street in which nobody can be reached. */
struct street {
    struct gossip_state *state;
    int64_t now_ms;
    unsigned tries;
    unsigned moments; /* at which there were any: what wakes a node */
    int64_t tried_ms[STREET];
    int64_t rested_ms[STREET]; /* at most, between two tries */
};

static uint32_t draw(void *context, uint32_t below)
{
    uint32_t *last = context;
    *last = *last * 1664525 + 1013904223;
    return (*last >> 8) % below;
}

static void open_street(struct street *street)
{
    static uint32_t drawn;
    drawn = 1;
    *street = (struct street){.state = gossip_state_create(draw, &drawn, 0)};
    for (size_t i = 0; i < STREET; i++) {
        struct node_id peer = gossip_play_id(i);
        gossip_state_add_peer(street->state, &peer, 0, false, 0);
    }
}

static void note_try(struct street *street, const struct node_id *peer)
{
    size_t number = (size_t)peer->key[0] << 8 | peer->key[1];
    int64_t rested_ms = street->now_ms - street->tried_ms[number];
    street->tried_ms[number] = street->now_ms;
    street->rested_ms[number] =
        rested_ms > street->rested_ms[number] ? rested_ms : street->rested_ms[number];
    street->tries++;
}

/* Until then; calls fail at once. */
static void live(struct street *street, int64_t until_ms)
{
    for (; street->now_ms <= until_ms; street->now_ms = gossip_state_wake_at(street->state)) {
        unsigned before = street->tries;
        while (gossip_state_next(street->state, street->now_ms, &action)) {
            if (action.kind == GOSSIP_RECONCILE) {
                note_try(street, &action.peer);
                gossip_state_finished(street->state, &action.peer, &lost, street->now_ms);
            }
        }
        street->moments += street->tries > before ? 1 : 0;
    }
}

static void assert_rested(const struct street *street, int64_t most_ms)
{
    for (size_t i = 0; i < STREET; i++) {
        assert_in_range(street->rested_ms[i], 1, most_ms);
    }
}

/* Many who are away, for all their number, leave a node at rest, and are all tried. */
static void gossip_state__tries_a_thousand_who_are_away_seldom_and_together(void **state_pointer)
{
    enum { MINUTES = 240, SETTLES = 150 };
    struct street *street = memory_allocate(1, sizeof *street);
    (void)state_pointer;
    open_street(street);
    live(street, 0);
    assert_int_equal(street->tries, STREET); /* each once, at once */
    for (int minute = 0; minute < MINUTES; minute++) {
        unsigned tries = street->tries;
        unsigned moments = street->moments;
        live(street, (minute + 1) * INT64_C(60000));
        /* A hundred on average. */
        assert_in_range(street->tries - tries, 0, MOST_TRIES);
        assert_in_range(street->moments - moments, 0,
                        minute < 2         ? MOST_TRIES
                        : minute < SETTLES ? 8
                                           : 2);
        if (minute == SETTLES) {
            assert_rested(street, GOSSIP_BACK_OFF_GONE_MS * 9 / 4);
            memset(street->rested_ms, 0, sizeof street->rested_ms);
        }
    }
    assert_rested(street, GOSSIP_BACK_OFF_GONE_MS * 5 / 4);
    gossip_state_destroy(&street->state);
    memory_free(street);
}

/* When our addresses change all are tried at once, and if nobody answers, some of them soon after,
 * and not all after minutes. */
static void gossip_state__tries_a_thousand_again_when_our_addresses_change(void **state_pointer)
{
    struct street *street = memory_allocate(1, sizeof *street);
    (void)state_pointer;
    open_street(street);
    live(street, HOUR_MS);
    const int64_t changed_ms = street->now_ms;
    unsigned tries = street->tries;
    gossip_state_start_over(street->state, changed_ms);
    live(street, changed_ms + GOSSIP_START_OVER_MS);
    assert_in_range(street->tries - tries, STREET, STREET * 11 / 10);
    for (int minute = 0; minute < 5; minute++) {
        unsigned moments = street->moments;
        tries = street->tries;
        live(street, changed_ms + GOSSIP_START_OVER_MS + (minute + 1) * INT64_C(60000));
        assert_in_range(street->tries - tries, 20, MOST_TRIES);
        assert_in_range(street->moments - moments, 1, 16);
    }
    gossip_state_destroy(&street->state);
    memory_free(street);
}

/* Who was here until now comes back soon: it does not wait for those who never do. */
static void gossip_state__tries_who_went_just_now_as_soon_among_a_thousand(void **state_pointer)
{
    struct street *street = memory_allocate(1, sizeof *street);
    struct node_id peer = gossip_play_id(STREET / 2);
    (void)state_pointer;
    open_street(street);
    live(street, HOUR_MS);
    gossip_state_peer_heard(street->state, &peer, street->now_ms);
    assert_true(gossip_state_next(street->state, street->now_ms, &action));
    gossip_state_finished(street->state, &peer, &done, street->now_ms);
    gossip_state_peer_left(street->state, &peer, street->now_ms);
    street->tried_ms[STREET / 2] = street->now_ms;
    street->rested_ms[STREET / 2] = 0;
    live(street, 2 * (int64_t)HOUR_MS - 60000);
    assert_in_range(street->rested_ms[STREET / 2], 1, GOSSIP_BACK_OFF_MOST_MS * 11 / 10);
    gossip_state_destroy(&street->state);
    memory_free(street);
}

static void gossip_state__tries_at_once_whom_the_owner_writes_to(void **state_pointer)
{
    struct street *street = memory_allocate(1, sizeof *street);
    struct node_id peer = gossip_play_id(STREET / 2);
    (void)state_pointer;
    open_street(street);
    live(street, HOUR_MS);
    int64_t wrote_ms = street->now_ms = street->tried_ms[STREET / 2] + GOSSIP_WRITTEN_MS;
    for (int64_t seq = 1; seq <= 1000; seq++) { /* in a second */
        gossip_state_event_stored(street->state, seq, NULL, &peer);
        gossip_state_owner_wrote(street->state, seq, &peer);
        unsigned tries = street->tries;
        live(street, wrote_ms + seq);
        assert_true(seq > 1 || street->tries > tries);
        street->now_ms = wrote_ms + seq;
    }
    assert_int_equal(street->tried_ms[STREET / 2], wrote_ms);
    live(street, wrote_ms + GOSSIP_WRITTEN_MS);
    assert_int_equal(street->tried_ms[STREET / 2], wrote_ms + GOSSIP_WRITTEN_MS);
    gossip_state_destroy(&street->state);
    memory_free(street);
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
        cmocka_unit_test(gossip_state__tries_a_thousand_who_are_away_seldom_and_together),
        cmocka_unit_test(gossip_state__tries_a_thousand_again_when_our_addresses_change),
        cmocka_unit_test(gossip_state__tries_who_went_just_now_as_soon_among_a_thousand),
        cmocka_unit_test(gossip_state__tries_at_once_whom_the_owner_writes_to),
        cmocka_unit_test(gossip_state__pushes_what_the_owner_wrote_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
