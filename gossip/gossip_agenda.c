#include "core/memory.h"
#include "gossip/gossip_state_private.h"

/* Heaps, the earliest first. A peer stands in each by when it is due there at the earliest; where
 * that turns out to be later, it is put back. */

static void put(struct gossip_state *state, enum gossip_agenda kind, size_t place,
                struct peer *peer)
{
    state->agendas[kind].heap[place] = peer;
    peer->due[kind].place = place;
}

static int64_t at_of(const struct gossip_state *state, enum gossip_agenda kind, size_t place)
{
    return state->agendas[kind].heap[place]->due[kind].at_ms;
}

/* The one at that place, whose time has changed, finds its own. */
static void settle(struct gossip_state *state, enum gossip_agenda kind, size_t place)
{
    struct agenda *agenda = &state->agendas[kind];
    struct peer *peer = agenda->heap[place];
    int64_t at_ms = peer->due[kind].at_ms;
    while (place > 0 && at_of(state, kind, (place - 1) / 2) > at_ms) {
        put(state, kind, place, agenda->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (size_t child = 2 * place + 1; child < agenda->count; child = 2 * place + 1) {
        child +=
            child + 1 < agenda->count && at_of(state, kind, child + 1) < at_of(state, kind, child)
                ? 1
                : 0;
        if (at_of(state, kind, child) >= at_ms) {
            break;
        }
        put(state, kind, place, agenda->heap[child]);
        place = child;
    }
    put(state, kind, place, peer);
}

static void enter(struct gossip_state *state, enum gossip_agenda kind, struct peer *peer,
                  int64_t at_ms)
{
    struct agenda *agenda = &state->agendas[kind];
    struct due *due = &peer->due[kind];
    int64_t before_ms = due->at_ms;
    if (before_ms == at_ms) {
        return;
    }
    due->at_ms = at_ms;
    if (at_ms == INT64_MAX) {
        struct peer *last = agenda->heap[--agenda->count];
        if (last != peer) {
            put(state, kind, due->place, last);
            settle(state, kind, due->place);
        }
        return;
    }
    if (before_ms == INT64_MAX) {
        put(state, kind, agenda->count++, peer);
    }
    settle(state, kind, due->place);
}

bool gossip_agenda_is_reachable(const struct peer *peer)
{
    return peer_phases_works(peer->reach) || peer->push != PUSH_NONE ||
           peer_phases_exchanges(peer->exchange);
}

enum urgency gossip_agenda_urgency(const struct peer *peer)
{
    return peer_phases_is_known(peer->reach) ? URGENCY_KNOWN : URGENCY_TRY;
}

static int64_t later(int64_t one_ms, int64_t other_ms)
{
    return one_ms > other_ms ? one_ms : other_ms;
}

static int64_t earlier(int64_t one_ms, int64_t other_ms)
{
    return one_ms < other_ms ? one_ms : other_ms;
}

int64_t gossip_agenda_subscribe_at(const struct peer *peer)
{
    return peer->online && peer->poll == POLL_NONE
               ? later(peer->subscribe_at_ms, gossip_pace_due(peer))
               : INT64_MAX;
}

/* What is new goes beside a session: it overtakes the backlog. Who can't reconcile is sent one
 * thing at a time, in order. */
int64_t gossip_agenda_push_at(const struct peer *peer)
{
    bool may = peer->queue_count > 0 && peer->push == PUSH_NONE && peer_phases_works(peer->reach) &&
               !peer_phases_is_by_cursor(peer->exchange);
    return may ? gossip_pace_due(peer) : INT64_MAX;
}

int64_t gossip_agenda_exchange_at(const struct gossip_state *state, const struct peer *peer)
{
    bool by_cursor = peer->by_cursor_until_ms != 0;
    bool may = !peer_phases_exchanges(peer->exchange) && !(by_cursor && peer->push != PUSH_NONE);
    int64_t at_ms = earlier(gossip_watch_ask_at(state, peer), peer->exchange_at_ms);
    return may ? later(at_ms, gossip_pace_due(peer)) : INT64_MAX;
}

/* A change is told at once. */
static int64_t presence_at(const struct peer *peer)
{
    if (peer_phases_is_online(peer->reach) != peer->online) {
        return peer->contact_ms;
    }
    return peer->online ? gossip_watch_stale_at(peer) : INT64_MAX;
}

void gossip_agenda_swap(struct gossip_state *state, size_t one, size_t other)
{
    struct peer *peer = state->peers[one];
    state->peers[one] = state->peers[other];
    state->peers[other] = peer;
    state->peers[one]->place = one;
    state->peers[other]->place = other;
}

/* Who is reachable stands before who is not. */
static void sort_in(struct gossip_state *state, const struct peer *peer, bool reachable)
{
    bool was_reachable = peer->place < state->reachable_count;
    if (reachable && !was_reachable) {
        gossip_agenda_swap(state, peer->place, state->reachable_count++);
    } else if (!reachable && was_reachable) {
        gossip_agenda_swap(state, peer->place, --state->reachable_count);
    }
}

static void count(struct gossip_state *state, struct peer *peer)
{
    state->losts[peer->lost]--;
    peer->lost = gossip_pace_lost(peer);
    state->losts[peer->lost]++;
}

void gossip_agenda_follow(struct gossip_state *state, struct peer *peer)
{
    bool tries = gossip_agenda_urgency(peer) == URGENCY_TRY;
    int64_t exchange_at_ms = gossip_agenda_exchange_at(state, peer);
    int64_t call_at_ms = earlier(presence_at(peer), gossip_agenda_push_at(peer));
    sort_in(state, peer, gossip_agenda_is_reachable(peer));
    count(state, peer);
    enter(state, GOSSIP_AGENDA_CALLS, peer,
          tries ? call_at_ms : earlier(call_at_ms, exchange_at_ms));
    enter(state, GOSSIP_AGENDA_SUBSCRIPTIONS, peer, gossip_agenda_subscribe_at(peer));
    enter(state, GOSSIP_AGENDA_TRIES, peer, tries ? exchange_at_ms : INT64_MAX);
}

void gossip_agenda_follow_all(struct gossip_state *state)
{
    for (size_t i = 0; i < state->peer_count; i++) {
        gossip_agenda_follow(state, state->peers[i]);
    }
}

void gossip_agenda_add(struct gossip_state *state, struct peer *peer)
{
    size_t count = state->peer_count + 1;
    state->peers = memory_resize(state->peers, count, sizeof(struct peer *));
    peer->number = ++state->peers_made;
    peer->place = state->peer_count++;
    state->peers[peer->place] = peer;
    state->losts[peer->lost]++;
    for (size_t kind = 0; kind < GOSSIP_AGENDAS; kind++) {
        struct agenda *agenda = &state->agendas[kind];
        agenda->heap = memory_resize(agenda->heap, count, sizeof(struct peer *));
        peer->due[kind].at_ms = INT64_MAX;
    }
    gossip_agenda_follow(state, peer);
}

void gossip_agenda_remove(struct gossip_state *state, struct peer *peer)
{
    sort_in(state, peer, false);
    state->losts[peer->lost]--;
    gossip_agenda_swap(state, peer->place, --state->peer_count);
    for (size_t kind = 0; kind < GOSSIP_AGENDAS; kind++) {
        enter(state, (enum gossip_agenda)kind, peer, INT64_MAX);
    }
}

/* Who waits longest, but every fourth time: first whom the owner wrote to, who is said to be there,
 * and who was ever met. */
static bool is_tried_before(const struct gossip_state *state, const struct peer *one,
                            const struct peer *other)
{
    enum { FAIR = 4 };
    unsigned one_first = (one->wrote_seq != 0 ? 4U : 0) + (one->hinted ? 2U : 0) + one->seen;
    unsigned other_first =
        (other->wrote_seq != 0 ? 4U : 0) + (other->hinted ? 2U : 0) + other->seen;
    if (one_first != other_first && state->tries_begun % FAIR != 0) {
        return one_first > other_first;
    }
    return one->exchange_at_ms < other->exchange_at_ms ||
           (one->exchange_at_ms == other->exchange_at_ms && one->number < other->number);
}

/* All that wait are looked at: of tries there are only so many at once. */
static struct peer *first_to_try(const struct gossip_state *state)
{
    const struct agenda *tries = &state->agendas[GOSSIP_AGENDA_TRIES];
    struct peer *first = tries->heap[0];
    for (size_t i = 1; i < tries->count; i++) {
        struct peer *peer = tries->heap[i];
        if (peer->due[GOSSIP_AGENDA_TRIES].at_ms <= state->now_ms &&
            is_tried_before(state, peer, first)) {
            first = peer;
        }
    }
    return first;
}

/* INT64_MAX: nothing is to be begun there, as things stand. */
static int64_t due_at(const struct gossip_state *state, enum gossip_agenda kind)
{
    int64_t at_ms = state->agendas[kind].count == 0 ? INT64_MAX : at_of(state, kind, 0);
    switch (kind) {
    case GOSSIP_AGENDA_CALLS:
        break;
    case GOSSIP_AGENDA_SUBSCRIPTIONS:
        return state->subscription_count == GOSSIP_MOST_SUBSCRIPTIONS
                   ? INT64_MAX
                   : later(at_ms, state->called_ms + GOSSIP_LONELY_MS);
    case GOSSIP_AGENDA_TRIES:
        return state->try_count == LIMITS_OUTWARD_TRIES ? INT64_MAX : at_ms;
    }
    return at_ms;
}

struct peer *gossip_agenda_first(const struct gossip_state *state, enum gossip_agenda *kind_out)
{
    for (size_t i = 0; i < GOSSIP_AGENDAS; i++) {
        enum gossip_agenda kind = (enum gossip_agenda)i;
        if (due_at(state, kind) <= state->now_ms) {
            *kind_out = kind;
            return kind == GOSSIP_AGENDA_TRIES ? first_to_try(state) : state->agendas[kind].heap[0];
        }
    }
    return NULL;
}

int64_t gossip_agenda_wake_at(const struct gossip_state *state)
{
    int64_t at_ms = INT64_MAX;
    for (size_t i = 0; i < GOSSIP_AGENDAS; i++) {
        at_ms = earlier(at_ms, due_at(state, (enum gossip_agenda)i));
    }
    return at_ms;
}
