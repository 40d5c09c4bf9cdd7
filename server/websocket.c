#include "server/websocket.h"

#include <libwebsockets.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/inbox.h"
#include "core/limits.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/thread.h"
#include "protocol/event_kind.h"
#include "server/long_polls.h"
#include "server/process.h"
#include "server/websocket_subscriber.h"

enum { MOST_ITEMS = 4096, TAKEN_AT_ONCE = 256 };

enum item_kind { ITEM_FRAME, ITEM_ADOPT };

struct item {
    enum item_kind kind;
    struct websocket_frame *frame;
    int descriptor;
    char *answer; /* to the handshake */
    struct websocket_subscription subscription;
};

struct websocket_hub {
    struct websocket_feed feed;
    struct inbox *inbox;
    struct thread *thread;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    struct lws_sorted_usec_list tick;
    struct websocket_subscriber *subscribers;
    struct long_polls polls;
    atomic_bool has_polls; /* the tick is needed */
    bool ticks;
    const struct item *adopting; /* the connection that lws is taking over, until it has */
    size_t most;
    atomic_size_t taken; /* connections that were taken over and are not closed yet */
    atomic_llong told;   /* of the events up to this number all frames were posted */
    struct lock *lock;
    struct websocket_catch_up *caught_up; /* read for subscribers, the last first */
    bool missed;
    bool stopping;
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length);

