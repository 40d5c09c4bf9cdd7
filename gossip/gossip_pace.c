#include "gossip/gossip_state_private.h"

enum { RESERVE_MS = LIMITS_OWN_CALL_EVERY_MS * LIMITS_OWN_CALLS_AT_ONCE };

int64_t gossip_pace_jitter(struct gossip_state *state, int64_t around_ms)
{
    uint32_t fifth = (uint32_t)(around_ms / 5);
    return around_ms - fifth / 2 + state->random(state->context, fifth + 1);
}

enum lost gossip_pace_lost(const struct peer *peer)
{
    if (peer->failures == 0 || peer_phases_is_known(peer->reach)) {
        return LOST_NOT;
    }
    return peer->gone ? LOST_LONG_AGO : LOST_LATELY;
}

int64_t gossip_pace_turn(const struct gossip_state *state, const struct peer *peer)
{
    enum lost lost = gossip_pace_lost(peer);
    size_t alike = lost == LOST_NOT ? 0 : state->losts[lost];
    int64_t turn_ms =
        alike <= GOSSIP_FEW_LOST ? 0 : (int64_t)(alike - GOSSIP_FEW_LOST) * GOSSIP_LOST_EVERY_MS;
    return turn_ms < GOSSIP_BACK_OFF_GONE_MS ? turn_ms : GOSSIP_BACK_OFF_GONE_MS;
}

/* Times that are multiples of one another, so that short waits meet long ones. */
int64_t gossip_pace_gather(const struct gossip_state *state, int64_t at_ms, int64_t wait_ms)
{
    int64_t beat_ms = GOSSIP_BEAT_MS;
    while (16 * beat_ms <= wait_ms) {
        beat_ms *= 2;
    }
    int64_t late_ms = (at_ms - state->beat_ms) % beat_ms;
    return late_ms == 0 ? at_ms : at_ms + beat_ms - late_ms;
}

int64_t gossip_pace_due(const struct peer *peer)
{
    return peer->paced_ms - RESERVE_MS;
}

static void spread(struct peer *peer, int64_t now_ms, int64_t by_ms)
{
    peer->paced_ms = (peer->paced_ms > now_ms ? peer->paced_ms : now_ms) + by_ms;
}

void gossip_pace_count(struct peer *peer, int64_t now_ms)
{
    spread(peer, now_ms, LIMITS_OWN_CALL_EVERY_MS);
}

void gossip_pace_push(struct peer *peer, int64_t now_ms)
{
    spread(peer, now_ms, LIMITS_OWN_NEWS_EVERY_MS);
}

void gossip_pace_pushed(struct peer *peer, bool counted, int64_t now_ms)
{
    spread(peer, now_ms, counted ? LIMITS_OWN_CALL_EVERY_MS - LIMITS_OWN_NEWS_EVERY_MS : 0);
}

void gossip_pace_hold(struct peer *peer, int64_t until_ms)
{
    peer->paced_ms = until_ms + RESERVE_MS;
}

void gossip_pace_exchange(struct peer *peer, int64_t at_ms)
{
    peer_phases_exchange(&peer->exchange, EXCHANGE_MISSES);
    peer->exchange_at_ms = at_ms < peer->exchange_at_ms ? at_ms : peer->exchange_at_ms;
}
