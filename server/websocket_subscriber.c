#include "server/websocket_subscriber.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"

enum { CLOSE_GOING_AWAY = 1001, CLOSE_INTERNAL_ERROR = 1011, CLOSE_TRY_AGAIN_LATER = 1013 };

int64_t websocket_subscriber_last_seq(const struct websocket_feed *feed)
{
    struct event_log *log = feed->parts->log(feed->parts->node);
    if (log == NULL) {
        return 0;
    }
    const struct log_snapshot *snapshot = log_snapshot_acquire(log);
    int64_t seq = snapshot->last_seq;
    log_snapshot_release(log, &snapshot);
    return seq;
}

static const char *topic_of(const struct websocket_subscriber *subscriber,
                            const struct websocket_frame *frame)
{
    switch (frame->kind) {
    case FRAME_MESSAGE:
        return subscriber->subscription.messages_topic;
    case FRAME_MEMBER:
        return subscriber->subscription.members_topic;
    case FRAME_PEER:
        return subscriber->subscription.peers_topic;
    }
    return "";
}

/* Own events up to this seq come from the log: the ring lacks them, or they were there when it
 * subscribed, and the ring still has words that were deleted since. */
static int64_t log_end(const struct websocket_subscriber *subscriber)
{
    int64_t complete_after = subscriber->feed->ring.complete_after;
    return complete_after > subscriber->ready_seq ? complete_after : subscriber->ready_seq;
}

static bool is_behind(const struct websocket_subscriber *subscriber)
{
    const struct node_parts *parts = subscriber->feed->parts;
    return subscriber->cursor < log_end(subscriber) && parts->log(parts->node) != NULL &&
           subscriber->subscription.messages_topic[0] != '\0';
}

/* Reads on from the log, or goes live: the ring reaches back to the cursor. */
static void catch_up(struct websocket_subscriber *subscriber)
{
    const struct websocket_feed *feed = subscriber->feed;
    if (subscriber->position < feed->ring.first) {
        subscriber->position = feed->ring.first;
    }
    if (!is_behind(subscriber)) {
        subscriber_phases_feed(&subscriber->phase, FEED_LEVEL);
        return;
    }
    subscriber->catch_up = memory_allocate(1, sizeof *subscriber->catch_up);
    *subscriber->catch_up = (struct websocket_catch_up){.log = feed->parts->log(feed->parts->node),
                                                        .after_seq = subscriber->cursor,
                                                        .done = feed->caught_up,
                                                        .hub = feed->hub,
                                                        .subscriber = subscriber};
    subscriber_phases_feed(&subscriber->phase, FEED_ASKS);
    subscriber->pending_first = 0;
    websocket_catch_up_begin(subscriber->catch_up, feed->readers);
}

void websocket_subscriber_reset(struct websocket_subscriber *subscriber)
{
    subscriber_phases_feed(&subscriber->phase, FEED_RESET);
}

void websocket_subscriber_caught_up(struct websocket_subscriber *subscriber)
{
    subscriber_phases_feed(&subscriber->phase,
                           subscriber->catch_up->failed ? FEED_FAILS : FEED_COMES);
    (void)lws_callback_on_writable(subscriber->wsi);
}

/* The next of what was read; NULL: none is left but what the ring has. */
static const struct websocket_frame *next_pending(struct websocket_subscriber *subscriber)
{
    struct websocket_catch_up *read = subscriber->catch_up;
    bool is_left = subscriber->pending_first < read->count;
    if (is_left && read->frames[subscriber->pending_first]->seq <= log_end(subscriber)) {
        return read->frames[subscriber->pending_first];
    }
    int64_t through = is_left ? log_end(subscriber) : read->through;
    subscriber->cursor = through > subscriber->cursor ? through : subscriber->cursor;
    websocket_catch_up_destroy(&subscriber->catch_up);
    subscriber_phases_feed(&subscriber->phase, FEED_SENT);
    return NULL;
}