static const struct lws_protocols protocols[] = {
    {"hearthnet-bus.v2", on_event, sizeof(struct websocket_subscriber), 4096, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static void on_tick(struct lws_sorted_usec_list *tick)
{
    struct websocket_hub *hub = lws_container_of(tick, struct websocket_hub, tick);
    atomic_store(&hub->has_polls, false);
    hub->ticks = long_polls_expire(&hub->polls, clock_monotonic_ms(hub->feed.parts->clock));
    if (hub->ticks) {
        lws_sul_schedule(hub->lws, 0, &hub->tick, on_tick, LWS_US_PER_SEC);
    }
}

static void open_subscriber(struct websocket_hub *hub, struct websocket_subscriber *subscriber,
                            struct lws *wsi)
{
    websocket_subscriber_open(subscriber, wsi, &hub->feed, &hub->adopting->subscription,
                              hub->adopting->answer);
    hub->adopting = NULL;
    subscriber->next = hub->subscribers;
    hub->subscribers = subscriber;
}

static void close_subscriber(struct websocket_hub *hub, struct websocket_subscriber *subscriber)
{
    struct websocket_subscriber **at = &hub->subscribers;
    while (*at != NULL && *at != subscriber) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = subscriber->next;
    }
    websocket_subscriber_close(subscriber);
    (void)atomic_fetch_sub(&hub->taken, 1);
}

/* As bytes, not as a WebSocket of lws, which takes much that RFC 6455 forbids. It owns the
 * descriptor, on failure too. */
static void adopt(struct websocket_hub *hub, struct item *item)
{
    lws_sock_file_fd_type descriptor = {.sockfd = item->descriptor};
    hub->adopting = item;
    (void)lws_adopt_descriptor_vhost(hub->vhost, LWS_ADOPT_SOCKET, descriptor, protocols[0].name,
                                     NULL);
    if (hub->adopting != NULL) { /* no subscriber came of it */
        hub->adopting = NULL;
        (void)atomic_fetch_sub(&hub->taken, 1);
        log_write(LOG_DEBUG, "websocket.not_adopted", NULL);
    }
    memory_free(item->answer);
    memory_free(item);
}

static void notify_subscribers(struct websocket_hub *hub)
{
    for (struct websocket_subscriber *subscriber = hub->subscribers; subscriber != NULL;
         subscriber = subscriber->next) {
        websocket_subscriber_check_pace(subscriber);
        (void)lws_callback_on_writable(subscriber->wsi);
    }
}

static bool recover_missed(struct websocket_hub *hub)
{
    lock_take(hub->lock);
    bool missed = hub->missed;
    hub->missed = false;
    lock_release(hub->lock);
    if (!missed) {
        return false;
    }
    websocket_ring_reset(&hub->feed.ring, websocket_subscriber_last_seq(&hub->feed));
    for (struct websocket_subscriber *subscriber = hub->subscribers; subscriber != NULL;
         subscriber = subscriber->next) {
        websocket_subscriber_reset(subscriber);
    }
    return true;
}

static void wake(void *context)
{
    struct websocket_hub *hub = context;
    if (hub->lws != NULL) {
        lws_cancel_service(hub->lws);
    }
}

/* On a reader's thread. */
static void on_caught_up(struct websocket_catch_up *catch_up)
{
    struct websocket_hub *hub = catch_up->hub;
    lock_take(hub->lock);
    catch_up->next = hub->caught_up;
    hub->caught_up = catch_up;
    lock_release(hub->lock);
    wake(hub);
}

static void take_caught_up(struct websocket_hub *hub)
{
    lock_take(hub->lock);
    struct websocket_catch_up *catch_up = hub->caught_up;
    hub->caught_up = NULL;
    lock_release(hub->lock);
    while (catch_up != NULL) {
        struct websocket_catch_up *next = catch_up->next;
        if (catch_up->subscriber != NULL) {
            websocket_subscriber_caught_up(catch_up->subscriber);
        } else {
            websocket_catch_up_destroy(&catch_up);
        }
        catch_up = next;
    }
}

static size_t take_items(struct websocket_hub *hub)
{
    void *items[TAKEN_AT_ONCE];
    bool stored = false;
    size_t count = inbox_take(hub->inbox, items, TAKEN_AT_ONCE, 0);
    take_caught_up(hub);
    for (size_t i = 0; i < count; i++) {
        struct item *item = items[i];
        switch (item->kind) {
        case ITEM_FRAME:
            stored = true;
            websocket_ring_publish(&hub->feed.ring, item->frame);
            memory_free(item);
            break;
        case ITEM_ADOPT:
            adopt(hub, item);
            break;
        }
    }
    if (recover_missed(hub) || stored) {
        notify_subscribers(hub);
    }
    if (!hub->ticks && atomic_load(&hub->has_polls)) {
        hub->ticks = true;
        lws_sul_schedule(hub->lws, 0, &hub->tick, on_tick, LWS_US_PER_SEC);
    }
    if (count == TAKEN_AT_ONCE) { /* the rest in a round of its own: others are served between */
        lws_cancel_service(hub->lws);
    }
    return count;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t length)
{
    struct websocket_hub *hub = lws_context_user(lws_get_context(wsi));
    struct websocket_subscriber *subscriber = user;
    switch ((int)reason) {
    case LWS_CALLBACK_RAW_ADOPT:
        open_subscriber(hub, subscriber, wsi);
        return 0;
    case LWS_CALLBACK_RAW_WRITEABLE:
        return websocket_subscriber_write(subscriber);
    case LWS_CALLBACK_RAW_RX:
        return websocket_subscriber_receive(subscriber, in, length);
    case LWS_CALLBACK_TIMER:
        return websocket_subscriber_tick(subscriber);
    case LWS_CALLBACK_RAW_CLOSE:
        close_subscriber(hub, subscriber);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        (void)take_items(hub);
        return 0;
    default:
        return 0;
    }
}

static void on_lws_log(int level, const char *line)
{
    (void)level;
    log_write(LOG_DEBUG, "websocket", "message", line, NULL);
}

static void run(void *context)
{
    struct websocket_hub *hub = context;
    bool stopping = false;
    thread_forbid(THREAD_SLOW_WORK);
    while (!stopping && lws_service(hub->lws, 0) >= 0) {
        lock_take(hub->lock);
        stopping = hub->stopping;
        lock_release(hub->lock);
    }
    while (take_items(hub) > 0) {
    }
    for (struct websocket_subscriber *at = hub->subscribers; at != NULL; at = at->next) {
        websocket_subscriber_leave(at);
    }
    long_polls_finish(&hub->polls);
}

enum result websocket_start(const struct node_parts *parts, struct readers *readers,
                            struct websocket_hub **hub_out)
{
    struct websocket_hub *hub = memory_allocate(1, sizeof *hub);
    hub->feed.parts = parts;
    hub->most = process_afford_connections(LIMITS_WEBSOCKETS);
    hub->feed.readers = readers;
    hub->feed.caught_up = on_caught_up;
    hub->feed.hub = hub;
    long_polls_init(&hub->polls, parts);
    hub->lock = lock_create();
    atomic_store(&hub->told, websocket_subscriber_last_seq(&hub->feed));
    websocket_ring_init(&hub->feed.ring, atomic_load(&hub->told));
    lws_set_log_level(LLL_ERR | LLL_WARN, on_lws_log);
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .user = hub,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6,
        .gid = -1,
        .uid = -1,
    };
    hub->lws = lws_create_context(&info);
    info.vhost_name = "local";
    hub->vhost = hub->lws == NULL ? NULL : lws_create_vhost(hub->lws, &info);
    hub->inbox = inbox_create(MOST_ITEMS, wake, hub);
    if (hub->vhost == NULL || thread_start("websocket", run, hub, &hub->thread) != RESULT_OK) {
        websocket_destroy(&hub);
        return RESULT_IO;
    }
    *hub_out = hub;
    return RESULT_OK;
}

