#include "gossip/gossip_state_private.h"

#include <string.h>

#include "core/memory.h"

struct gossip_state *gossip_state_create(uint32_t (*random)(void *context, uint32_t below),
                                         void *context, int64_t now_ms)
{
    struct gossip_state *state = memory_allocate(1, sizeof *state);
    state->called_ms = now_ms;
    state->random = random;
    state->context = context;
    return state;
}

void gossip_state_destroy(struct gossip_state **state)
{
    if (*state == NULL) {
        return;
    }
    for (size_t i = 0; i < (*state)->peer_count; i++) {
        memory_free((*state)->peers[i]);
    }
    memory_free((*state)->peers);
    send_waiters_deinit(&(*state)->waiters);
    memory_free(*state);
    *state = NULL;
}

static struct peer *find(const struct gossip_state *state, const struct node_id *node_id)
{
    for (size_t i = 0; i < state->peer_count; i++) {
        if (node_id_equal(&state->peers[i]->node_id, node_id)) {
            return state->peers[i];
        }
    }
    return NULL;
}

void gossip_state_add_peer(struct gossip_state *state, const struct node_id *node_id,
                           int64_t cursor, bool seen, int64_t now_ms)
{
    if (find(state, node_id) != NULL) {
        return;
    }
    struct peer *peer = memory_allocate(1, sizeof *peer);
    peer->node_id = *node_id;
    peer->cursor = cursor;
    peer->gap = true;
    peer->seen = seen;
    peer->exchange_at_ms = now_ms;
    state->peers = memory_resize(state->peers, state->peer_count + 1, sizeof(struct peer *));
    state->peers[state->peer_count++] = peer;
}

void gossip_state_remove_peer(struct gossip_state *state, const struct node_id *node_id)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return;
    }
    send_waiters_give_up(&state->waiters, &peer->node_id);
    state->subscription_count -= peer->subscribed ? 1 : 0;
    state->watched_count -= peer->watched ? 1 : 0;
    state->try_count -= peer->trying ? 1 : 0;
    for (size_t i = 0; i < state->peer_count; i++) {
        if (state->peers[i] == peer) {
            state->peers[i] = state->peers[--state->peer_count];
        }
    }
    memory_free(peer);
}

/* Until proven otherwise; one that failed is given another chance by the call under way, which
 * began without what is stored only now. */
static bool is_reachable(const struct peer *peer)
{
    return peer->failures == 0 || peer->pushing || peer->exchanging;
}

/* At the latest; what runs then may have begun too early. */
static void exchange_at(struct peer *peer, int64_t at_ms)
{
    peer->exchange_again = peer->exchange_again || peer->in_session || peer->exchanging;
    peer->exchange_at_ms = at_ms < peer->exchange_at_ms ? at_ms : peer->exchange_at_ms;
}

/* Waits its turn; what finds no room, and what is for a peer that fails, is left to the
 * exchange. */
static void enqueue(struct peer *peer, int64_t seq)
{
    if (!is_reachable(peer)) {
        peer->gap = true;
    } else if (peer->queue_count == GOSSIP_MOST_QUEUED) {
        int64_t soon_ms = peer->asked_ms + GOSSIP_RECALL_MS;
        peer->gap = true;
        exchange_at(peer, soon_ms);
    } else {
        peer->queue[peer->queue_count++] = seq;
    }
}

void gossip_state_event_stored(struct gossip_state *state, int64_t seq,
                               const struct node_id *source, const struct node_id *concerned)
{
    /* Candidates are drawn by a partial shuffle of the peers: the first GOSSIP_FAN_OUT that are
     * reachable. */
    size_t passed = 0;
    state->last_seq = seq > state->last_seq ? seq : state->last_seq;
    for (size_t i = 0; i < state->peer_count; i++) {
        size_t drawn = i + state->random(state->context, (uint32_t)(state->peer_count - i));
        struct peer *peer = state->peers[drawn];
        state->peers[drawn] = state->peers[i];
        state->peers[i] = peer;
        if (concerned != NULL && source == NULL && node_id_equal(&peer->node_id, concerned)) {
            gossip_watch_note(state, peer);
        }
        if (source != NULL && node_id_equal(&peer->node_id, source)) {
            if (!peer->gap && !peer->pushing && !peer->exchanging && peer->queue_count == 0) {
                peer->cursor = seq; /* it had all before, and has this one */
            }
            continue;
        }
        if (concerned != NULL && node_id_equal(&peer->node_id, concerned)) {
            enqueue(peer, seq);
        } else if (passed < GOSSIP_FAN_OUT && is_reachable(peer)) {
            enqueue(peer, seq);
            passed++;
        } else {
            peer->gap = true;
        }
    }
}

