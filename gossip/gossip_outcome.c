#include "gossip/gossip_state_private.h"

#include <string.h>

void gossip_outcome_contacted(struct peer *peer, int64_t now_ms)
{
    peer->contact_ms = now_ms;
    peer->was_contacted = true;
    peer->seen = true;
    peer->heard = true;
    peer->calls_only = false;
}

/* Who takes us for a stranger hears from others, soon, that we joined. */
static int64_t back_off(struct gossip_state *state, const struct peer *peer, bool stranger,
                        int64_t now_ms)
{
    bool gone = now_ms - peer->failing_since_ms >= GOSSIP_GONE_MS;
    int64_t soon = stranger ? GOSSIP_STRANGER_MS : GOSSIP_BACK_OFF_MOST_MS;
    int64_t late = stranger ? GOSSIP_BACK_OFF_MOST_MS : GOSSIP_BACK_OFF_GONE_MS;
    int64_t most = gone ? late : soon;
    int64_t wait_ms = GOSSIP_BACK_OFF_FIRST_MS;
    for (unsigned i = 1; i < peer->failures && wait_ms < most; i++) {
        wait_ms *= 2;
    }
    return gossip_pace_jitter(state, wait_ms < most ? wait_ms : most);
}

/* What a push held goes with the next exchange; a session beside it goes on, for it may be as near
 * as that one's next step, which shows whether the peer is there. */
static void failed(struct gossip_state *state, struct peer *peer,
                   const struct gossip_outcome *outcome, int64_t now_ms)
{
    if (peer->failures++ == 0) {
        peer->failing_since_ms = now_ms;
    }
    peer->heard = outcome->answered;
    peer->queue_count = 0;
    peer->gap = true;
    if (outcome->pushed && (peer->in_session || peer->exchanging)) {
        peer->exchange_again = true;
    } else {
        peer->in_session = false;
        peer->exchange_at_ms = now_ms + back_off(state, peer, outcome->stranger, now_ms);
    }
    send_waiters_give_up(&state->waiters, &peer->node_id);
}

/* It is there, and asks to be left alone for a while; what it refused goes with the exchange then.
 */
static void told_to_wait(struct gossip_state *state, struct peer *peer,
                         const struct gossip_outcome *outcome, int64_t now_ms)
{
    gossip_outcome_contacted(peer, now_ms);
    peer->failures = 0;
    peer->gap = true;
    peer->in_session = peer->in_session && outcome->pushed;
    peer->exchange_again = peer->in_session;
    peer->exchange_at_ms = now_ms + outcome->wait_ms;
    gossip_pace_hold(peer, peer->exchange_at_ms);
    send_waiters_give_up(&state->waiters, &peer->node_id);
}

void gossip_outcome_left(struct gossip_state *state, struct peer *peer, int64_t now_ms)
{
    peer->was_contacted = false;
    peer->calls_only = false;
    peer->push_precedes_leaving = peer->pushing;
    peer->exchange_precedes_leaving = peer->exchanging;
    const struct gossip_outcome gone = {.succeeded = false};
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
        if (!node_id_equal(&waiter->recipient, &peer->node_id)) {
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
    peer->by_cursor = true;
    peer->by_cursor_until_ms = now_ms + GOSSIP_BY_CURSOR_MS;
    peer->in_session = false;
    peer->exchange_at_ms = now_ms;
    peer->gap = true;
}

/* Not now, for a reason that is nobody's fault. */
static void postpone(struct peer *peer, bool reached, int64_t now_ms)
{
    peer->in_session = false;
    peer->exchange_at_ms = now_ms + GOSSIP_RECALL_MS;
    if (reached) {
        gossip_outcome_contacted(peer, now_ms);
        peer->failures = 0;
        peer->exchange_at_ms = now_ms + GOSSIP_CATCH_UP_MS;
    }
}

static void pushed(struct peer *peer, const struct gossip_outcome *outcome, int64_t now_ms)
{
    if (outcome->through >= peer->wrote_seq && was_pushed(peer, peer->wrote_seq)) {
        peer->wrote_seq = 0;
    }
    bool exchanges = peer->in_session || peer->exchanging;
    peer->gap = peer->gap || outcome->more;
    peer->exchange_again = peer->exchange_again || (outcome->more && exchanges);
    if (!peer->gap && !exchanges && peer->taken_through > peer->cursor) {
        peer->cursor = peer->taken_through;
    }
    if (outcome->more && !exchanges) {
        peer->exchange_at_ms = now_ms;
    }
}

static void exchanged(struct gossip_state *state, struct peer *peer,
                      const struct gossip_outcome *outcome, int64_t now_ms)
{
    bool over = !(peer->in_session && outcome->more);
    peer->gap = peer->gap || (outcome->more && over);
    peer->exchange_at_ms =
        outcome->more ? now_ms : now_ms + gossip_pace_jitter(state, GOSSIP_EXCHANGE_EVERY_MS);
    if (over) {
        peer->in_session = false;
        peer->cursor = outcome->through > peer->cursor ? outcome->through : peer->cursor;
        peer->wrote_seq = outcome->through >= peer->wrote_seq ? 0 : peer->wrote_seq;
        if (peer->exchange_again) {
            peer->exchange_at_ms = now_ms + GOSSIP_RECALL_MS;
        }
        peer->exchange_again = false;
    }
}

void gossip_outcome_apply(struct gossip_state *state, struct peer *peer,
                          const struct gossip_outcome *outcome, int64_t now_ms)
{
    bool *call = outcome->pushed ? &peer->pushing : &peer->exchanging;
    bool *precedes =
        outcome->pushed ? &peer->push_precedes_leaving : &peer->exchange_precedes_leaving;
    bool late = *precedes;
    if (!outcome->pushed && peer->trying) {
        peer->trying = false;
        state->try_count--;
    }
    *call = false;
    *precedes = false;
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
        gossip_outcome_contacted(peer, now_ms);
        peer->failures = 0;
        if (outcome->by_cursor) {
            turn_to_cursor(peer, now_ms);
            return;
        }
        decide_arrived(state, peer, !outcome->pushed, outcome);
        if (outcome->pushed) {
            pushed(peer, outcome, now_ms);
        } else {
            exchanged(state, peer, outcome, now_ms);
        }
    }
}
