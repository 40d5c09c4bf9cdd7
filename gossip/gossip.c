#include "gossip/gossip.h"

#include <string.h>

#include "core/inbox.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "gossip/event_batch.h"
#include "gossip/gossip_state.h"
#include "protocol/canonical.h"
#include "protocol/fields.h"
#include "store/event_reader.h"

enum { MOST_MESSAGES = 4096, TAKEN_AT_ONCE = 256, SAVE_EVERY_MS = 5000, MOST_URL_BYTES = 320 };

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

/* What the driver knows of a peer; the state machine knows the rest. */
struct link {
    struct gossip *gossip;
    struct node_id node_id;
    struct endpoints endpoints;
    size_t endpoint; /* the one that worked last */
    size_t tried;    /* of the request under way */
    struct buffer body;
    int64_t through;
    bool more;
    bool removed; /* no member any more; freed when its request ends */
    bool busy;
    struct peer_presence presence;
    bool dirty;
};

struct gossip {
    struct gossip_options options;
    struct node_id community_id;
    struct inbox *inbox;
    struct thread *thread;
    struct http_transport *transport;
    struct gossip_state *state;
    struct link **links;
    size_t link_count;
    int64_t save_at_ms;
    struct lock *lock; /* guards what follows, and the presence in the links */
    bool stopping;
    bool missed; /* the inbox was full */
    bool reached_anybody;
};

static int64_t now(const struct gossip *gossip)
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

static struct link *find_link(const struct gossip *gossip, const struct node_id *node_id)
{
    for (size_t i = 0; i < gossip->link_count; i++) {
        if (!gossip->links[i]->removed && node_id_equal(&gossip->links[i]->node_id, node_id)) {
            return gossip->links[i];
        }
    }
    return NULL;
}

static void add_link(struct gossip *gossip, const struct node_id *node_id)
{
    struct link *link = memory_allocate(1, sizeof *link);
    link->gossip = gossip;
    link->node_id = *node_id;
    lock_take(gossip->lock);
    gossip->links = memory_resize(gossip->links, gossip->link_count + 1, sizeof(struct link *));
    gossip->links[gossip->link_count++] = link;
    lock_release(gossip->lock);
}

static void free_link(struct gossip *gossip, struct link *link)
{
    lock_take(gossip->lock);
    for (size_t i = 0; i < gossip->link_count; i++) {
        if (gossip->links[i] == link) {
            gossip->links[i] = gossip->links[--gossip->link_count];
            break;
        }
    }
    lock_release(gossip->lock);
    buffer_deinit(&link->body);
    memory_free(link);
}

struct known_peers {
    struct peer_record *records;
    size_t count;
};

static void collect_peer(void *context, const struct peer_record *record)
{
    struct known_peers *known = context;
    known->records = memory_resize(known->records, known->count + 1, sizeof *known->records);
    known->records[known->count++] = *record;
}

static void adopt_member(struct gossip *gossip, const struct member *member,
                         const struct known_peers *known)
{
    int64_t cursor = 0;
    if (find_link(gossip, &member->node_id) == NULL) {
        add_link(gossip, &member->node_id);
        for (size_t i = 0; i < known->count; i++) {
            if (node_id_equal(&known->records[i].node_id, &member->node_id)) {
                cursor = known->records[i].cursor;
                lock_take(gossip->lock);
                find_link(gossip, &member->node_id)->presence.last_seen =
                    known->records[i].last_seen;
                lock_release(gossip->lock);
            }
        }
        gossip_state_add_peer(gossip->state, &member->node_id, cursor, now(gossip));
    }
    struct link *link = find_link(gossip, &member->node_id);
    if (!endpoints_equal(&link->endpoints, &member->endpoints)) {
        link->endpoints = member->endpoints;
        link->endpoint = 0;
    }
}

/* Members come, go and move. */
static void follow_members(struct gossip *gossip)
{
    struct known_peers known = {0};
    (void)event_reader_peers(gossip->options.log, collect_peer, &known);
    const struct log_snapshot *snapshot = event_log_acquire(gossip->options.log);
    const struct membership *membership = snapshot->membership;
    for (size_t i = 0; i < membership->member_count; i++) {
        const struct member *member = &membership->members[i];
        if (!node_id_equal(&member->node_id, &gossip->options.key->node_id)) {
            adopt_member(gossip, member, &known);
        }
    }
    for (size_t i = gossip->link_count; i-- > 0;) {
        struct link *link = gossip->links[i];
        if (!link->removed && membership_find(membership, &link->node_id) == NULL) {
            gossip_state_remove_peer(gossip->state, &link->node_id);
            lock_take(gossip->lock);
            link->removed = true;
            lock_release(gossip->lock);
            if (!link->busy) {
                free_link(gossip, link);
            }
        }
    }
    event_log_release(gossip->options.log, &snapshot);
    memory_free(known.records);
}

