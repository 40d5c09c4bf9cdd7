/* The websocket thread: fan-out of stored events to browser tabs, and the long-poll beside it
 * (§15).
 *
 * Every subscriber is a cursor: into the log up to where that stood when it subscribed, as it says
 * what is there now, then into one shared ring of recent frames. There is no queue a subscriber, so
 * a slow one costs nothing but its place in the ring. Thread: start/stop: startup; the rest: any.
 * Limits: core/limits.h; who falls behind the live frames is closed with 1013 and may resume.
 */
#ifndef HEARTHCHAT_SERVER_WEBSOCKET_H
#define HEARTHCHAT_SERVER_WEBSOCKET_H

#include "handlers/node_parts.h"

#define WEBSOCKET_MOST_UNACKNOWLEDGED 16
#define WEBSOCKET_MOST_TOPIC_BYTES 80

struct websocket_hub;

/* What a subscriber asked for; each topic as it wrote it, "" when it did not. */
struct websocket_subscription {
    char messages_topic[WEBSOCKET_MOST_TOPIC_BYTES];
    char members_topic[WEBSOCKET_MOST_TOPIC_BYTES];
    char peers_topic[WEBSOCKET_MOST_TOPIC_BYTES];
    int64_t since_seq;          /* -1: live from now on */
    char life[ULID_TEXT_BYTES]; /* of the log that since_seq is a number of; "": of this one */
};

struct readers;

/* `readers` read the log for who missed something. */
enum result websocket_start(const struct node_parts *parts, struct readers *readers,
                            struct websocket_hub **hub_out);

/* Ends the thread; long-polls are answered as timed out. Calls from other threads stay harmless
 * until websocket_destroy(), which closes every connection. */
void websocket_stop(struct websocket_hub *hub);
void websocket_destroy(struct websocket_hub **hub);

/* Reads a `topic` for this owner. False: no such topic, or not the owner's. */
bool websocket_read_topic(const struct node_id *self, const char *topic,
                          struct websocket_subscription *subscription);

/* Whether another connection may be taken over: below LIMITS_WEBSOCKETS, or as many as the
 * descriptors allow. Thread: any. */
bool websocket_has_room(struct websocket_hub *hub);

/* Takes a connection over: `descriptor` is the hub's from here on, `answer` what the handshake is
 * answered with. */
void websocket_adopt(struct websocket_hub *hub, int descriptor, const char *answer,
                     const struct websocket_subscription *subscription);

/* Answers the request as soon as there is an event of the messages topic above `last_seq` (-1: that
 * comes from now on), or after `timeout_s` with {"timeout":true}. `life`: of the log that
 * `last_seq` is of, or "". */
void websocket_long_poll(struct websocket_hub *hub, struct request *request, int64_t last_seq,
                         const char *life, int64_t timeout_s);

/* For the log's on_commit, on the writer thread. */
void websocket_events_stored(struct websocket_hub *hub, const struct committed_event *events,
                             size_t count);

/* The node's log is there from now on: what it holds already is to be read from it. */
void websocket_log_opened(struct websocket_hub *hub);

/* A peer came or went. */
void websocket_peer_changed(struct websocket_hub *hub, const struct node_id *peer, bool online);

/* Of how many messages the peer's device has lost the keys is another number now. */
void websocket_peer_lost(struct websocket_hub *hub, const struct node_id *peer, bool online,
                         int64_t lost_there);

#endif
