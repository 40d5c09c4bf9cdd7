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
    state->beat_ms = now_ms - random(context, GOSSIP_BACK_OFF_GONE_MS);
    uint64_t seed = random(context, UINT32_MAX);
    peer_table_init(&state->table, seed << 32 | random(context, UINT32_MAX));
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
    for (size_t i = 0; i < GOSSIP_AGENDAS; i++) {
        memory_free((*state)->agendas[i].heap);
    }
    peer_table_deinit(&(*state)->table);
    send_waiters_deinit(&(*state)->waiters);
    memory_free(*state);
    *state = NULL;
}

static struct peer *find(const struct gossip_state *state, const struct node_id *node_id)
{
    return (struct peer *)peer_table_find(&state->table, node_id);
}

void gossip_state_add_peer(struct gossip_state *state, const struct node_id *node_id,
                           int64_t cursor, bool seen, int64_t now_ms)
{
    if (find(state, node_id) != NULL) {
        return;
    }
    struct peer *peer = memory_allocate(1, sizeof *peer);
    peer->entry.node_id = *node_id;
    peer_table_add(&state->table, &peer->entry);
    peer->cursor = cursor;
    gossip_spread_open_gap(peer);
    peer->seen = seen;
    peer->exchange_at_ms = now_ms;
    gossip_agenda_add(state, peer);
}

static bool is_trying(const struct peer *peer)
{
    return peer_phases_exchanges(peer->exchange) && peer->urgency == URGENCY_TRY;
}

void gossip_state_remove_peer(struct gossip_state *state, const struct node_id *node_id)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return;
    }
    send_waiters_give_up(&state->waiters, &peer->entry.node_id);
    state->subscription_count -= peer->poll == POLL_UNDER_WAY ? 1 : 0;
    state->try_count -= is_trying(peer) ? 1 : 0;
    gossip_watch_forget(state, peer);
    gossip_agenda_remove(state, peer);
    peer_table_remove(&state->table, &peer->entry);
    memory_free(peer);
    if (state->peer_count == GOSSIP_MOST_WATCHED) {
        gossip_agenda_follow_all(state); /* so few are all watched */
    }
}

void gossip_state_event_stored(struct gossip_state *state, int64_t seq,
                               const struct node_id *source, const struct node_id *concerned)
{
    struct peer *from = source == NULL ? NULL : find(state, source);
    struct peer *to = concerned == NULL ? NULL : find(state, concerned);
    state->last_seq = seq > state->last_seq ? seq : state->last_seq;
    if (to != NULL && source == NULL) {
        gossip_watch_note(state, to);
    }
    gossip_spread_event(state, seq, from, to);
}

void gossip_state_owner_wrote(struct gossip_state *state, int64_t seq,
                              const struct node_id *node_id)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return;
    }
    peer->wrote_seq = seq;
    bool is_lost = peer->reach == REACH_LOST || peer->reach == REACH_CALLS_LOST;
    if (is_lost && peer->exchange_at_ms > peer->asked_ms + GOSSIP_WRITTEN_MS) {
        peer->exchange_at_ms = peer->asked_ms + GOSSIP_WRITTEN_MS;
        gossip_agenda_follow(state, peer);
    }
}

void gossip_state_events_missed(struct gossip_state *state, int64_t last_seq, bool at_once,
                                int64_t now_ms)
{
    state->last_seq = last_seq > state->last_seq ? last_seq : state->last_seq;
    gossip_spread_nobody(state);
    for (size_t i = 0; at_once && i < state->peer_count; i++) {
        if (peer_phases_works(state->peers[i]->reach)) {
            gossip_pace_exchange(state->peers[i], now_ms);
            gossip_agenda_follow(state, state->peers[i]);
        }
    }
}

static void recall(struct peer *peer, int64_t now_ms)
{
    int64_t again_ms = peer->asked_ms + GOSSIP_RECALL_MS;
    if (!peer_phases_works(peer->reach) && peer->exchange_at_ms > again_ms) {
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
        gossip_agenda_follow(state, peer);
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
    gossip_agenda_follow_all(state);
}

void gossip_state_peer_called(struct gossip_state *state, const struct node_id *node_id,
                              int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL) {
        return;
    }
    bool calls_only = peer->failures > 1; /* once may have been just before it called */
    if (calls_only && !peer_phases_calls_only(peer->reach)) {
        peer->back_ms = now_ms;
    }
    gossip_outcome_heard(peer, calls_only ? REACH_CALLS_ONLY : REACH_HEARD, now_ms);
    state->called_ms = now_ms;
    recall(peer, now_ms);
    gossip_agenda_follow(state, peer);
}

