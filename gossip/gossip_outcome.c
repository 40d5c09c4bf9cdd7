#include "gossip/gossip_state_private.h"

#include <string.h>

void gossip_outcome_heard(struct peer *peer, enum peer_reach_event event, int64_t now_ms)
{
    peer->contact_ms = now_ms;
    peer->seen = true;
    peer->met = true;
    peer_phases_reach(&peer->reach, event);
}

static void answered(struct peer *peer, int64_t now_ms)
{
    gossip_outcome_heard(peer, REACH_ANSWERED, now_ms);
    peer->failures = 0;
}

/* Among many who are lost: each in its turn, on average, and some soon, for all may have failed at
 * one time. Together with others; what is soon is less late by that. */
static int64_t take_turn(struct gossip_state *state, int64_t wait_ms, int64_t turn_ms,
                         int64_t now_ms)
{
    enum { SOONER = 4 };
    int64_t most_ms = wait_ms > turn_ms ? wait_ms : turn_ms;
    int64_t either_ms = most_ms - wait_ms;
    int64_t drawn_ms = either_ms == 0
                           ? gossip_pace_jitter(state, wait_ms)
                           : wait_ms + state->random(state->context, (uint32_t)(2 * either_ms + 1));
    return gossip_pace_gather(state, now_ms + drawn_ms,
                              SOONER * drawn_ms < most_ms ? SOONER * drawn_ms : most_ms);
}

