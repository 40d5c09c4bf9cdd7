#include "gossip/gossip_state_private.h"

/* Every event that is stored has a number here, and a peer without a gap the number up to which all
 * of them are queued for it, or its own: so who is passed nothing costs nothing. */
#define GAP UINT64_MAX

bool gossip_spread_has_gap(const struct gossip_state *state, const struct peer *peer)
{
    return peer->whole_through != state->stored;
}

void gossip_spread_open_gap(struct peer *peer)
{
    peer->whole_through = GAP;
}

void gossip_spread_close_gap(const struct gossip_state *state, struct peer *peer)
{
    peer->whole_through = state->stored;
}

void gossip_spread_nobody(struct gossip_state *state)
{
    state->stored++;
}

/* The newest event is no gap. */
static void extend(const struct gossip_state *state, struct peer *peer)
{
    if (peer->whole_through == state->stored - 1) {
        peer->whole_through = state->stored;
    }
}

/* Waits its turn; what finds no room, and what is for a peer that fails, is left to the
 * exchange. */
static void enqueue(struct gossip_state *state, struct peer *peer, int64_t seq)
{
    if (gossip_agenda_is_reachable(peer) && peer->queue_count < GOSSIP_MOST_QUEUED) {
        peer->queue[peer->queue_count++] = seq;
        extend(state, peer);
    } else if (gossip_agenda_is_reachable(peer)) {
        gossip_pace_exchange(peer, peer->asked_ms + GOSSIP_RECALL_MS);
    }
    gossip_agenda_follow(state, peer);
}

static void note_source(const struct gossip_state *state, struct peer *peer, int64_t seq)
{
    extend(state, peer);
    if (!gossip_spread_has_gap(state, peer) && peer->push == PUSH_NONE &&
        !peer_phases_exchanges(peer->exchange) && peer->queue_count == 0) {
        peer->cursor = seq; /* it had all before, and has this one */
    }
}

/* The one that is passed the event next; where all that are left are, nothing is drawn. */
static size_t draw(struct gossip_state *state, size_t from, size_t passed)
{
    size_t left = state->reachable_count - from;
    return left + passed <= GOSSIP_FAN_OUT ? from
                                           : from + state->random(state->context, (uint32_t)left);
}

/* Candidates are drawn by a partial shuffle of those that are reachable. */
void gossip_spread_event(struct gossip_state *state, int64_t seq, struct peer *source,
                         struct peer *concerned)
{
    size_t passed = 0;
    state->stored++;
    if (source != NULL) {
        note_source(state, source, seq);
    }
    if (concerned != NULL && concerned != source) {
        enqueue(state, concerned, seq);
    }
    for (size_t i = 0; i < state->reachable_count && passed < GOSSIP_FAN_OUT; i++) {
        size_t drawn = draw(state, i, passed);
        struct peer *peer = state->peers[drawn];
        gossip_agenda_swap(state, i, drawn);
        if (peer != source && peer != concerned) {
            enqueue(state, peer, seq);
            passed++;
        }
    }
}