/* Whether the subscriber had it before it came, or has it from the log. */
static bool has_frame(const struct websocket_subscriber *subscriber,
                      const struct websocket_frame *frame)
{
    switch (frame->kind) {
    case FRAME_MESSAGE:
        return frame->seq <= subscriber->cursor;
    case FRAME_MEMBER:
        return frame->seq <= subscriber->start;
    case FRAME_PEER: /* has no number of its own, but that of the event before */
        return subscriber->from == 0 && frame->seq < subscriber->start;
    }
    return false;
}

static bool wants(const struct websocket_subscriber *subscriber,
                  const struct websocket_frame *frame)
{
    return !has_frame(subscriber, frame) && topic_of(subscriber, frame)[0] != '\0';
}

/* What else happened before the next of what was read; NULL: nothing that it wants. */
static const struct websocket_frame *next_between(struct websocket_subscriber *subscriber,
                                                  const struct websocket_frame *read)
{
    const struct websocket_ring *ring = &subscriber->feed->ring;
    uint64_t *position = &subscriber->position;
    const struct websocket_frame *frame = NULL;
    *position = *position < ring->first ? ring->first : *position;
    while ((frame = websocket_ring_get(ring, *position)) != NULL && frame->seq < read->seq &&
           (frame->kind == FRAME_MESSAGE || !wants(subscriber, frame))) {
        ++*position;
    }
    return frame != NULL && frame->seq < read->seq ? frame : NULL;
}

/* The next frame that this subscriber wants, NULL when there is none now. */
static const struct websocket_frame *next_frame(struct websocket_subscriber *subscriber)
{
    while (subscriber->phase == FEED_BEHIND || subscriber->phase == FEED_READ) {
        const struct websocket_frame *frame =
            subscriber->phase == FEED_READ ? next_pending(subscriber) : NULL;
        if (frame != NULL) {
            const struct websocket_frame *between = next_between(subscriber, frame);
            return between == NULL ? frame : between;
        }
        catch_up(subscriber);
    }
    if (subscriber->phase != FEED_LIVE) {
        return NULL;
    }
    for (;; subscriber->position++) {
        const struct websocket_frame *frame =
            websocket_ring_get(&subscriber->feed->ring, subscriber->position);
        if (frame == NULL || wants(subscriber, frame)) {
            return frame;
        }
    }
}

static void advance(struct websocket_subscriber *subscriber, const struct websocket_frame *frame)
{
    int64_t seq = frame->seq;
    if (subscriber->sent_count == WEBSOCKET_MOST_SENT_SEQS) {
        memmove(subscriber->sent, subscriber->sent + 1,
                (WEBSOCKET_MOST_SENT_SEQS - 1) * sizeof *subscriber->sent);
        subscriber->sent_count--;
    }
    subscriber->sent[subscriber->sent_count++] = seq;
    if (frame->kind == FRAME_MESSAGE) {
        subscriber->cursor = seq;
    }
    if (frame == websocket_ring_get(&subscriber->feed->ring, subscriber->position)) {
        subscriber->position++;
    } else {
        websocket_frame_destroy(&subscriber->catch_up->frames[subscriber->pending_first]);
        subscriber->catch_up->frames[subscriber->pending_first++] = NULL;
    }
}

/* Gives lws what is to be sent. While the socket does not take all of it, nothing is read: lws
 * would find it readable again and again. Whoever closed, or was closed, has until a deadline to
 * end it, and what they still send is read, or the end of the connection would overtake our close.
 */
