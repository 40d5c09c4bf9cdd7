#include "gossip/gossip_state_private.h"

enum { RESERVE_MS = LIMITS_OWN_CALL_EVERY_MS * LIMITS_OWN_CALLS_AT_ONCE };

int64_t gossip_pace_jitter(struct gossip_state *state, int64_t around_ms)
{
    uint32_t fifth = (uint32_t)(around_ms / 5);
    return around_ms - fifth / 2 + state->random(state->context, fifth + 1);
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