/* It is asked soon; where the difference stays, twice as late each time. */
void gossip_state_peer_differs(struct gossip_state *state, const struct node_id *node_id,
                               int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL || !peer_phases_works(peer->reach) || peer->by_cursor_until_ms != 0) {
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
        gossip_pace_exchange(peer, at_ms);
        peer->differs_pause_ms = pause_ms == 0                         ? GOSSIP_DIFFERS_MS
                                 : pause_ms < GOSSIP_EXCHANGE_EVERY_MS ? pause_ms
                                                                       : GOSSIP_EXCHANGE_EVERY_MS;
        gossip_agenda_follow(state, peer);
    }
}

void gossip_state_peer_left(struct gossip_state *state, const struct node_id *node_id,
                            int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        gossip_outcome_left(state, peer, now_ms);
        gossip_agenda_follow(state, peer);
    }
}

void gossip_state_finished(struct gossip_state *state, const struct node_id *node_id,
                           const struct gossip_outcome *outcome, int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        gossip_outcome_apply(state, peer, outcome, now_ms);
        gossip_agenda_follow(state, peer);
    }
}

void gossip_state_polled(struct gossip_state *state, const struct node_id *node_id, bool succeeded,
                         int64_t now_ms)
{
    struct peer *peer = find(state, node_id);
    if (peer == NULL || peer->poll == POLL_NONE) {
        return;
    }
    peer_phases_poll(&peer->poll, POLL_ENDS);
    state->subscription_count--;
    if (succeeded) {
        gossip_outcome_heard(peer, REACH_HEARD, now_ms);
    } else if (peer_phases_works(peer->reach)) {
        peer->exchange_at_ms = now_ms; /* is it still there? */
    }
    peer->subscribe_at_ms =
        succeeded ? now_ms : now_ms + gossip_pace_jitter(state, GOSSIP_BACK_OFF_MOST_MS);
    gossip_agenda_follow(state, peer);
}

/* What is under way there would have been answered by now, and nothing was heard since. */
static bool is_silent(const struct peer *peer, int64_t now_ms)
{
    int64_t since_ms = now_ms;
    if (peer->push != PUSH_NONE) {
        since_ms = peer->pushed_ms;
    } else if (peer_phases_exchanges(peer->exchange) && !peer_phases_works(peer->reach)) {
        since_ms = peer->asked_ms;
    }
    return now_ms - since_ms >= GOSSIP_DELIVERY_WAIT_MS && peer->contact_ms < since_ms;
}

/* Who calls us may be back, until the first call to it since then fails: who but calls us is never
 * reached by one. */
static bool is_back(const struct peer *peer)
{
    bool begun = peer_phases_exchanges(peer->exchange);
    return peer->back_ms != 0 && (!begun || peer->asked_ms >= peer->back_ms);
}

/* A call to who fails and was not heard of since then may take seconds to fail again. Who refused
 * once may have heard by the next call who we are. */
