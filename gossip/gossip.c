#include "gossip/gossip.h"

#include <string.h>

#include "core/log.h"
#include "core/memory.h"
#include "gossip/gossip_private.h"

enum { MOST_MESSAGES = 4096, TAKEN_AT_ONCE = 256, SAVE_EVERY_MS = 5000 };

enum message_kind { MESSAGE_STORED, MESSAGE_CALLED, MESSAGE_WAIT };

struct message {
    enum message_kind kind;
    int64_t seq;
    struct node_id peer; /* STORED: the source; CALLED; WAIT: the recipient */
    bool has_peer;
    struct node_id concerned;
    bool has_concerned;
    bool members_changed;
    char event_id[ULID_TEXT_BYTES]; /* WAIT: the message; STORED: the target of a delivered receipt,
                                       or "" */
    struct waiting *waiting;
};

struct waiting {
    void (*done)(void *context, bool direct);
    void *context;
};

int64_t gossip_now(const struct gossip *gossip)
{
    return clock_monotonic_ms(gossip->options.clock);
}

static uint32_t random_below(void *context, uint32_t below)
{
    uint64_t number = 0;
    (void)context;
    signing_random(&number, sizeof number);
    return (uint32_t)(number % below);
}

static void answer(const struct gossip_action *action)
{
    struct waiting *waiting = action->token;
    waiting->done(waiting->context, action->direct);
    memory_free(waiting);
}

static void tell_presence(struct gossip *gossip, const struct gossip_action *action)
{
    char name[NODE_ID_SHORT_BYTES];
    struct peer_link *link = peer_links_find(gossip, &action->peer);
    lock_take(gossip->lock);
    link->presence.online = action->online;
    lock_release(gossip->lock);
    node_id_format_short(&action->peer, name);
    log_write(LOG_INFO, action->online ? "peer.online" : "peer.offline", "peer", name, NULL);
    if (gossip->options.on_presence != NULL) {
        gossip->options.on_presence(gossip->options.context, &action->peer, action->online);
    }
}

static void act(struct gossip *gossip, struct gossip_action *action)
{
    while (gossip_state_next(gossip->state, gossip_now(gossip), action)) {
        switch (action->kind) {
        case GOSSIP_PUSH:
        case GOSSIP_EXCHANGE:
            peer_exchange_start(gossip, action);
            break;
        case GOSSIP_ANSWER:
            answer(action);
            break;
        case GOSSIP_PRESENCE:
            tell_presence(gossip, action);
            break;
        }
    }
}

static void take_message(struct gossip *gossip, struct message *message)
{
    const struct node_id *peer = message->has_peer ? &message->peer : NULL;
    struct peer_link *link = NULL;
    switch (message->kind) {
    case MESSAGE_STORED:
        if (message->members_changed) {
            peer_links_follow_members(gossip);
        }
        gossip_state_event_stored(gossip->state, message->seq, peer,
                                  message->has_concerned ? &message->concerned : NULL);
        if (message->event_id[0] != '\0') {
            gossip_state_receipt_seen(gossip->state, message->event_id);
        }
        break;
    case MESSAGE_CALLED:
        link = peer_links_find(gossip, peer);
        if (link != NULL) {
            peer_links_seen(link);
            gossip_state_peer_called(gossip->state, peer, gossip_now(gossip));
        }
        break;
    case MESSAGE_WAIT:
        gossip_state_wait_delivery(gossip->state, peer, message->event_id, message->seq,
                                   message->waiting, gossip_now(gossip));
        break;
    }
    memory_free(message);
}

static void take_messages(struct gossip *gossip)
{
    void *messages[TAKEN_AT_ONCE];
    size_t count = 0;
    do {
        count = inbox_take(gossip->inbox, messages, TAKEN_AT_ONCE, 0);
        for (size_t i = 0; i < count; i++) {
            take_message(gossip, messages[i]);
        }
    } while (count > 0);
    lock_take(gossip->lock);
    bool missed = gossip->missed;
    gossip->missed = false;
    lock_release(gossip->lock);
    if (missed) {
        const struct log_snapshot *snapshot = event_log_acquire(gossip->options.log);
        gossip_state_events_missed(gossip->state, snapshot->last_seq, gossip_now(gossip));
        event_log_release(gossip->options.log, &snapshot);
        peer_links_follow_members(gossip);
    }
}