/* Until when. Who takes us for a stranger hears from others, soon, that we joined. */
static int64_t back_off(struct gossip_state *state, const struct peer *peer, bool stranger,
                        int64_t now_ms)
{
    bool gone = now_ms - peer->failing_since_ms >= GOSSIP_GONE_MS;
    int64_t turn_ms = gossip_pace_turn(state, peer);
    int64_t soon = stranger ? GOSSIP_STRANGER_MS : GOSSIP_BACK_OFF_MOST_MS;
    int64_t late = stranger ? GOSSIP_BACK_OFF_MOST_MS : GOSSIP_BACK_OFF_GONE_MS;
    int64_t most = gone ? late : soon;
    int64_t wait_ms = GOSSIP_BACK_OFF_FIRST_MS;
    for (unsigned i = 1; i < peer->failures && wait_ms < most; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms < most ? wait_ms : most;
    return turn_ms == 0 ? now_ms + gossip_pace_jitter(state, wait_ms)
                        : take_turn(state, wait_ms, turn_ms, now_ms);
}

/* What a push held goes with the next exchange; a session beside it goes on, for it may be as near
 * as that one's next step, which shows whether the peer is there. */
static void failed(struct gossip_state *state, struct peer *peer,
                   const struct gossip_outcome *outcome, int64_t now_ms)
{
    if (peer->failures++ == 0) {
        peer->failing_since_ms = now_ms;
    }
    peer->gone = !peer->met || now_ms - peer->failing_since_ms >= GOSSIP_GONE_MS;
    peer_phases_reach(&peer->reach, outcome->answered ? REACH_REFUSED : REACH_FAILED);
    peer->queue_count = 0;
    peer->back_ms = peer->asked_ms >= peer->back_ms ? 0 : peer->back_ms;
    gossip_spread_open_gap(peer);
    if (outcome->pushed && peer->exchange != EXCHANGE_NONE) {
        peer_phases_exchange(&peer->exchange, EXCHANGE_MISSES);
    } else {
        peer->exchange_at_ms = back_off(state, peer, outcome->stranger, now_ms);
    }
    send_waiters_give_up(&state->waiters, &peer->entry.node_id);
}

/* It is there, and asks to be left alone for a while; what it refused goes with the exchange then.
 */
static void told_to_wait(struct gossip_state *state, struct peer *peer,
                         const struct gossip_outcome *outcome, int64_t now_ms)
{
    answered(peer, now_ms);
    gossip_spread_open_gap(peer);
    peer_phases_exchange(&peer->exchange, EXCHANGE_MISSES);
    peer->exchange_at_ms = now_ms + outcome->wait_ms;
    gossip_pace_hold(peer, peer->exchange_at_ms);
    send_waiters_give_up(&state->waiters, &peer->entry.node_id);
}

void gossip_outcome_left(struct gossip_state *state, struct peer *peer, int64_t now_ms)
{
    const struct gossip_outcome gone = {.succeeded = false};
    peer_phases_push(&peer->push, PUSH_LEFT);
    peer_phases_exchange(&peer->exchange, EXCHANGE_LEFT);
    peer_phases_reach(&peer->reach, REACH_LEFT);
    failed(state, peer, &gone, now_ms);
}

static bool is_rejected(const struct gossip_outcome *outcome, const char *event_id)
{
    for (size_t i = 0; i < outcome->rejected_count; i++) {
        if (strcmp(outcome->rejected[i], event_id) == 0) {
            return true;
        }
    }
    return false;
}

static bool was_pushed(const struct peer *peer, int64_t seq)
{
    for (size_t i = 0; i < peer->pushed_count; i++) {
        if (peer->pushed[i] == seq) {
            return true;
        }
    }
    return false;
}

/* What the peer acknowledged: everything up to `through`, or what was pushed of it. */
static void decide_arrived(struct gossip_state *state, const struct peer *peer, bool exchanged,
                           const struct gossip_outcome *outcome)
{
    for (size_t i = 0; i < state->waiters.count; i++) {
        struct send_waiter *waiter = &state->waiters.list[i];
        if (!node_id_equal(&waiter->recipient, &peer->entry.node_id)) {
            continue;
        }
        if (is_rejected(outcome, waiter->event_id)) {
            send_waiters_decide(waiter, false);
        } else if (waiter->seq <= outcome->through &&
                   (exchanged || was_pushed(peer, waiter->seq))) {
            send_waiters_decide(waiter, true);
        }
    }
}

/* The peer needs the cursor: it is asked so at once, and for reconciliation again later. */
static void turn_to_cursor(struct peer *peer, int64_t now_ms)
{
    peer->by_cursor_until_ms = now_ms + GOSSIP_BY_CURSOR_MS;
    peer->exchange_at_ms = now_ms;
    gossip_spread_open_gap(peer);
}

/* Not now, for a reason that is nobody's fault. */
static void postpone(struct peer *peer, bool reached, int64_t now_ms)
{
    gossip_spread_open_gap(peer); /* what came before was not compared to the end */
    peer->exchange_at_ms = now_ms + GOSSIP_RECALL_MS;
    if (reached) {
        answered(peer, now_ms);
        peer->exchange_at_ms = now_ms + GOSSIP_CATCH_UP_MS;
    }
}

static void pushed(const struct gossip_state *state, struct peer *peer,
                   const struct gossip_outcome *outcome, int64_t now_ms)
{
    if (outcome->through >= peer->wrote_seq && was_pushed(peer, peer->wrote_seq)) {
        peer->wrote_seq = 0;
    }
    if (outcome->more) {
        gossip_spread_open_gap(peer);
        peer_phases_exchange(&peer->exchange, EXCHANGE_MISSES);
    }
    if (peer->exchange != EXCHANGE_NONE) {
        return; /* its end says more */
    }
    if (!gossip_spread_has_gap(state, peer) && peer->taken_through > peer->cursor) {
        peer->cursor = peer->taken_through;
    }
    peer->exchange_at_ms = outcome->more ? now_ms : peer->exchange_at_ms;
}

/* It is over. `again`: it began without something. */
static void exchanged(struct gossip_state *state, struct peer *peer, bool again,
                      const struct gossip_outcome *outcome, int64_t now_ms)
{
    peer->cursor = outcome->through > peer->cursor ? outcome->through : peer->cursor;
    peer->wrote_seq = outcome->through >= peer->wrote_seq ? 0 : peer->wrote_seq;
    peer->exchange_at_ms = now_ms + gossip_pace_jitter(state, GOSSIP_EXCHANGE_EVERY_MS);
    if (outcome->more) {
        gossip_spread_open_gap(peer);
        peer->exchange_at_ms = now_ms;
    }
    if (again) {
        peer->exchange_at_ms = now_ms + GOSSIP_RECALL_MS;
    }
}

static void succeeded(struct gossip_state *state, struct peer *peer, bool again,
                      const struct gossip_outcome *outcome, int64_t now_ms)
{
    answered(peer, now_ms);
    if (outcome->by_cursor) {
        turn_to_cursor(peer, now_ms);
        return;
    }
    decide_arrived(state, peer, !outcome->pushed, outcome);
    if (outcome->pushed) {
        pushed(state, peer, outcome, now_ms);
    } else if (peer_phases_pauses(peer->exchange)) {
        peer->exchange_at_ms = now_ms;
    } else {
        exchanged(state, peer, again, outcome, now_ms);
    }
}

/* The call is over, and with it the exchange, but where the next step follows. */
static void end_call(struct gossip_state *state, struct peer *peer,
                     const struct gossip_outcome *outcome, int64_t now_ms)
{
    bool in_session = peer->exchange == EXCHANGE_STEP || peer->exchange == EXCHANGE_STEP_AGAIN;
    bool pauses = in_session && outcome->succeeded && outcome->more && !outcome->by_cursor &&
                  !outcome->postponed && outcome->wait_ms == 0;
    if (outcome->pushed) {
        gossip_pace_pushed(peer, !outcome->uncounted, now_ms);
        peer_phases_push(&peer->push, PUSH_ENDS);
    } else {
        state->try_count -= peer->urgency == URGENCY_TRY ? 1 : 0;
        peer_phases_exchange(&peer->exchange, pauses ? EXCHANGE_PAUSES : EXCHANGE_ENDS);
    }
}

void gossip_outcome_apply(struct gossip_state *state, struct peer *peer,
                          const struct gossip_outcome *outcome, int64_t now_ms)
{
    bool late = outcome->pushed ? peer->push == PUSH_LATE : peer->exchange == EXCHANGE_LATE;
    bool again = peer_phases_again(peer->exchange);
    end_call(state, peer, outcome, now_ms);
    if (late) {
        if (outcome->succeeded) {
            decide_arrived(state, peer, !outcome->pushed, outcome);
        }
    } else if (outcome->postponed) {
        postpone(peer, outcome->succeeded, now_ms);
    } else if (outcome->wait_ms > 0) {
        told_to_wait(state, peer, outcome, now_ms);
    } else if (!outcome->succeeded) {
        failed(state, peer, outcome, now_ms);
    } else {
        succeeded(state, peer, again, outcome, now_ms);
    }
}