void gossip_state_owner_wrote(struct gossip_state *state, int64_t seq,
                              const struct node_id *node_id)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        peer->wrote_seq = seq;
    }
}

void gossip_state_events_missed(struct gossip_state *state, int64_t last_seq, bool at_once,
                                int64_t now_ms)
{
    state->last_seq = last_seq > state->last_seq ? last_seq : state->last_seq;
    for (size_t i = 0; i < state->peer_count; i++) {
        state->peers[i]->gap = true;
        if (at_once && state->peers[i]->failures == 0) {
            exchange_at(state->peers[i], now_ms);
        }
    }
}

static void recall(struct peer *peer, int64_t now_ms)
{
    int64_t again_ms = peer->asked_ms + GOSSIP_RECALL_MS;
    if (peer->failures > 0 && peer->exchange_at_ms > again_ms) {
        peer->exchange_at_ms = again_ms > now_ms ? again_ms : now_ms;
    }
}

void gossip_state_peer_heard(struct gossip_state *state, const struct node_id *node_id,
                             int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        peer->hinted = true;
        recall(peer, now_ms);
    }
}

void gossip_state_start_over(struct gossip_state *state, int64_t now_ms)
{
    for (size_t i = 0; i < state->peer_count; i++) {
        struct peer *peer = state->peers[i];
        int64_t at_ms =
            i == 0 ? now_ms : now_ms + state->random(state->context, GOSSIP_START_OVER_MS);
        peer->failures = peer->failures > 0 ? 1 : 0;
        peer->failing_since_ms = now_ms;
        peer->subscribe_at_ms = now_ms;
        peer->exchange_at_ms = at_ms < peer->exchange_at_ms ? at_ms : peer->exchange_at_ms;
    }
}

void gossip_state_peer_called(struct gossip_state *state, const struct node_id *node_id,
                              int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return;
    }
    gossip_outcome_contacted(peer, now_ms);
    peer->calls_only = peer->failures > 1; /* once may have been just before it called */
    state->called_ms = now_ms;
    recall(peer, now_ms);
}

/* It is asked soon; where the difference stays, twice as late each time. */
void gossip_state_peer_differs(struct gossip_state *state, const struct node_id *node_id,
                               int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL || peer->failures > 0 || peer->by_cursor) {
        return;
    }
    if (now_ms - peer->differed_ms > INT64_C(2) * GOSSIP_EXCHANGE_EVERY_MS) {
        peer->differs_pause_ms = 0; /* they were the same meanwhile */
    }
    peer->differed_ms = now_ms;
    int64_t at_ms = peer->asked_ms + peer->differs_pause_ms;
    at_ms = at_ms > now_ms + GOSSIP_DIFFERS_MS ? at_ms : now_ms + GOSSIP_DIFFERS_MS;
    if (at_ms < peer->exchange_at_ms) {
        int64_t pause_ms = 2 * peer->differs_pause_ms;
        exchange_at(peer, at_ms);
        peer->differs_pause_ms = pause_ms == 0                         ? GOSSIP_DIFFERS_MS
                                 : pause_ms < GOSSIP_EXCHANGE_EVERY_MS ? pause_ms
                                                                       : GOSSIP_EXCHANGE_EVERY_MS;
    }
}

void gossip_state_peer_left(struct gossip_state *state, const struct node_id *node_id,
                            int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        gossip_outcome_left(state, peer, now_ms);
    }
}

void gossip_state_finished(struct gossip_state *state, const struct node_id *node_id,
                           const struct gossip_outcome *outcome, int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        gossip_outcome_apply(state, peer, outcome, now_ms);
    }
}

void gossip_state_polled(struct gossip_state *state, const struct node_id *node_id, bool succeeded,
                         int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL || !peer->subscribed) {
        return;
    }
    peer->subscribed = false;
    state->subscription_count--;
    if (succeeded) {
        gossip_outcome_contacted(peer, now_ms);
    } else if (peer->failures == 0) {
        peer->exchange_at_ms = now_ms; /* is it still there? */
    }
    peer->subscribe_at_ms =
        succeeded ? now_ms : now_ms + gossip_pace_jitter(state, GOSSIP_BACK_OFF_MOST_MS);
}