static int settle(struct websocket_subscriber *subscriber)
{
    struct websocket_connection *connection = &subscriber->connection;
    struct buffer *out = &connection->out;
    struct lws *wsi = subscriber->wsi;
    if (out->length_bytes > 0 && lws_partial_buffered(wsi) == 0) {
        int written = lws_write(wsi, (unsigned char *)out->data, out->length_bytes, LWS_WRITE_RAW);
        buffer_deinit(out);
        if (written < 0) {
            return -1;
        }
    }
    bool stuck = lws_partial_buffered(wsi) != 0;
    if (stuck != subscriber->stuck) {
        subscriber->stuck = stuck;
        (void)lws_rx_flow_control(wsi, stuck ? 0 : 1);
    }
    if (connection->phase != WEBSOCKET_OPEN && subscriber->ending == ENDING_NONE) {
        subscriber_phases_end(&subscriber->ending, ENDING_CLOSES);
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LIMITS_WEBSOCKET_KILL_MS / 1000);
    }
    if (connection->phase == WEBSOCKET_CLOSED && !stuck && subscriber->ending == ENDING_SAID) {
        subscriber_phases_end(&subscriber->ending, ENDING_SHUTS);
        (void)shutdown(lws_get_socket_fd(wsi), SHUT_WR);
    }
    return 0;
}

static void send_ready(struct websocket_subscriber *subscriber)
{
    char text[160];
    bool lives = subscriber->life[0] != '\0';
    int length = snprintf(text, sizeof text, "{\"event\":\"ready\",%s%s%s%s\"seq\":%lld}",
                          subscriber->gap ? "\"gap\":true," : "", lives ? "\"log\":\"" : "",
                          subscriber->life, lives ? "\"," : "", (long long)subscriber->ready_seq);
    subscriber_phases_feed(&subscriber->phase, FEED_GREETED);
    websocket_connection_send(&subscriber->connection, text, (size_t)length);
}

static bool may_send(const struct websocket_subscriber *subscriber)
{
    return !subscriber->acknowledges || subscriber->sent_count < WEBSOCKET_MOST_UNACKNOWLEDGED;
}

static void send_frame(struct websocket_subscriber *subscriber, const struct websocket_frame *frame)
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, "{\"data\":");
    buffer_append(&text, frame->data, frame->data_bytes);
    buffer_append_text(&text, ",\"event\":\"published\"");
    if (frame->opened != NULL) {
        buffer_append_text(&text, ",\"opened\":");
        buffer_append(&text, frame->opened, frame->opened_bytes);
    }
    buffer_append_format(&text, ",\"seq\":%lld,\"topic\":\"%s\"}", (long long)frame->seq,
                         topic_of(subscriber, frame));
    websocket_connection_send(&subscriber->connection, text.data, text.length_bytes);
    buffer_deinit(&text);
    advance(subscriber, frame);
}

int websocket_subscriber_write(struct websocket_subscriber *subscriber)
{
    const struct websocket_frame *frame = NULL;
    if (subscriber->phase == FEED_OVERTAKEN) {
        websocket_connection_close(&subscriber->connection, CLOSE_TRY_AGAIN_LATER,
                                   "too slow; resume with since_seq");
    }
    if (subscriber->connection.phase != WEBSOCKET_OPEN) {
        return settle(subscriber); /* nothing follows a close: RFC 6455, 5.5.1 */
    }
    if (subscriber->phase == FEED_NEW) {
        send_ready(subscriber);
        (void)lws_callback_on_writable(subscriber->wsi);
    } else if (may_send(subscriber) && (frame = next_frame(subscriber)) != NULL) {
        send_frame(subscriber, frame);
        (void)lws_callback_on_writable(subscriber->wsi);
    } else if (subscriber->phase == FEED_BROKEN) { /* closed rather than with a gap */
        websocket_connection_close(&subscriber->connection, CLOSE_INTERNAL_ERROR,
                                   "the log can't be read; resume with since_seq");
    }
    return settle(subscriber);
}

/* Only acknowledgements mean anything; everything else is ignored. */
static void take_client_message(void *context, const char *bytes, size_t length_bytes)
{
    struct websocket_subscriber *subscriber = context;
    json_t *message = NULL;
    const char *type = "";
    int64_t upto = 0;
    if (canonical_parse(bytes, length_bytes, 4, &message, NULL) == RESULT_OK &&
        json_members_string(message, "type", &type, NULL) && strcmp(type, "ack") == 0 &&
        json_members_integer(message, "upto", 0, INT64_MAX, &upto)) {
        size_t acknowledged = 0;
        while (acknowledged < subscriber->sent_count && subscriber->sent[acknowledged] <= upto) {
            acknowledged++;
        }
        subscriber->sent_count -= acknowledged;
        memmove(subscriber->sent, subscriber->sent + acknowledged,
                subscriber->sent_count * sizeof *subscriber->sent);
        subscriber->acknowledges = true;
        (void)lws_callback_on_writable(subscriber->wsi);
    }
    json_decref(message);
}

