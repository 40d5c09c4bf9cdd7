#include <string.h>
#include <time.h>

#include "gossip/gossip_state_private.h"
#include "support/gossip_play.h"

/* What a node does of each event and each wake-up does not grow with the neighbourhood. */

enum {
    FEW = 10,
    MANY = 4000,
    EVENTS = 2000,
    ROUNDS = 3,
    PLAYS = 20,
    PLAYED = GOSSIP_MOST_WATCHED + 4, /* now more, now fewer than are all watched */
    STEPS = 2000,
    MOST_DRAWS = GOSSIP_FAN_OUT + 2, /* the source and whom it concerns may be drawn in vain */
    MOST_TIMES = 60                  /* looking at each of them: four hundred and more */
};

static unsigned draws;

static uint32_t count_draw(void *context, uint32_t below)
{
    uint32_t *last = context;
    *last = *last * 1664525 + 1013904223;
    draws++;
    return (*last >> 8) % below;
}

/* All of them have answered. */
static struct gossip_state *with_neighbours(size_t count, uint32_t *seed)
{
    struct gossip_state *state = gossip_state_create(count_draw, seed, 0);
    for (size_t i = 0; i < count; i++) {
        struct node_id node_id = gossip_play_id(i);
        gossip_state_add_peer(state, &node_id, 0, true, 0);
    }
    (void)gossip_play_settle(state, 0, 0, GOSSIP_RECONCILE);
    return state;
}

static int64_t cpu_ns(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* So many events are stored, each passed on at once and acknowledged; the fastest of some rounds.
 */
static int64_t cost_of_events(size_t neighbours)
{
    int64_t best_ns = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t seed = 1;
        struct gossip_state *state = with_neighbours(neighbours, &seed);
        struct node_id concerned = gossip_play_id(1);
        int64_t begun_ns = cpu_ns();
        for (int64_t seq = 1; seq <= EVENTS; seq++) {
            gossip_state_event_stored(state, seq, NULL, &concerned);
            (void)gossip_play_settle(state, seq, seq, GOSSIP_PUSH);
            assert_true(gossip_state_wake_at(state) > seq);
        }
        int64_t took_ns = cpu_ns() - begun_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
        gossip_state_destroy(&state);
    }
    return best_ns;
}

static void gossip_agenda__an_event_costs_as_much_among_many_as_among_few(void **state)
{
    (void)state;
    int64_t few_ns = cost_of_events(FEW);
    int64_t many_ns = cost_of_events(MANY);
    print_message("%d events: %.1f ms among %d, %.1f ms among %d\n", EVENTS, (double)few_ns / 1e6,
                  FEW, (double)many_ns / 1e6, MANY);
    assert_true(many_ns < MOST_TIMES * few_ns);
}

static void gossip_agenda__draws_only_whom_an_event_is_passed_to(void **state_pointer)
{
    uint32_t seed = 1;
    struct gossip_state *state = with_neighbours(MANY, &seed);
    struct node_id source = gossip_play_id(1);
    struct node_id concerned = gossip_play_id(2);
    (void)state_pointer;
    for (int64_t seq = 1; seq <= EVENTS; seq++) {
        draws = 0;
        gossip_state_event_stored(state, seq, &source, &concerned);
        assert_in_range(draws, GOSSIP_FAN_OUT, MOST_DRAWS);
    }
    gossip_state_destroy(&state);
}

/* Calls of a played neighbourhood that are under way. */
struct play {
    struct gossip_state *state;
    uint32_t random;
    int64_t now_ms;
    int64_t seq;
    struct {
        struct node_id peer;
        enum gossip_action_kind kind;
    } calls[4 * PLAYED];
    size_t call_count;
};

static uint32_t below(struct play *play, uint32_t most)
{
    return count_draw(&play->random, most);
}

static void begin_what_is_due(struct play *play)
{
    static struct gossip_action action; /* large */
    while (gossip_state_next(play->state, play->now_ms, &action)) {
        if (action.kind != GOSSIP_PRESENCE && action.kind != GOSSIP_ANSWER) {
            assert_true(play->call_count < sizeof play->calls / sizeof *play->calls);
            play->calls[play->call_count].peer = action.peer;
            play->calls[play->call_count++].kind = action.kind;
        }
    }
    assert_true(gossip_state_wake_at(play->state) > play->now_ms);
}

static void end_a_call(struct play *play)
{
    if (play->call_count == 0) {
        return;
    }
    size_t which = below(play, (uint32_t)play->call_count);
    struct node_id peer = play->calls[which].peer;
    enum gossip_action_kind kind = play->calls[which].kind;
    play->calls[which] = play->calls[--play->call_count];
    struct gossip_outcome outcome = {.pushed = kind == GOSSIP_PUSH,
                                     .succeeded = below(play, 3) > 0,
                                     .more = below(play, 2) == 0,
                                     .answered = below(play, 2) == 0,
                                     .by_cursor = kind == GOSSIP_RECONCILE && below(play, 8) == 0,
                                     .postponed = kind == GOSSIP_RECONCILE && below(play, 8) == 0,
                                     .stranger = below(play, 8) == 0,
                                     .through = play->seq,
                                     .wait_ms = below(play, 8) == 0 ? 700 : 0};
    if (kind == GOSSIP_SUBSCRIBE) {
        gossip_state_polled(play->state, &peer, outcome.succeeded, play->now_ms);
    } else {
        gossip_state_finished(play->state, &peer, &outcome, play->now_ms);
    }
}