/* A call to who fails and was not heard of since then may take seconds to fail again. */
static bool is_worth_waiting_for(const struct peer *peer, int64_t deadline_ms)
{
    bool called = peer->pushing || peer->exchanging || peer->exchange_at_ms < deadline_ms;
    return peer->failures == 0 || (called && (peer->calls_only || peer->heard));
}

void gossip_state_wait_delivery(struct gossip_state *state, const struct node_id *node_id,
                                const char *event_id, int64_t seq, void *token, int64_t now_ms)
{
    const struct peer *peer = find(state, node_id);
    struct send_waiter waiter = {.recipient = *node_id,
                                 .seq = seq,
                                 .deadline_ms = now_ms + GOSSIP_DELIVERY_WAIT_MS,
                                 .token = token};
    memcpy(waiter.event_id, event_id, sizeof waiter.event_id);
    if (peer == NULL || !is_worth_waiting_for(peer, waiter.deadline_ms)) {
        send_waiters_decide(&waiter, false);
    } else if (peer->cursor >= seq) {
        send_waiters_decide(&waiter, true);
    }
    send_waiters_add(&state->waiters, &waiter);
}

void gossip_state_receipt_seen(struct gossip_state *state, const char *target_event_id)
{
    for (size_t i = 0; i < state->waiters.count; i++) {
        if (strcmp(state->waiters.list[i].event_id, target_event_id) == 0) {
            send_waiters_decide(&state->waiters.list[i], true);
        }
    }
}

void gossip_state_give_up_waiting(struct gossip_state *state)
{
    for (size_t i = 0; i < state->waiters.count; i++) {
        send_waiters_decide(&state->waiters.list[i], false);
    }
}

bool gossip_state_next_answer(struct gossip_state *state, int64_t now_ms, struct gossip_action *out)
{
    struct send_waiter waiter;
    if (!send_waiters_take(&state->waiters, now_ms, &waiter)) {
        return false;
    }
    out->kind = GOSSIP_ANSWER;
    out->peer = waiter.recipient;
    out->token = waiter.token;
    out->direct = waiter.direct;
    return true;
}

/* When a subscription to the peer is wanted, if things stay as they are. */
static int64_t subscription_due(const struct gossip_state *state, const struct peer *peer)
{
    int64_t lonely_ms = state->called_ms + GOSSIP_LONELY_MS;
    if (state->subscription_count == GOSSIP_MOST_SUBSCRIPTIONS) {
        return INT64_MAX;
    }
    return lonely_ms > peer->subscribe_at_ms ? lonely_ms : peer->subscribe_at_ms;
}

/* Who was heard of since the last call to it was lost is there. */
static enum urgency urgency_of(const struct peer *peer)
{
    bool known = peer->was_contacted && (peer->failures == 0 || peer->heard);
    return known ? URGENCY_KNOWN : URGENCY_TRY;
}

static void begin_exchange(struct gossip_state *state, struct peer *peer, int64_t now_ms,
                           struct gossip_action *out)
{
    out->urgency = urgency_of(peer);
    peer->trying = out->urgency == URGENCY_TRY;
    peer->hinted = false;
    state->try_count += peer->trying ? 1 : 0;
    state->tries_begun += peer->trying ? 1 : 0;
    if (peer->by_cursor && now_ms >= peer->by_cursor_until_ms) {
        peer->by_cursor = false;
    }
    out->kind = peer->by_cursor ? GOSSIP_CURSOR : GOSSIP_RECONCILE;
    out->cursor = peer->cursor;
    if (!peer->in_session) {
        peer->gap = false;
    }
    if (peer->by_cursor) {
        peer->queue_count = 0; /* the exchange reaches at least as far */
    }
    peer->in_session = !peer->by_cursor;
    peer->exchanging = true;
    peer->asked_ms = now_ms;
    gossip_pace_count(peer, now_ms);
}

static void begin_push(const struct gossip_state *state, struct peer *peer, int64_t now_ms,
                       struct gossip_action *out)
{
    out->kind = GOSSIP_PUSH;
    out->urgency = peer->wrote_seq != 0 ? URGENCY_OWNER : URGENCY_PUSH;
    out->seq_count = peer->queue_count;
    memcpy(out->seqs, peer->queue, peer->queue_count * sizeof *peer->queue);
    memcpy(peer->pushed, peer->queue, peer->queue_count * sizeof *peer->queue);
    peer->pushed_count = peer->queue_count;
    peer->queue_count = 0;
    gossip_pace_count(peer, now_ms);
    peer->pushing = true;
    peer->taken_through = state->last_seq;
}