static void run(void *context)
{
    struct gossip *gossip = context;
    struct gossip_action *action = memory_allocate(1, sizeof *action);
    bool stopping = false;
    peer_links_follow_members(gossip);
    while (!stopping) {
        take_messages(gossip);
        act(gossip, action);
        if (gossip_now(gossip) >= gossip->save_at_ms) {
            peer_links_save(gossip);
            gossip->save_at_ms = gossip_now(gossip) + SAVE_EVERY_MS;
        }
        int64_t wake_at = gossip_state_wake_at(gossip->state);
        wake_at = gossip->save_at_ms < wake_at ? gossip->save_at_ms : wake_at;
        int64_t wait_ms = wake_at - gossip_now(gossip);
        http_transport_run(gossip->transport, wait_ms < 0 ? 0 : wait_ms);
        lock_take(gossip->lock);
        stopping = gossip->stopping;
        lock_release(gossip->lock);
    }
    take_messages(gossip);
    gossip_state_give_up_waiting(gossip->state);
    act(gossip, action);
    peer_links_save(gossip);
    memory_free(action);
}

static void wake(void *context)
{
    struct gossip *gossip = context;
    http_transport_wake(gossip->transport);
}

enum result gossip_start(const struct gossip_options *options, struct gossip **gossip_out)
{
    struct gossip *gossip = memory_allocate(1, sizeof *gossip);
    gossip->options = *options;
    gossip->lock = lock_create();
    gossip->transport = http_transport_create();
    gossip->inbox = inbox_create(MOST_MESSAGES, wake, gossip);
    gossip->state = gossip_state_create(random_below, NULL);
    const struct log_snapshot *snapshot = event_log_acquire(options->log);
    gossip->community_id = snapshot->membership->community_id;
    event_log_release(options->log, &snapshot);
    enum result result = thread_start("gossip", run, gossip, &gossip->thread);
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
    lock_take(gossip->lock);
    gossip->stopping = true;
    lock_release(gossip->lock);
    inbox_close(gossip->inbox);
    thread_join(&gossip->thread);
}

void gossip_destroy(struct gossip **gossip_pointer)
{
    struct gossip *gossip = *gossip_pointer;
    if (gossip == NULL) {
        return;
    }
    http_transport_destroy(&gossip->transport);
    while (gossip->link_count > 0) {
        peer_links_free(gossip, gossip->links[0]);
    }
    memory_free(gossip->links);
    gossip_state_destroy(&gossip->state);
    inbox_destroy(&gossip->inbox);
    lock_destroy(&gossip->lock);
    memory_free(gossip);
    *gossip_pointer = NULL;
}

static struct message *describe(const struct committed_event *committed)
{
    const struct event *event = verified_event_get(committed->event);
    struct message *message = memory_allocate(1, sizeof *message);
    message->kind = MESSAGE_STORED;
    message->seq = committed->seq;
    message->members_changed = event_type_is_community(event->type);
    if (committed->source != NULL) {
        message->has_peer = true;
        message->peer = *committed->source;
    }
    if (event->type == EVENT_MESSAGE_SENT) {
        message->has_concerned = true;
        message->concerned = event->data.message.recipient;
    } else if (event->type == EVENT_MESSAGE_DELIVERED && committed->concerns_us) {
        memcpy(message->event_id, event->data.receipt.target_event_id, sizeof message->event_id);
    }
    return message;
}

void gossip_events_stored(struct gossip *gossip, const struct committed_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct message *message = describe(&events[i]);
        if (inbox_post(gossip->inbox, message) != RESULT_OK) {
            memory_free(message);
            lock_take(gossip->lock);
            gossip->missed = true;
            lock_release(gossip->lock);
        }
    }
}

void gossip_peer_called(struct gossip *gossip, const struct node_id *peer)
{
    struct message *message = memory_allocate(1, sizeof *message);
    message->kind = MESSAGE_CALLED;
    message->has_peer = true;
    message->peer = *peer;
    if (inbox_post(gossip->inbox, message) != RESULT_OK) {
        memory_free(message); /* it calls again */
    }
}

enum result gossip_wait_delivery(struct gossip *gossip, const struct node_id *recipient,
                                 const char *event_id, int64_t seq,
                                 void (*done)(void *context, bool direct), void *context)
{
    struct message *message = memory_allocate(1, sizeof *message);
    message->kind = MESSAGE_WAIT;
    message->has_peer = true;
    message->peer = *recipient;
    message->seq = seq;
    memcpy(message->event_id, event_id, sizeof message->event_id);
    message->waiting = memory_allocate(1, sizeof *message->waiting);
    *message->waiting = (struct waiting){done, context};
    if (inbox_post(gossip->inbox, message) != RESULT_OK) {
        memory_free(message->waiting);
        memory_free(message);
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
