#include "gossip/gossip.h"

#include <string.h>
#include <unistd.h>

#include "core/limits.h"
#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_news_private.h"
#include "gossip/gossip_private.h"
#include "gossip/gossip_work_private.h"
#include "gossip/peer_asking_private.h"
#include "gossip/peer_doors_private.h"
#include "protocol/event_kind.h"

enum { MOST_MESSAGES = 4096, TAKEN_AT_ONCE = 256, MOST_VERIFIERS = 4, CAUGHT_UP_MS = 30000 };

enum { MOST_PASSED_ON = 256 }; /* of a commit that brings more from others, nothing is passed on */

/* An event that was stored. */
struct stored {
    int64_t seq;
    bool has_source;
    struct node_id source;
    bool has_concerned;
    struct node_id concerned;
    bool written;                          /* to whom it concerns, by the owner */
    char target_event_id[ULID_TEXT_BYTES]; /* of a delivered receipt for us, or "" */
};

struct stored_events {
    struct gossip_news news;
    bool members_changed;
    bool catch_up; /* so many from others that they are not passed on */
    size_t count;
    struct stored stored[];
};

struct peer_news {
    struct gossip_news news;
    struct node_id peer;
};

/* A send that waits to be called direct; it is its own token. */
struct waiting {
    struct gossip_news news;
    struct node_id recipient;
    int64_t seq;
    char event_id[ULID_TEXT_BYTES];
    void (*done)(void *context, bool direct);
    void *context;
};

static void forget(struct gossip_news *news)
{
    memory_free(news);
}

/* Drawn many at once, which is one call of the system. */
static uint32_t random_below(void *context, uint32_t below)
{
    struct gossip *gossip = context;
    if (gossip->chances_left == 0) {
        gossip->chances_left = sizeof gossip->chances / sizeof *gossip->chances;
        signing_random(gossip->chances, sizeof gossip->chances);
    }
    return (uint32_t)(gossip->chances[--gossip->chances_left] % below);
}

static void answer(const struct gossip_action *action)
{
    struct waiting *waiting = action->token;
    waiting->done(waiting->context, action->direct);
    memory_free(waiting);
}

static void reconcile(struct peer_link *link, enum urgency urgency)
{
    link->exchange.urgency = urgency;
    peer_links_note_session(link);
    peer_session_step(link);
}

static void act(struct gossip *gossip, struct gossip_action *action)
{
    while (gossip_state_next(gossip->state, gossip_io_now(gossip), action)) {
        switch (action->kind) {
        case GOSSIP_PUSH:
        case GOSSIP_CURSOR:
            peer_push_start(gossip, action);
            break;
        case GOSSIP_RECONCILE:
            reconcile(peer_links_find(gossip, &action->peer), action->urgency);
            break;
        case GOSSIP_SUBSCRIBE:
            peer_subscription_start(peer_links_find(gossip, &action->peer));
            break;
        case GOSSIP_ANSWER:
            answer(action);
            break;
        case GOSSIP_PRESENCE:
            peer_links_tell_presence(peer_links_find(gossip, &action->peer), action->online);
            break;
        }
    }
}

/* Those who can be reached have it, as a rule. */
static bool is_of_backlog(const struct gossip *gossip, const struct node_id *source)
{
    return gossip->turns.holder != NULL && node_id_equal(&gossip->turns.holder->node_id, source);
}

static void take_stored(struct gossip *gossip, struct gossip_news *news)
{
    struct stored_events *events = (struct stored_events *)news;
    int64_t last_seq = 0;
    bool missed = events->catch_up;
    if (events->members_changed) {
        peer_links_follow_members(gossip);
    }
    for (size_t i = 0; i < events->count; i++) {
        const struct stored *stored = &events->stored[i];
        last_seq = stored->seq;
        if (stored->has_source && (events->catch_up || is_of_backlog(gossip, &stored->source))) {
            missed = true;
        } else {
            gossip_state_event_stored(gossip->state, stored->seq,
                                      stored->has_source ? &stored->source : NULL,
                                      stored->has_concerned ? &stored->concerned : NULL);
        }
        if (stored->written) {
            gossip_state_owner_wrote(gossip->state, stored->seq, &stored->concerned);
        }
        if (stored->target_event_id[0] != '\0') {
            gossip_state_receipt_seen(gossip->state, stored->target_event_id);
        }
    }
    if (missed) {
        gossip_state_events_missed(gossip->state, last_seq, false, gossip_io_now(gossip));
    }
    memory_free(events);
}

