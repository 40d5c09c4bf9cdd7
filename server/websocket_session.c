#include "server/websocket_session.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/fields.h"
#include "store/event_reader.h"

enum { CLOSE_TRY_AGAIN_LATER = 1013 };

int64_t websocket_feed_last_seq(const struct websocket_feed *feed)
{
    struct event_log *log = feed->parts->log(feed->parts->node);
    if (log == NULL) {
        return 0;
    }
    const struct log_snapshot *snapshot = event_log_acquire(log);
    int64_t seq = snapshot->last_seq;
    event_log_release(log, &snapshot);
    return seq;
}

static const char *topic_of(const struct websocket_session *session, const struct frame *frame)
{
    switch (frame->kind) {
    case FRAME_MESSAGE:
        return session->subscription.messages_topic;
    case FRAME_MEMBER:
        return session->subscription.members_topic;
    case FRAME_PEER:
        return session->subscription.peers_topic;
    }
    return "";
}

static bool add_pending(void *context, int64_t seq, int64_t lamport, const char *text,
                        size_t length_bytes)
{
    struct websocket_session *session = context;
    (void)lamport;
    session->pending[session->pending_count++] =
        frame_create(FRAME_MESSAGE, seq, text, length_bytes);
    return session->pending_count < WEBSOCKET_CATCH_UP_EVENTS;
}

/* Reads on from the log; goes live once the ring reaches back to the cursor. */
static void catch_up(struct websocket_session *session)
{
    struct event_log *log = session->feed->parts->log(session->feed->parts->node);
    session->pending_first = 0;
    session->pending_count = 0;
    if (session->cursor < session->feed->ring.complete_after && log != NULL &&
        session->subscription.messages_topic[0] != '\0') {
        session->broken =
            event_reader_own_after_seq(log, session->cursor, WEBSOCKET_CATCH_UP_EVENTS, add_pending,
                                       session) != RESULT_OK;
        if (session->pending_count > 0 || session->broken) {
            return;
        }
    }
    session->live = true;
    session->position = session->feed->ring.first;
}

/* The next frame that this session wants, NULL when there is none now. */
static const struct frame *next_frame(struct websocket_session *session)
{
    while (!session->live) {
        if (session->pending_first < session->pending_count) {
            return session->pending[session->pending_first];
        }
        if (session->broken) {
            return NULL;
        }
        catch_up(session);
    }
    for (;; session->position++) {
        const struct frame *frame = websocket_ring_get(&session->feed->ring, session->position);
        bool sent_before =
            frame != NULL && frame->kind == FRAME_MESSAGE && frame->seq <= session->cursor;
        if (frame == NULL || (!sent_before && topic_of(session, frame)[0] != '\0')) {
            return frame;
        }
    }
}

static void advance(struct websocket_session *session, const struct frame *frame)
{
    int64_t seq = frame->seq;
    if (session->sent_count == WEBSOCKET_MOST_SENT_SEQS) {
        memmove(session->sent, session->sent + 1,
                (WEBSOCKET_MOST_SENT_SEQS - 1) * sizeof *session->sent);
        session->sent_count--;
    }
    session->sent[session->sent_count++] = seq;
    if (frame->kind == FRAME_MESSAGE) {
        session->cursor = seq;
    }
    if (session->live) {
        session->position++;
    } else {
        frame_destroy(&session->pending[session->pending_first++]);
    }
}

static int send_text(struct lws *wsi, const char *text, size_t bytes)
{
    unsigned char *framed = memory_allocate(LWS_PRE + bytes, 1);
    memcpy(framed + LWS_PRE, text, bytes);
    int written = lws_write(wsi, framed + LWS_PRE, bytes, LWS_WRITE_TEXT);
    memory_free(framed);
    return written < (int)bytes ? -1 : 0;
}

static int send_ready(struct websocket_session *session)
{
    char text[64];
    int length = snprintf(text, sizeof text, "{\"event\":\"ready\",\"seq\":%lld}",
                          (long long)session->ready_seq);
    session->ready_sent = true;
    return send_text(session->wsi, text, (size_t)length);
}