static bool is_worth_waiting_for(const struct peer *peer, int64_t now_ms)
{
    bool called = peer->push != PUSH_NONE || peer_phases_exchanges(peer->exchange);
    int64_t soon_ms = now_ms + (peer->failures > 1 ? GOSSIP_RECALL_MS : GOSSIP_DELIVERY_WAIT_MS);
    bool is_near = peer_phases_is_known(peer->reach) &&
                   (!peer_phases_calls_only(peer->reach) || is_back(peer));
    bool is_there =
        peer_phases_works(peer->reach) || (is_near && (called || peer->exchange_at_ms < soon_ms));
    return is_there && !is_silent(peer, now_ms);
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
    if (peer == NULL || !is_worth_waiting_for(peer, now_ms)) {
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

static void begin_exchange(struct gossip_state *state, struct peer *peer, int64_t now_ms,
                           struct gossip_action *out)
{
    out->urgency = peer->urgency = gossip_agenda_urgency(peer);
    peer->hinted = false;
    if (now_ms >= peer->by_cursor_until_ms) {
        peer->by_cursor_until_ms = 0;
    }
    if (!peer_phases_pauses(peer->exchange)) {
        gossip_spread_close_gap(state, peer);
    }
    bool by_cursor = peer->by_cursor_until_ms != 0;
    peer_phases_exchange(&peer->exchange, by_cursor ? EXCHANGE_BEGINS_BY_CURSOR : EXCHANGE_BEGINS);
    state->try_count += is_trying(peer) ? 1 : 0;
    state->tries_begun += is_trying(peer) ? 1 : 0;
    out->kind = by_cursor ? GOSSIP_CURSOR : GOSSIP_RECONCILE;
    out->cursor = peer->cursor;
    if (by_cursor) {
        peer->queue_count = 0; /* the exchange reaches at least as far */
    }
    peer->asked_ms = now_ms;
    gossip_pace_count(peer, now_ms);
}

static void begin_subscription(struct gossip_state *state, struct peer *peer, int64_t now_ms,
                               struct gossip_action *out)
{
    out->kind = GOSSIP_SUBSCRIBE;
    gossip_pace_count(peer, now_ms);
    peer_phases_poll(&peer->poll, POLL_BEGINS);
    state->subscription_count++;
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
    peer->pushed_ms = now_ms;
    gossip_pace_push(peer, now_ms);
    peer_phases_push(&peer->push, PUSH_BEGINS);
    peer->taken_through = state->last_seq;
}

static bool next_for_peer(struct gossip_state *state, struct peer *peer, enum gossip_agenda why,
                          int64_t now_ms, struct gossip_action *out)
{
    out->peer = peer->entry.node_id;
    if (peer_phases_is_online(peer->reach) && gossip_watch_stale_at(peer) <= now_ms) {
        peer_phases_reach(&peer->reach, REACH_SILENT);
    }
    if (peer_phases_is_online(peer->reach) != peer->online) {
        peer->online = !peer->online;
        out->kind = GOSSIP_PRESENCE;
        out->online = peer->online;
        return true;
    }
    if (why == GOSSIP_AGENDA_SUBSCRIPTIONS && gossip_agenda_subscribe_at(peer) <= now_ms) {
        begin_subscription(state, peer, now_ms, out);
        return true;
    }
    bool tries = gossip_agenda_urgency(peer) == URGENCY_TRY;
    bool push = gossip_agenda_push_at(peer) <= now_ms;
    bool exchange =
        gossip_agenda_exchange_at(state, peer) <= now_ms && (!tries || why == GOSSIP_AGENDA_TRIES);
    if (push && (!exchange || peer_phases_pauses(peer->exchange))) {
        begin_push(state, peer, now_ms, out);
    } else if (exchange) {
        begin_exchange(state, peer, now_ms, out);
    }
    return exchange || push;
}

bool gossip_state_next(struct gossip_state *state, int64_t now_ms, struct gossip_action *action_out)
{
    enum gossip_agenda why = GOSSIP_AGENDA_CALLS;
    struct peer *peer = NULL;
    bool acts = false;
    state->now_ms = now_ms;
    action_out->seq_count = 0;
    if (gossip_state_next_answer(state, now_ms, action_out)) {
        return true;
    }
    while (!acts && (peer = gossip_agenda_first(state, &why)) != NULL) {
        acts = next_for_peer(state, peer, why, now_ms, action_out);
        gossip_agenda_follow(state, peer);
    }
    return acts;
}

int64_t gossip_state_wake_at(const struct gossip_state *state)
{
    int64_t answer_ms = send_waiters_due(&state->waiters);
    int64_t due_ms = gossip_agenda_wake_at(state);
    return answer_ms < due_ms ? answer_ms : due_ms;
}

void gossip_state_set_link(struct gossip_state *state, const struct node_id *node_id, void *link)
{
    struct peer *peer = find(state, node_id);
    if (peer != NULL) {
        peer->link = link;
    }
}

void *gossip_state_get_link(const struct gossip_state *state, const struct node_id *node_id)
{
    const struct peer *peer = find(state, node_id);
    return peer == NULL ? NULL : peer->link;
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
