#include "gossip/gossip_state_private.h"

#include <string.h>

void gossip_outcome_contacted(struct peer *peer, int64_t now_ms)
{
    peer->contact_ms = now_ms;
    peer->was_contacted = true;
}

static void failed(struct gossip_state *state, struct peer *peer, int64_t now_ms)
{
    if (peer->failures++ == 0) {
        peer->failing_since_ms = now_ms;
    }
    int64_t most = now_ms - peer->failing_since_ms >= GOSSIP_GONE_MS ? GOSSIP_BACK_OFF_GONE_MS
                                                                     : GOSSIP_BACK_OFF_MOST_MS;
    int64_t back_off = GOSSIP_BACK_OFF_FIRST_MS;
    for (unsigned i = 1; i < peer->failures && back_off < most; i++) {
        back_off *= 2;
    }
    peer->exchange_at_ms = now_ms + gossip_pace_jitter(state, back_off < most ? back_off : most);
    peer->queue_count = 0;
    peer->gap = true;
    peer->in_session = false;
    send_waiters_give_up(&state->waiters, &peer->node_id, peer->exchange_at_ms);
}

/* It is there, and asks to be left alone for a while; what it refused goes with the exchange then.
 */
static void told_to_wait(struct gossip_state *state, struct peer *peer, int64_t wait_ms,
                         int64_t now_ms)
{
    gossip_outcome_contacted(peer, now_ms);
    peer->failures = 0;
    peer->gap = true;
    peer->in_session = false;
    peer->exchange_at_ms = now_ms + wait_ms;
    gossip_pace_hold(peer, peer->exchange_at_ms);
    send_waiters_give_up(&state->waiters, &peer->node_id, peer->exchange_at_ms);
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

void gossip_outcome_apply(struct gossip_state *state, struct peer *peer,
                          const struct gossip_outcome *outcome, int64_t now_ms)
{
    bool exchanged = peer->exchanging;
    peer->busy = false;
    peer->exchanging = false;
    peer->pushed_last = !exchanged;
    if (outcome->postponed) {
        peer->in_session = false;
        peer->exchange_at_ms = now_ms + GOSSIP_RECALL_MS;
        if (outcome->succeeded) {
            gossip_outcome_contacted(peer, now_ms);
            peer->failures = 0;
            peer->exchange_at_ms = now_ms + GOSSIP_CATCH_UP_MS;
        }
        return;
    }
    if (outcome->wait_ms > 0) {
        told_to_wait(state, peer, outcome->wait_ms, now_ms);
        return;
    }
    if (!outcome->succeeded) {
        failed(state, peer, now_ms);
        return;
    }
    gossip_outcome_contacted(peer, now_ms);
    peer->failures = 0;
    if (outcome->by_cursor) {
        turn_to_cursor(peer, now_ms);
        return;
    }
    decide_arrived(state, peer, exchanged, outcome);
    peer->gap = peer->gap || (outcome->more && !peer->in_session);
    if (exchanged && !(peer->in_session && outcome->more)) {
        peer->in_session = false;
        peer->cursor = outcome->through > peer->cursor ? outcome->through : peer->cursor;
        peer->exchange_at_ms = now_ms + gossip_pace_jitter(state, GOSSIP_EXCHANGE_EVERY_MS);
    } else if (!exchanged && !peer->gap && !peer->in_session) {
        peer->cursor = peer->taken_through;
    }
    if (outcome->more) {
        peer->exchange_at_ms = now_ms;
    }
    peer->pushed_count = 0;
}