static void take_left(struct gossip *gossip, struct gossip_news *news)
{
    const struct peer_news *left = (const struct peer_news *)news;
    gossip_state_peer_left(gossip->state, &left->peer, gossip_io_now(gossip));
    memory_free(news);
}

static void take_fetches(struct gossip *gossip, struct gossip_news *news)
{
    struct peer_link *link = peer_links_find(gossip, &((struct peer_news *)news)->peer);
    if (link != NULL) {
        link->fetches_until_ms = gossip_io_now(gossip) + GOSSIP_FETCHING_MS;
    }
    memory_free(news);
}

static void take_waiting(struct gossip *gossip, struct gossip_news *news)
{
    struct waiting *waiting = (struct waiting *)news;
    gossip_state_wait_delivery(gossip->state, &waiting->recipient, waiting->event_id, waiting->seq,
                               waiting, gossip_io_now(gossip));
}

static void take_messages(struct gossip *gossip)
{
    void *messages[TAKEN_AT_ONCE];
    size_t count = 0;
    do {
        count = inbox_take(gossip->inbox, messages, TAKEN_AT_ONCE, 0);
        for (size_t i = 0; i < count; i++) {
            struct gossip_news *news = messages[i];
            news->take(gossip, news);
        }
    } while (count > 0);
    gossip_work_take(gossip);
    peer_receiving_take(gossip);
    lock_take(gossip->lock);
    bool missed = gossip->missed;
    gossip->missed = false;
    lock_release(gossip->lock);
    if (missed) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(gossip->options.log);
        gossip_state_events_missed(gossip->state, snapshot->last_seq, true, gossip_io_now(gossip));
        log_snapshot_release(gossip->options.log, &snapshot);
        peer_links_follow_members(gossip);
    }
}

/* Who has it all may be somebody who can't be reached, and reaches us. */
static void follow_catching_up(struct gossip *gossip)
{
    int64_t now_ms = gossip_io_now(gossip);
    if (!log_caught_up_is_awaited(gossip->options.log)) {
        gossip->caught_up_at_ms = INT64_MAX;
    } else if (gossip->caught_up_at_ms == INT64_MAX) {
        gossip->caught_up_at_ms = now_ms + CAUGHT_UP_MS;
    } else if (now_ms >= gossip->caught_up_at_ms && !peer_turn_is_used(gossip)) {
        gossip_io_tell_caught_up(gossip);
        gossip->caught_up_at_ms = now_ms + CAUGHT_UP_MS;
    }
}

int64_t gossip_step(struct gossip *gossip)
{
    do {
        take_messages(gossip);
        outward_calls_step(gossip->outward);
        act(gossip, gossip->action);
    } while (gossip_work_has_ended(gossip));
    if (gossip_io_now(gossip) >= gossip->save_at_ms) {
        peer_links_save(gossip);
    }
    follow_catching_up(gossip);
    gossip_progress_update(gossip);
    int64_t ask_at = peer_asking_step(gossip);
    int64_t search_at = peer_addresses_step(gossip);
    int64_t wake_at = gossip_state_wake_at(gossip->state);
    wake_at = ask_at < wake_at ? ask_at : wake_at;
    wake_at = search_at < wake_at ? search_at : wake_at;
    return gossip->save_at_ms < wake_at ? gossip->save_at_ms : wake_at;
}

/* Decides what waits; waits for the readers, and for the verifier and the writer, which may still
 * tell us something. */
static void finish(struct gossip *gossip)
{
    gossip->finishing = true;
    outward_calls_stop(gossip->outward);
    take_messages(gossip);
    peer_asking_give_up(gossip);
    gossip_state_give_up_waiting(gossip->state);
    while (gossip_state_next_answer(gossip->state, gossip_io_now(gossip), gossip->action)) {
        answer(gossip->action);
    }
    peer_links_save(gossip);
    peer_leaving_tell(gossip);
    for (bool waiting = true; waiting;) {
        gossip_work_take(gossip);
        peer_receiving_take(gossip);
        lock_take(gossip->lock);
        bool none = gossip->received == NULL && gossip->ended == NULL;
        if (none && gossip->receiving + gossip->working > 0) {
            (void)lock_wait(gossip->lock, -1);
        }
        waiting = gossip->received != NULL || gossip->receiving + gossip->working > 0;
        lock_release(gossip->lock);
    }
}