static void seen(struct link *link)
{
    lock_take(link->gossip->lock);
    link->presence.last_seen = clock_wall_ms(link->gossip->options.clock) / 1000;
    link->gossip->reached_anybody = true;
    lock_release(link->gossip->lock);
    link->dirty = true;
}

static void ignore_received(void *context, const struct receive_answer *answer)
{
    (void)context;
    (void)answer;
}

/* What the peer has above our head. */
static void take_events(struct link *link, const json_t *answer)
{
    struct gossip *gossip = link->gossip;
    struct event_batch batch;
    const json_t *events = NULL;
    if (!fields_array(answer, "events", &events) ||
        json_array_size(events) > 2 * EVENT_BATCH_MOST_EVENTS) {
        return;
    }
    event_batch_read(gossip->options.log, events, &gossip->community_id, &batch);
    if (batch.count > 0) {
        (void)event_log_receive(gossip->options.log, batch.events, batch.count, &link->node_id,
                                ignore_received, NULL);
        batch.events = NULL;
    }
    event_batch_deinit(&batch);
}

/* The answer to /sync/v1/events. False when it is none. */
static bool read_answer(struct link *link, const struct buffer *body,
                        struct gossip_outcome *outcome)
{
    json_t *answer = NULL;
    const json_t *reasons = NULL;
    size_t index;
    json_t *reason;
    if (canonical_parse(buffer_text(body), body->length_bytes, CANONICAL_MOST_NESTING_REQUEST,
                        &answer, NULL) != RESULT_OK ||
        !fields_array(answer, "rejected_reasons", &reasons)) {
        json_decref(answer);
        return false;
    }
    outcome->rejected = memory_allocate(json_array_size(reasons), sizeof *outcome->rejected);
    json_array_foreach(reasons, index, reason)
    {
        const char *event_id = NULL;
        if (fields_string(reason, "event_id", &event_id, NULL) && ulid_is_valid(event_id)) {
            memcpy(outcome->rejected[outcome->rejected_count++], event_id, ULID_TEXT_BYTES);
        }
    }
    take_events(link, answer);
    json_decref(answer);
    return true;
}

static void try_endpoint(struct link *link);

static void posted(void *context, enum result result, const struct http_answer *answer)
{
    struct link *link = context;
    struct gossip *gossip = link->gossip;
    struct gossip_outcome outcome = {.through = link->through, .more = link->more};
    if (result != RESULT_OK && !link->removed && ++link->tried < link->endpoints.count) {
        link->endpoint = (link->endpoint + 1) % link->endpoints.count;
        try_endpoint(link);
        return;
    }
    if (result == RESULT_OK && answer->status == 200 && !link->removed) {
        outcome.succeeded = read_answer(link, &answer->body, &outcome);
    }
    char name[NODE_ID_SHORT_BYTES];
    node_id_format_short(&link->node_id, name);
    if (outcome.succeeded) {
        seen(link);
    } else {
        log_write(LOG_DEBUG, "peer.failed", "peer", name, "reason",
                  result == RESULT_OK ? "refused" : result_name(result), NULL);
    }
    link->busy = false;
    buffer_deinit(&link->body);
    if (link->removed) {
        free_link(gossip, link);
    } else {
        gossip_state_finished(gossip->state, &link->node_id, &outcome, now(gossip));
    }
    memory_free(outcome.rejected);
}

static void try_endpoint(struct link *link)
{
    char base[MOST_URL_BYTES];
    struct http_answer nothing = {0};
    if (link->endpoints.count == 0) {
        posted(link, RESULT_UNREACHABLE, &nothing);
        return;
    }
    endpoint_format_url(&link->endpoints.list[link->endpoint % link->endpoints.count], base,
                        sizeof base);
    char *url = memory_format("%s/sync/v1/events", base);
    struct http_request request = {.url = url,
                                   .method = "POST",
                                   .body = link->body.data,
                                   .body_bytes = link->body.length_bytes,
                                   .peer = &link->node_id,
                                   .identity = link->gossip->options.identity};
    http_transport_send(link->gossip->transport, &request, posted, link);
    memory_free(url);
}

struct filling {
    struct event_batch_writer writer;
    int64_t through;
    bool full;
};

