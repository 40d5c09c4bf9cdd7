#include "gossip/gossip_state_private.h"

void gossip_watch_note(struct gossip_state *state, struct peer *peer)
{
    peer->talked = ++state->talks;
    if (peer->watched) {
        return;
    }
    struct peer *first = NULL; /* of those that are watched, who talked first */
    for (size_t i = 0; i < state->peer_count; i++) {
        struct peer *at = state->peers[i];
        first = at->watched && (first == NULL || at->talked < first->talked) ? at : first;
    }
    peer->watched = true;
    if (state->watched_count < GOSSIP_MOST_WATCHED) {
        state->watched_count++;
    } else if (first != NULL) {
        first->watched = false;
    }
}

int64_t gossip_watch_stale_at(const struct peer *peer)
{
    return peer->contact_ms + (peer->calls_only ? GOSSIP_CALLS_ONLY_MS : GOSSIP_ONLINE_MS);
}

bool gossip_watch_is_online(const struct peer *peer, int64_t now_ms)
{
    return peer->was_contacted && now_ms < gossip_watch_stale_at(peer) &&
           (peer->failures == 0 || peer->calls_only);
}

int64_t gossip_watch_ask_at(const struct gossip_state *state, const struct peer *peer)
{
    bool watched = peer->watched || state->peer_count <= GOSSIP_MOST_WATCHED;
    int64_t heard_ms = peer->contact_ms > peer->asked_ms ? peer->contact_ms : peer->asked_ms;
    return watched && peer->online && peer->failures == 0 ? heard_ms + GOSSIP_ASK_MS : INT64_MAX;
}