/* What is new goes beside a session: it overtakes the backlog. Who can't reconcile is sent one
 * thing at a time, in order. */
static bool may_push(const struct peer *peer)
{
    return peer->queue_count > 0 && !peer->pushing && peer->failures == 0 &&
           !(peer->by_cursor && peer->exchanging);
}

static bool may_exchange(const struct gossip_state *state, const struct peer *peer)
{
    return !peer->exchanging && !(peer->by_cursor && peer->pushing) &&
           (state->try_count < LIMITS_OUTWARD_TRIES || urgency_of(peer) != URGENCY_TRY);
}

static int64_t exchange_due(const struct gossip_state *state, const struct peer *peer)
{
    int64_t ask_at_ms = gossip_watch_ask_at(state, peer);
    return ask_at_ms < peer->exchange_at_ms ? ask_at_ms : peer->exchange_at_ms;
}

/* `exchange` false: whatever else there is. */
static bool next_for_peer(struct gossip_state *state, struct peer *peer, bool exchange,
                          int64_t now_ms, struct gossip_action *out)
{
    out->peer = peer->node_id;
    if (gossip_watch_is_online(peer, now_ms) != peer->online) {
        peer->online = !peer->online;
        out->kind = GOSSIP_PRESENCE;
        out->online = peer->online;
        return true;
    }
    if (now_ms < gossip_pace_due(peer)) {
        return false;
    }
    if (peer->online && !peer->subscribed && now_ms >= subscription_due(state, peer)) {
        out->kind = GOSSIP_SUBSCRIBE;
        gossip_pace_count(peer, now_ms);
        peer->subscribed = true;
        state->subscription_count++;
        return true;
    }
    bool push = may_push(peer);
    bool due = exchange && may_exchange(state, peer) && exchange_due(state, peer) <= now_ms;
    if (push && (!due || peer->in_session)) {
        begin_push(state, peer, now_ms, out);
    } else if (due) {
        begin_exchange(state, peer, now_ms, out);
    }
    return due || push;
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
    return one_first == other_first || state->tries_begun % FAIR == 0
               ? one->exchange_at_ms < other->exchange_at_ms
               : one_first > other_first;
}

static struct peer *first_to_try(const struct gossip_state *state, int64_t now_ms)
{
    struct peer *first = NULL;
    for (size_t i = 0; i < state->peer_count; i++) {
        struct peer *peer = state->peers[i];
        bool due = may_exchange(state, peer) && exchange_due(state, peer) <= now_ms &&
                   gossip_pace_due(peer) <= now_ms;
        if (due && (first == NULL || is_tried_before(state, peer, first))) {
            first = peer;
        }
    }
    return first;
}

bool gossip_state_next(struct gossip_state *state, int64_t now_ms, struct gossip_action *action_out)
{
    action_out->seq_count = 0;
    if (gossip_state_next_answer(state, now_ms, action_out)) {
        return true;
    }
    for (size_t i = 0; i < state->peer_count; i++) {
        struct peer *peer = state->peers[i];
        if (next_for_peer(state, peer, urgency_of(peer) != URGENCY_TRY, now_ms, action_out)) {
            return true;
        }
    }
    struct peer *tried = first_to_try(state, now_ms);
    return tried != NULL && next_for_peer(state, tried, true, now_ms, action_out);
}

int64_t gossip_state_wake_at(const struct gossip_state *state)
{
    int64_t at = send_waiters_due(&state->waiters);
    for (size_t i = 0; i < state->peer_count; i++) {
        const struct peer *peer = state->peers[i];
        int64_t stale_at = peer->online ? gossip_watch_stale_at(peer) : INT64_MAX;
        int64_t due = may_exchange(state, peer) ? exchange_due(state, peer) : INT64_MAX;
        if (may_push(peer)) {
            due = INT64_MIN; /* as soon as its pace allows */
        }
        if (peer->online && !peer->subscribed) {
            int64_t subscribe_at = subscription_due(state, peer);
            due = subscribe_at < due ? subscribe_at : due;
        }
        due = due < gossip_pace_due(peer) ? gossip_pace_due(peer) : due;
        due = stale_at < due ? stale_at : due;
        at = due < at ? due : at;
    }
    return at;
}

bool gossip_state_look(const struct gossip_state *state, const struct node_id *node_id,
                       int64_t *cursor_out, bool *online_out)
{
    const struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return false;
    }
    *cursor_out = peer->cursor;
    *online_out = peer->online;
    return true;
}