static bool fill(void *context, int64_t seq, int64_t lamport, const char *text, size_t length_bytes)
{
    struct filling *filling = context;
    (void)lamport;
    if (!event_batch_add(&filling->writer, text, length_bytes)) {
        filling->full = true;
        return false;
    }
    filling->through = seq;
    return true;
}

/* A push that does not fit into one request goes on as an exchange: the rest is reported as a gap.
 */
static void send_action(struct gossip *gossip, const struct gossip_action *action)
{
    struct filling filling = {.through = action->cursor};
    struct link *link = find_link(gossip, &action->peer);
    struct event_log *log = gossip->options.log;
    int64_t our_head = -1;
    event_batch_begin(&filling.writer, &gossip->community_id);
    if (action->kind == GOSSIP_EXCHANGE) {
        const struct log_snapshot *snapshot = event_log_acquire(log);
        int64_t last_seq = snapshot->last_seq;
        our_head = snapshot->head;
        event_log_release(log, &snapshot);
        (void)event_reader_after_seq(log, action->cursor, EVENT_BATCH_MOST_EVENTS + 1, fill,
                                     &filling);
        if (!filling.full && last_seq > filling.through) {
            filling.through = last_seq; /* what is left in between is kept aside */
        }
    } else {
        (void)event_reader_by_seq(log, action->seqs, action->seq_count, fill, &filling);
    }
    event_batch_end(&filling.writer, our_head);
    link->body = filling.writer.body;
    link->through = filling.through;
    link->more = filling.full;
    link->tried = 0;
    link->busy = true;
    try_endpoint(link);
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
    struct link *link = find_link(gossip, &action->peer);
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
    while (gossip_state_next(gossip->state, now(gossip), action)) {
        switch (action->kind) {
        case GOSSIP_PUSH:
        case GOSSIP_EXCHANGE:
            send_action(gossip, action);
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
    struct link *link = NULL;
    switch (message->kind) {
    case MESSAGE_STORED:
        if (message->members_changed) {
            follow_members(gossip);
        }
        gossip_state_event_stored(gossip->state, message->seq, peer,
                                  message->has_concerned ? &message->concerned : NULL);
        if (message->event_id[0] != '\0') {
            gossip_state_receipt_seen(gossip->state, message->event_id);
        }
        break;
    case MESSAGE_CALLED:
        link = find_link(gossip, peer);
        if (link != NULL) {
            seen(link);
            gossip_state_peer_called(gossip->state, peer, now(gossip));
        }
        break;
    case MESSAGE_WAIT:
        gossip_state_wait_delivery(gossip->state, peer, message->event_id, message->seq,
                                   message->waiting, now(gossip));
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
        gossip_state_events_missed(gossip->state, snapshot->last_seq, now(gossip));
        event_log_release(gossip->options.log, &snapshot);
        follow_members(gossip);
    }
}

static void save_peers(struct gossip *gossip)
{
    struct peer_record *records = memory_allocate(gossip->link_count, sizeof *records);
    size_t count = 0;
    for (size_t i = 0; i < gossip->link_count; i++) {
        struct link *link = gossip->links[i];
        struct peer_record record = {.node_id = link->node_id,
                                     .last_seen = link->presence.last_seen};
        bool online = false;
        if (link->dirty && !link->removed &&
            gossip_state_look(gossip->state, &link->node_id, &record.cursor, &online)) {
            records[count++] = record;
            link->dirty = false;
        }
    }
    if (count > 0) {
        (void)event_log_save_peers(gossip->options.log, records, count);
    }
    memory_free(records);
    gossip->save_at_ms = now(gossip) + SAVE_EVERY_MS;
}

static void run(void *context)
{
    struct gossip *gossip = context;
    struct gossip_action *action = memory_allocate(1, sizeof *action);
    bool stopping = false;
    follow_members(gossip);
    while (!stopping) {
        take_messages(gossip);
        act(gossip, action);
        if (now(gossip) >= gossip->save_at_ms) {
            save_peers(gossip);
        }
        int64_t wake_at = gossip_state_wake_at(gossip->state);
        wake_at = gossip->save_at_ms < wake_at ? gossip->save_at_ms : wake_at;
        int64_t wait_ms = wake_at - now(gossip);
        http_transport_run(gossip->transport, wait_ms < 0 ? 0 : wait_ms);
        lock_take(gossip->lock);
        stopping = gossip->stopping;
        lock_release(gossip->lock);
    }
    take_messages(gossip);
    gossip_state_give_up_waiting(gossip->state);
    act(gossip, action);
    save_peers(gossip);
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
        free_link(gossip, gossip->links[0]);
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
    const struct link *link = find_link(gossip, peer);
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