static bool may_send(const struct websocket_session *session)
{
    return !session->acknowledges || session->sent_count < WEBSOCKET_MOST_UNACKNOWLEDGED;
}

int websocket_session_write(struct websocket_session *session)
{
    if (session->too_slow) {
        static const char reason[] = "too slow; resume with since_seq";
        lws_close_reason(session->wsi, (enum lws_close_status)CLOSE_TRY_AGAIN_LATER,
                         (unsigned char *)(uintptr_t)reason, sizeof reason - 1);
        return -1;
    }
    if (session->closing || lws_get_close_length(session->wsi) > 0) {
        return 0; /* nothing follows a close: RFC 6455, 5.5.1 */
    }
    int status = 0;
    if (!session->ready_sent) {
        status = send_ready(session);
    } else {
        const struct frame *frame = may_send(session) ? next_frame(session) : NULL;
        if (frame == NULL) {
            return session->broken ? -1 : 0; /* closed rather than with a gap: it resumes */
        }
        struct buffer text;
        buffer_init(&text);
        buffer_append_text(&text, "{\"data\":");
        buffer_append(&text, frame->data, frame->data_bytes);
        buffer_append_format(&text, ",\"event\":\"published\",\"seq\":%lld,\"topic\":\"%s\"}",
                             (long long)frame->seq, topic_of(session, frame));
        status = send_text(session->wsi, text.data, text.length_bytes);
        buffer_deinit(&text);
        advance(session, frame);
    }
    if (status == 0) {
        (void)lws_callback_on_writable(session->wsi);
    }
    return status;
}

/* Only acknowledgements mean anything; everything else is ignored. */
static void take_client_message(struct websocket_session *session)
{
    json_t *message = NULL;
    const char *type = "";
    int64_t upto = 0;
    if (canonical_parse(session->received, session->received_bytes, 4, &message, NULL) ==
            RESULT_OK &&
        fields_string(message, "type", &type, NULL) && strcmp(type, "ack") == 0 &&
        fields_integer(message, "upto", 0, INT64_MAX, &upto)) {
        size_t acknowledged = 0;
        while (acknowledged < session->sent_count && session->sent[acknowledged] <= upto) {
            acknowledged++;
        }
        session->sent_count -= acknowledged;
        memmove(session->sent, session->sent + acknowledged,
                session->sent_count * sizeof *session->sent);
        session->acknowledges = true;
        (void)lws_callback_on_writable(session->wsi);
    }
    json_decref(message);
}

void websocket_session_receive(struct websocket_session *session, const char *bytes, size_t length)
{
    if (session->received_bytes + length > LIMITS_WEBSOCKET_MESSAGE_BYTES) {
        session->received_too_much = true;
    } else if (length > 0) {
        memcpy(session->received + session->received_bytes, bytes, length);
        session->received_bytes += length;
    }
    if (lws_is_final_fragment(session->wsi) && lws_remaining_packet_payload(session->wsi) == 0) {
        if (!session->received_too_much) {
            take_client_message(session);
        }
        session->received_bytes = 0;
        session->received_too_much = false;
    }
}

void websocket_session_open(struct websocket_session *session, struct lws *wsi,
                            const struct websocket_feed *feed,
                            const struct websocket_subscription *subscription)
{
    memset(session, 0, sizeof *session);
    session->wsi = wsi;
    session->feed = feed;
    session->subscription = *subscription;
    session->ready_seq = websocket_feed_last_seq(feed);
    session->cursor = session->ready_seq; /* a number from before a restored backup is above it */
    if (subscription->since_seq >= 0 && subscription->since_seq < session->ready_seq) {
        session->cursor = subscription->since_seq;
    }
    (void)lws_callback_on_writable(wsi);
}

void websocket_session_close(struct websocket_session *session)
{
    while (session->pending_first < session->pending_count) {
        frame_destroy(&session->pending[session->pending_first++]);
    }
}

void websocket_session_check_pace(struct websocket_session *session)
{
    if (session->live && session->position < session->feed->ring.first && !session->too_slow) {
        /* A reader that is stuck never becomes writable: it gets a last chance, then the axe. */
        session->too_slow = true;
        lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
                        LIMITS_WEBSOCKET_KILL_MS / 1000);
    }
}