static void run(void *context)
{
    struct gossip *gossip = context;
    bool stopping = false;
    thread_forbid(THREAD_SLOW_WORK);
    while (!stopping) {
        int64_t wait_ms = gossip_step(gossip) - gossip_io_now(gossip);
        http_client_run(gossip->client, wait_ms < 0 ? 0 : wait_ms);
        lock_take(gossip->lock);
        stopping = gossip->stopping;
        lock_release(gossip->lock);
    }
    finish(gossip);
}

/* One a core, for a first sync; without a thread of our own, none. */
static size_t verifier_threads(const struct gossip *gossip)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (gossip->options.transport != NULL) {
        return 0;
    }
    return cores < 1 ? 1 : cores > MOST_VERIFIERS ? MOST_VERIFIERS : (size_t)cores;
}

enum result gossip_start(const struct gossip_options *options, struct gossip **gossip_out)
{
    struct gossip *gossip = memory_allocate(1, sizeof *gossip);
    gossip->options = *options;
    gossip->lock = lock_create();
    size_t most = options->most_connections < URGENCIES ? URGENCIES : options->most_connections;
    const struct http_guard guard = peer_doors_guard(gossip);
    gossip->client = options->transport == NULL ? http_client_create(most, &guard) : NULL;
    gossip->outward = outward_calls_create(options->clock, most, gossip_io_begin, gossip);
    gossip->inbox = inbox_create(MOST_MESSAGES, gossip_io_wake, gossip);
    gossip->state = gossip_state_create(random_below, gossip, gossip_io_now(gossip));
    gossip->action = memory_allocate(1, sizeof *gossip->action);
    gossip->fresh = fresh_events_create();
    gossip->refused = refused_hashes_create();
    gossip->skew = clock_skew_create();
    gossip->asking = peer_asking_create(gossip);
    gossip->doors = peer_doors_create();
    gossip->self.listener = options->listener;
    gossip->caught_up_at_ms = INT64_MAX;
    const struct log_snapshot *snapshot = log_snapshot_acquire(options->log);
    gossip->community_id = snapshot->membership->community_id;
    log_snapshot_release(options->log, &snapshot);
    peer_links_restore(gossip);
    enum result result =
        verifier_create(verifier_threads(gossip), &options->key->node_id, &gossip->verifier);
    if (result == RESULT_OK && options->transport == NULL) {
        result = thread_start("gossip", run, gossip, &gossip->thread);
    }
    if (result != RESULT_OK) {
        gossip_destroy(&gossip);
        return result;
    }
    *gossip_out = gossip;
    return RESULT_OK;
}

void gossip_stop(struct gossip *gossip)
{
    if (gossip == NULL) {
        return;
    }
    inbox_close(gossip->inbox); /* first: what is taken on is answered */
    lock_take(gossip->lock);
    gossip->stopping = true;
    lock_release(gossip->lock);
    gossip_io_wake(gossip);
    if (gossip->options.transport != NULL) {
        finish(gossip);
    }
    thread_join(&gossip->thread);
}

/* What was never taken: only where gossip is dropped without a stop, as a simulated kill does. */
static void forget_messages(struct gossip *gossip)
{
    void *item = NULL;
    while (gossip->inbox != NULL && inbox_take(gossip->inbox, &item, 1, 0) > 0) {
        struct gossip_news *news = item;
        news->forget(news);
    }
    gossip_work_forget(gossip);
}

void gossip_destroy(struct gossip **gossip_pointer)
{
    struct gossip *gossip = *gossip_pointer;
    if (gossip == NULL) {
        return;
    }
    verifier_destroy(&gossip->verifier);
    forget_messages(gossip);
    http_client_destroy(&gossip->client);
    outward_calls_destroy(&gossip->outward);
    while (gossip->links != NULL) {
        peer_links_free(gossip->links);
    }
    peer_addresses_forget_all(gossip);
    peer_asking_destroy(&gossip->asking);
    gossip_state_destroy(&gossip->state);
    knocks_destroy(&gossip->doors);
    fresh_events_destroy(&gossip->fresh);
    refused_hashes_destroy(&gossip->refused);
    clock_skew_destroy(&gossip->skew);
    memory_free(gossip->action);
    peer_receiving_forget(gossip);
    inbox_destroy(&gossip->inbox);
    lock_destroy(&gossip->lock);
    memory_free(gossip);
    *gossip_pointer = NULL;
}

