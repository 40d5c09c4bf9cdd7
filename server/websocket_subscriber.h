/* One tab: a cursor that catches up from the log and then follows the ring (server/websocket.h).
 *
 * Thread: websocket. The storage belongs to lws, which zeroes it; open/close follow the connection.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_SUBSCRIBER_H
#define HEARTHCHAT_SERVER_WEBSOCKET_SUBSCRIBER_H

#include "server/subscriber_phases.h"
#include "server/websocket.h"
#include "server/websocket_catch_up.h"
#include "server/websocket_connection.h"
#include "server/websocket_ring.h"

struct lws;

enum {
    WEBSOCKET_MOST_SENT_SEQS = 64,
};

/* What subscribers read from. */
struct websocket_feed {
    const struct node_parts *parts;
    struct readers *readers;
    void (*caught_up)(struct websocket_catch_up *catch_up); /* on a reader's thread */
    void *hub;
    struct websocket_ring ring;
};

/* The newest arrival number; 0 without a log. */
int64_t websocket_subscriber_last_seq(const struct websocket_feed *feed);

/* One tab. */
struct websocket_subscriber {
    struct lws *wsi;
    struct websocket_connection connection;
    bool stuck; /* the socket takes no more for now, and nothing is read from it */
    enum subscriber_feed phase;
    enum subscriber_ending ending;
    const struct websocket_feed *feed;
    struct websocket_subscription subscription;
    int64_t start;     /* what has this seq, or a smaller one, it had before */
    int64_t cursor;    /* own events up to this seq are sent or were not wanted */
    uint64_t from;     /* the first frame of the ring that it may want */
    uint64_t position; /* the next frame in the ring */
    int64_t ready_seq; /* the newest when it subscribed: without since_seq it starts behind it */
    char life[ULID_TEXT_BYTES];          /* the log's, then */
    bool gap;                            /* it asked for numbers of another life */
    struct websocket_catch_up *catch_up; /* under way, or what it brought; NULL: neither */
    size_t pending_first;                /* of what it brought: the next to be sent */
    bool acknowledges;
    int64_t sent[WEBSOCKET_MOST_SENT_SEQS]; /* the newest that are not acknowledged, oldest first */
    size_t sent_count;
    struct websocket_subscriber *next;
};

/* Starts at the subscription's seq, or at the newest; sends the handshake's answer first. */
void websocket_subscriber_open(struct websocket_subscriber *subscriber, struct lws *wsi,
                               const struct websocket_feed *feed,
                               const struct websocket_subscription *subscription,
                               const char *answer);

/* Says that the node stops, if the socket takes it at once. */
void websocket_subscriber_leave(struct websocket_subscriber *subscriber);
void websocket_subscriber_close(struct websocket_subscriber *subscriber);

/* The ring begins anew: what it did not get of it is in the log. */
void websocket_subscriber_reset(struct websocket_subscriber *subscriber);

/* What it asked its log for is there; it goes on. */
void websocket_subscriber_caught_up(struct websocket_subscriber *subscriber);

/* Of these, -1: the connection is to be closed at once.
 * Sends one frame, if there is one; asks to be called again. */
int websocket_subscriber_write(struct websocket_subscriber *subscriber);

/* Bytes from the client. */
int websocket_subscriber_receive(struct websocket_subscriber *subscriber, const char *bytes,
                                 size_t length_bytes);

/* LIMITS_WEBSOCKET_PING_MS after it was opened, or after the last time. */
int websocket_subscriber_tick(struct websocket_subscriber *subscriber);

/* Closes the subscriber with 1013 when the ring has overtaken it. */
void websocket_subscriber_check_pace(struct websocket_subscriber *subscriber);

#endif