void websocket_stop(struct websocket_hub *hub)
{
    if (hub == NULL) {
        return;
    }
    inbox_close(hub->inbox); /* nothing comes once the thread is gone */
    lock_take(hub->lock);
    hub->stopping = true;
    lock_release(hub->lock);
    wake(hub);
    thread_join(&hub->thread);
}

void websocket_destroy(struct websocket_hub **hub_pointer)
{
    struct websocket_hub *hub = *hub_pointer;
    if (hub == NULL) {
        return;
    }
    if (hub->lws != NULL) {
        lws_context_destroy(hub->lws);
    }
    take_caught_up(hub);
    websocket_ring_deinit(&hub->feed.ring);
    long_polls_deinit(&hub->polls);
    inbox_destroy(&hub->inbox);
    lock_destroy(&hub->lock);
    memory_free(hub);
    *hub_pointer = NULL;
}

bool websocket_read_topic(const struct node_id *self, const char *topic,
                          struct websocket_subscription *subscription)
{
    static const char messages[] = "chat.message.";
    char id[NODE_ID_TEXT_BYTES];
    char short_id[NODE_ID_SHORT_BYTES];
    char *target = NULL;
    if (strcmp(topic, "member.changed") == 0) {
        target = subscription->members_topic;
    } else if (strcmp(topic, "peer.changed") == 0) {
        target = subscription->peers_topic;
    } else if (strncmp(topic, messages, sizeof messages - 1) == 0) {
        node_id_format(self, id);
        node_id_format_short(self, short_id);
        const char *named = topic + sizeof messages - 1;
        if (strcmp(named, id) == 0 || strcmp(named, short_id) == 0) {
            target = subscription->messages_topic;
        }
    }
    if (target == NULL) {
        return false;
    }
    (void)snprintf(target, WEBSOCKET_MOST_TOPIC_BYTES, "%s", topic);
    return true;
}

bool websocket_has_room(struct websocket_hub *hub)
{
    return atomic_load(&hub->taken) < hub->most;
}

void websocket_adopt(struct websocket_hub *hub, int descriptor, const char *answer,
                     const struct websocket_subscription *subscription)
{
    struct item *item = memory_allocate(1, sizeof *item);
    item->kind = ITEM_ADOPT;
    item->descriptor = descriptor;
    item->answer = memory_duplicate_string(answer);
    item->subscription = *subscription;
    (void)atomic_fetch_add(&hub->taken, 1);
    if (inbox_post(hub->inbox, item) != RESULT_OK) {
        (void)atomic_fetch_sub(&hub->taken, 1);
        (void)close(descriptor);
        memory_free(item->answer);
        memory_free(item);
    }
}

