#include "gossip/peer_turn_private.h"

#include "core/limits.h"
#include "gossip/gossip_private.h"

/* Who waits asks again every GOSSIP_CATCH_UP_MS, after a comparison. */
enum { STILL_WAITS_MS = 3 * GOSSIP_CATCH_UP_MS };

static bool waits(const struct peer_link *link, int64_t now_ms)
{
    return !link->removed && link->turn.asked_ms != 0 &&
           now_ms - link->turn.asked_ms < STILL_WAITS_MS;
}

static bool is_before(const struct peer_turn *one, const struct peer_turn *other)
{
    return one->in_vain < other->in_vain ||
           (one->in_vain == other->in_vain && one->waits_since_ms < other->waits_since_ms);
}

static bool is_first(const struct peer_link *link, int64_t now_ms)
{
    for (const struct peer_link *other = link->gossip->links; other != NULL; other = other->next) {
        if (other != link && waits(other, now_ms) && is_before(&other->turn, &link->turn)) {
            return false;
        }
    }
    return true;
}

/* What the verifier or the writer still has may be something: that they are slow is not the peer's
 * doing. */
static bool is_idle(const struct peer_turns *turns, int64_t now_ms)
{
    return turns->holder->removed ||
           (now_ms - turns->brought_ms >= LIMITS_FETCH_MS && turns->holder->session.receiving == 0);
}

static void relieve(struct peer_turns *turns, const struct peer_link *next, int64_t now_ms)
{
    if (is_idle(turns, now_ms)) {
        turns->holder->turn.in_vain++;
        turns->holder = NULL;
    } else if (now_ms - turns->since_ms >= LIMITS_TURN_MS &&
               next->turn.in_vain <= turns->holder->turn.in_vain) {
        turns->holder = NULL;
    }
}

bool peer_turn_take(struct peer_link *link)
{
    struct peer_turns *turns = &link->gossip->turns;
    int64_t now_ms = gossip_io_now(link->gossip);
    if (turns->holder == link) {
        return true;
    }
    link->turn.waits_since_ms = waits(link, now_ms) ? link->turn.waits_since_ms : now_ms;
    link->turn.asked_ms = now_ms;
    if (turns->holder != NULL) {
        relieve(turns, link, now_ms);
    }
    if (turns->holder != NULL || !is_first(link, now_ms)) {
        return false;
    }
    *turns = (struct peer_turns){link, now_ms, now_ms};
    link->turn.asked_ms = 0;
    return true;
}

void peer_turn_brought(struct peer_link *link)
{
    struct peer_turns *turns = &link->gossip->turns;
    link->turn.in_vain = 0;
    if (turns->holder == link) {
        turns->brought_ms = gossip_io_now(link->gossip);
    }
}

void peer_turn_wasted(struct peer_link *link)
{
    link->turn.in_vain++;
}

void peer_turn_release(const struct peer_link *link)
{
    struct peer_turns *turns = &link->gossip->turns;
    turns->holder = turns->holder == link ? NULL : turns->holder;
}

bool peer_turn_is_used(const struct gossip *gossip)
{
    return gossip->turns.holder != NULL && !is_idle(&gossip->turns, gossip_io_now(gossip));
}