static void replace(struct play *play, const struct node_id *peer)
{
    size_t kept = 0;
    for (size_t i = 0; i < play->call_count; i++) {
        if (!node_id_equal(&play->calls[i].peer, peer)) {
            play->calls[kept++] = play->calls[i];
        }
    }
    play->call_count = kept;
    gossip_state_remove_peer(play->state, peer);
    if (below(play, 2) == 0) {
        gossip_state_add_peer(play->state, peer, 0, false, play->now_ms);
    }
}

static void let_something_happen(struct play *play)
{
    struct node_id peer = gossip_play_id(below(play, PLAYED));
    struct node_id other = gossip_play_id(below(play, PLAYED));
    switch (below(play, 12)) {
    case 0:
        gossip_state_peer_called(play->state, &peer, play->now_ms);
        break;
    case 1:
        gossip_state_peer_heard(play->state, &peer, play->now_ms);
        break;
    case 2:
        gossip_state_peer_differs(play->state, &peer, play->now_ms);
        break;
    case 3:
        gossip_state_peer_left(play->state, &peer, play->now_ms);
        break;
    case 4:
        gossip_state_events_missed(play->state, ++play->seq, below(play, 2) == 0, play->now_ms);
        break;
    case 5:
        replace(play, &peer);
        break;
    case 6:
        gossip_state_add_peer(play->state, &peer, 0, true, play->now_ms);
        break;
    case 7:
        if (below(play, 20) == 0) {
            gossip_state_start_over(play->state, play->now_ms);
        }
        break;
    case 8:
    case 9:
        end_a_call(play);
        break;
    default:
        gossip_state_event_stored(play->state, ++play->seq, below(play, 2) == 0 ? &other : NULL,
                                  &peer);
        gossip_state_owner_wrote(play->state, play->seq, &peer);
        break;
    }
}

/* Nobody is looked at too late: to look at all of them again finds nothing earlier. */
static void check_all(struct gossip_state *state)
{
    size_t tries = 0;
    size_t watched = 0;
    size_t losts[LOSTS] = {0};
    for (size_t i = 0; i < state->peer_count; i++) {
        struct peer *peer = state->peers[i];
        struct due before[GOSSIP_AGENDAS];
        memcpy(before, peer->due, sizeof before);
        assert_int_equal(peer->place, i);
        assert_int_equal(gossip_agenda_is_reachable(peer), i < state->reachable_count);
        assert_int_equal(peer_phases_works(peer->reach), peer->failures == 0);
        tries += peer_phases_exchanges(peer->exchange) && peer->urgency == URGENCY_TRY ? 1 : 0;
        watched += peer->watched ? 1 : 0;
        losts[gossip_pace_lost(peer)]++;
        gossip_agenda_follow(state, peer);
        for (size_t kind = 0; kind < GOSSIP_AGENDAS; kind++) {
            assert_true(peer->due[kind].at_ms >= before[kind].at_ms);
        }
    }
    assert_int_equal(state->try_count, tries);
    assert_int_equal(state->watched_count, watched);
    assert_memory_equal(state->losts, losts, sizeof losts);
    for (size_t kind = 0; kind < GOSSIP_AGENDAS; kind++) {
        const struct agenda *agenda = &state->agendas[kind];
        for (size_t i = 1; i < agenda->count; i++) {
            assert_true(agenda->heap[(i - 1) / 2]->due[kind].at_ms <=
                        agenda->heap[i]->due[kind].at_ms);
        }
    }
}

static void gossip_agenda__forgets_nobody_whatever_happens(void **state_pointer)
{
    static struct play play;
    (void)state_pointer;
    for (uint32_t seed = 1; seed <= PLAYS; seed++) {
        play = (struct play){.random = seed};
        play.state = gossip_state_create(count_draw, &play.random, 0);
        for (size_t i = 0; i < PLAYED; i++) {
            struct node_id node_id = gossip_play_id(i);
            gossip_state_add_peer(play.state, &node_id, 0, true, 0);
        }
        for (int step = 0; step < STEPS; step++) {
            let_something_happen(&play);
            check_all(play.state);
            begin_what_is_due(&play);
            play.now_ms += below(&play, 20) == 0 ? 20000 : 50;
        }
        gossip_state_destroy(&play.state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gossip_agenda__an_event_costs_as_much_among_many_as_among_few),
        cmocka_unit_test(gossip_agenda__draws_only_whom_an_event_is_passed_to),
        cmocka_unit_test(gossip_agenda__forgets_nobody_whatever_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