void websocket_long_poll(struct websocket_hub *hub, struct request *request, int64_t last_seq,
                         const char *life, int64_t timeout_s)
{
    struct long_poll *poll = memory_allocate(1, sizeof *poll);
    poll->request = request;
    poll->last_seq = last_seq;
    (void)snprintf(poll->life, sizeof poll->life, "%s", life);
    poll->for_peer = request->caller.level != CALLER_SELF;
    poll->whose = request->caller.node_id;
    poll->deadline_ms = clock_monotonic_ms(hub->feed.parts->clock) + timeout_s * 1000;
    long_polls_add(&hub->polls, poll);
    if (!atomic_exchange(&hub->has_polls, true)) {
        wake(hub);
    }
}

/* Everybody goes back to reading the log. */
static void reread_log(struct websocket_hub *hub)
{
    lock_take(hub->lock);
    hub->missed = true;
    lock_release(hub->lock);
}

void websocket_log_opened(struct websocket_hub *hub)
{
    atomic_store(&hub->told, websocket_subscriber_last_seq(&hub->feed));
    reread_log(hub);
    long_polls_wake_all(&hub->polls);
    wake(hub);
}

/* A frame that finds no room is not lost: it is read from the log. */
static void publish(struct websocket_hub *hub, struct websocket_frame *frame)
{
    struct item *item = memory_allocate(1, sizeof *item);
    item->kind = ITEM_FRAME;
    item->frame = frame;
    if (inbox_post(hub->inbox, item) != RESULT_OK) {
        websocket_frame_destroy(&frame);
        memory_free(item);
        reread_log(hub);
        wake(hub); /* it may have taken everything before it could know */
    }
}

void websocket_events_stored(struct websocket_hub *hub, const struct committed_event *events,
                             size_t count)
{
    long_polls_stored(&hub->polls, events, count);
    for (size_t i = 0; i < count; i++) {
        size_t length = 0;
        const char *text = event_verified_text(events[i].event, &length);
        const struct event *event = event_verified_get(events[i].event);
        if (events[i].concerns_us) {
            publish(hub, websocket_frame_create(FRAME_MESSAGE, events[i].seq, text, length,
                                                events[i].opened));
        } else if (event_kind_get(event->type)->tells_of_members) {
            char node_id[NODE_ID_TEXT_BYTES];
            char data[128];
            node_id_format(&event->author, node_id);
            int bytes = snprintf(data, sizeof data, "{\"event_type\":\"%s\",\"node_id\":\"%s\"}",
                                 event_kind_name(event->type), node_id);
            publish(hub,
                    websocket_frame_create(FRAME_MEMBER, events[i].seq, data, (size_t)bytes, NULL));
        }
        atomic_store(&hub->told, events[i].seq); /* also of what concerns nobody here */
    }
}

/* `more`: further members, in the order of names. */
static void publish_peer(struct websocket_hub *hub, const struct node_id *peer, bool online,
                         const char *more)
{
    char node_id[NODE_ID_TEXT_BYTES];
    char data[192];
    node_id_format(peer, node_id);
    int bytes = snprintf(data, sizeof data, "{%s\"node_id\":\"%s\",\"online\":%s}", more, node_id,
                         online ? "true" : "false");
    publish(hub,
            websocket_frame_create(FRAME_PEER, atomic_load(&hub->told), data, (size_t)bytes, NULL));
}

void websocket_peer_changed(struct websocket_hub *hub, const struct node_id *peer, bool online)
{
    publish_peer(hub, peer, online, "");
}

void websocket_peer_lost(struct websocket_hub *hub, const struct node_id *peer, bool online,
                         int64_t lost_there)
{
    char more[48];
    (void)snprintf(more, sizeof more, "\"lost_there\":%lld,", (long long)lost_there);
    publish_peer(hub, peer, online, more);
}
