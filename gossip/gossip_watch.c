#include "gossip/gossip_state_private.h"

void gossip_watch_note(struct gossip_state *state, struct peer *peer)
{
    size_t first = 0; /* of those that are watched, who talked first */
    peer->talked = ++state->talks;
    if (peer->watched) {
        return;
    }
    peer->watched = true;
    if (state->watched_count < GOSSIP_MOST_WATCHED) {
        state->watched[state->watched_count++] = peer;
        return;
    }
    for (size_t i = 1; i < state->watched_count; i++) {
        first = state->watched[i]->talked < state->watched[first]->talked ? i : first;
    }
    state->watched[first]->watched = false;
    state->watched[first] = peer;
}

void gossip_watch_forget(struct gossip_state *state, const struct peer *peer)
{
    for (size_t i = 0; i < state->watched_count; i++) {
        if (state->watched[i] == peer) {
            state->watched[i] = state->watched[--state->watched_count];
        }
    }
}

int64_t gossip_watch_stale_at(const struct peer *peer)
{
    return peer->contact_ms +
           (peer_phases_calls_only(peer->reach) ? GOSSIP_CALLS_ONLY_MS : GOSSIP_ONLINE_MS);
}

int64_t gossip_watch_ask_at(const struct gossip_state *state, const struct peer *peer)
{
    bool watched = peer->watched || state->peer_count <= GOSSIP_MOST_WATCHED;
    int64_t heard_ms = peer->contact_ms > peer->asked_ms ? peer->contact_ms : peer->asked_ms;
    return watched && peer->online && peer_phases_works(peer->reach) ? heard_ms + GOSSIP_ASK_MS
                                                                     : INT64_MAX;
}