/* Whom it concerns: the recipient of a message, the sender for a receipt of ours (§11). */
static void describe(const struct committed_event *committed, struct stored *stored_out)
{
    const struct event *event = event_verified_get(committed->event);
    stored_out->seq = committed->seq;
    if (committed->source != NULL) {
        stored_out->has_source = true;
        stored_out->source = *committed->source;
    }
    if (event->type == EVENT_MESSAGE_SENT) {
        stored_out->has_concerned = true;
        stored_out->concerned = event->data.message.recipient;
        stored_out->written = committed->source == NULL;
    } else if (committed->source == NULL && event_kind_get(event->type)->is_receipt) {
        stored_out->has_concerned = committed->parties.known;
        stored_out->concerned = committed->parties.author;
    }
    if (event->type == EVENT_MESSAGE_DELIVERED && committed->concerns_us) {
        memcpy(stored_out->target_event_id, event->data.receipt.target_event_id,
               sizeof stored_out->target_event_id);
    }
}

enum result gossip_post(struct gossip *gossip, struct gossip_news *news)
{
    return inbox_post(gossip->inbox, news);
}

void gossip_events_stored(struct gossip *gossip, const struct committed_event *committed,
                          size_t count)
{
    size_t foreign = 0;
    fresh_events_add(gossip->fresh, committed, count); /* before anybody is to pass them on */
    struct stored_events *events =
        memory_allocate(1, sizeof *events + count * sizeof *events->stored);
    events->news = (struct gossip_news){take_stored, forget};
    events->count = count;
    for (size_t i = 0; i < count; i++) {
        describe(&committed[i], &events->stored[i]);
        events->members_changed =
            events->members_changed ||
            event_kind_get(event_verified_get(committed[i].event)->type)->tells_of_members;
        foreign += committed[i].source == NULL ? 0 : 1;
    }
    events->catch_up = foreign > MOST_PASSED_ON;
    if (gossip_post(gossip, &events->news) != RESULT_OK) {
        memory_free(events);
        lock_take(gossip->lock);
        gossip->missed = true;
        lock_release(gossip->lock);
    }
}

static void tell_of_peer(struct gossip *gossip, const struct node_id *peer,
                         void (*take)(struct gossip *gossip, struct gossip_news *news))
{
    struct peer_news *told = memory_allocate(1, sizeof *told);
    *told = (struct peer_news){{take, forget}, *peer};
    if (gossip_post(gossip, &told->news) != RESULT_OK) {
        memory_free(told); /* it fetches again; who left is found out */
    }
}

void gossip_peer_fetches(struct gossip *gossip, const struct node_id *peer)
{
    tell_of_peer(gossip, peer, take_fetches);
}

void gossip_peer_left(struct gossip *gossip, const struct node_id *peer)
{
    tell_of_peer(gossip, peer, take_left);
}

enum result gossip_wait_delivery(struct gossip *gossip, const struct node_id *recipient,
                                 const char *event_id, int64_t seq,
                                 void (*done)(void *context, bool direct), void *context)
{
    struct waiting *waiting = memory_allocate(1, sizeof *waiting);
    *waiting = (struct waiting){.news = {take_waiting, forget},
                                .recipient = *recipient,
                                .seq = seq,
                                .done = done,
                                .context = context};
    memcpy(waiting->event_id, event_id, sizeof waiting->event_id);
    if (gossip_post(gossip, &waiting->news) != RESULT_OK) {
        memory_free(waiting);
        return RESULT_FULL;
    }
    return RESULT_OK;
}

struct peer_presence gossip_presence(struct gossip *gossip, const struct node_id *peer)
{
    struct peer_presence presence = {0};
    lock_take(gossip->lock);
    const struct peer_link *link = peer_links_find(gossip, peer);
    if (link != NULL) {
        presence = link->presence;
    }
    lock_release(gossip->lock);
    return presence;
}

bool gossip_reached_anybody(struct gossip *gossip)
{
    lock_take(gossip->lock);
    bool reached = gossip->reached_anybody;
    lock_release(gossip->lock);
    return reached;
}

bool gossip_clock_skew(struct gossip *gossip, int64_t *seconds_out)
{
    return clock_skew_median(gossip->skew, seconds_out);
}