static int64_t now_ms(const struct websocket_subscriber *subscriber)
{
    return clock_monotonic_ms(subscriber->feed->parts->clock);
}

int websocket_subscriber_receive(struct websocket_subscriber *subscriber, const char *bytes,
                                 size_t length_bytes)
{
    websocket_connection_receive(&subscriber->connection, bytes, length_bytes, now_ms(subscriber),
                                 take_client_message, subscriber);
    return settle(subscriber);
}

static void await_tick(struct websocket_subscriber *subscriber)
{
    lws_set_timer_usecs(subscriber->wsi, (lws_usec_t)LIMITS_WEBSOCKET_PING_MS * 1000);
}

int websocket_subscriber_tick(struct websocket_subscriber *subscriber)
{
    if (!websocket_connection_tick(&subscriber->connection, now_ms(subscriber))) {
        return -1;
    }
    await_tick(subscriber);
    return settle(subscriber);
}

/* Where the log stands, and whether it is the one that was asked for. */
static void look(struct websocket_subscriber *subscriber)
{
    const struct node_parts *parts = subscriber->feed->parts;
    const char *wanted = subscriber->subscription.life;
    struct event_log *log = parts->log(parts->node);
    if (log != NULL) {
        const struct log_snapshot *snapshot = log_snapshot_acquire(log);
        subscriber->ready_seq = snapshot->last_seq;
        memcpy(subscriber->life, snapshot->life, sizeof subscriber->life);
        log_snapshot_release(log, &snapshot);
    }
    subscriber->gap = wanted[0] != '\0' && strcmp(wanted, subscriber->life) != 0;
}

void websocket_subscriber_open(struct websocket_subscriber *subscriber, struct lws *wsi,
                               const struct websocket_feed *feed,
                               const struct websocket_subscription *subscription,
                               const char *answer)
{
    memset(subscriber, 0, sizeof *subscriber);
    subscriber->wsi = wsi;
    subscriber->feed = feed;
    websocket_connection_init(&subscriber->connection, answer, now_ms(subscriber));
    subscriber->subscription = *subscription;
    look(subscriber);
    subscriber->start = subscriber->ready_seq;
    if (subscriber->gap || subscription->since_seq < 0) {
        subscriber->from = feed->ring.next;
    } else if (subscription->since_seq < subscriber->ready_seq) {
        subscriber->start = subscription->since_seq;
    } /* a number from before a restored backup is above it */
    subscriber->cursor = subscriber->start;
    subscriber->position = subscriber->from;
    await_tick(subscriber);
    (void)lws_callback_on_writable(wsi);
}

void websocket_subscriber_leave(struct websocket_subscriber *subscriber)
{
    websocket_connection_close(&subscriber->connection, CLOSE_GOING_AWAY, "the node stops");
    (void)settle(subscriber);
}

void websocket_subscriber_close(struct websocket_subscriber *subscriber)
{
    if (subscriber->phase == FEED_READING) {
        subscriber->catch_up->subscriber = NULL; /* the hub frees it when it is done */
    } else if (subscriber->catch_up != NULL) {
        websocket_catch_up_destroy(&subscriber->catch_up);
    }
    websocket_connection_deinit(&subscriber->connection);
}

void websocket_subscriber_check_pace(struct websocket_subscriber *subscriber)
{
    if (subscriber->phase == FEED_LIVE && subscriber->position < subscriber->feed->ring.first) {
        /* A reader that is stuck never becomes writable: it gets a last chance, then the axe. */
        subscriber_phases_feed(&subscriber->phase, FEED_PASSED);
        lws_set_timeout(subscriber->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                        LIMITS_WEBSOCKET_KILL_MS / 1000);
    }
}
