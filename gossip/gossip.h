/* The gossip thread: drives the decisions of gossip_state.h over libcurl (§11).
 *
 * Thread: start/stop: startup; everything else: any. Callbacks run on the gossip thread and must
 * not block. Limits: 4,096 messages in the inbox; what does not fit is brought by the next
 * exchange.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_H
#define HEARTHCHAT_GOSSIP_GOSSIP_H

#include "gossip/http_client.h"
#include "store/event_log.h"

struct gossip;

/* How calls reach peers, where it is not libcurl: for the simulator. `done` comes later, never
 * from within send(). */
struct gossip_transport {
    void (*send)(void *context, const struct http_call *call, http_client_done *done,
                 void *done_context);
    void *context;
};

struct gossip_options {
    struct event_log *log;                /* borrowed, outlives gossip */
    const struct signing_key *key;        /* borrowed */
    const struct http_identity *identity; /* borrowed */
    const struct clock *clock;
    const struct gossip_transport *transport; /* NULL: libcurl, and a thread of its own */
    void (*on_presence)(void *context, const struct node_id *peer, bool online); /* may be NULL */
    void *context;
};

/* Starts with the members and cursors that the log knows; exchanges with each at once. */
enum result gossip_start(const struct gossip_options *options, struct gossip **gossip_out);

/* With a transport of the caller's: does what is to be done now; returns when to come again
 * (monotonic), at the latest. Thread: the caller's, always the same. */
int64_t gossip_step(struct gossip *gossip);

/* Answers every waiting send, remembers the cursors, ends the thread. Calls from other threads stay
 * harmless until gossip_destroy(), which comes after the last of them. */
void gossip_stop(struct gossip *gossip);
void gossip_destroy(struct gossip **gossip);

/* For the log's on_commit. */
void gossip_events_stored(struct gossip *gossip, const struct committed_event *events,
                          size_t count);

/* A member reached our peer listener. */
void gossip_peer_called(struct gossip *gossip, const struct node_id *peer);

/* A member fetches events from us: while it does, we don't send it the same ones. */
void gossip_peer_fetches(struct gossip *gossip, const struct node_id *peer);

/* Calls done(context, direct) once, within GOSSIP_DELIVERY_WAIT_MS: true when the recipient's node
 * acknowledged the event. Never called when this returns RESULT_FULL. */
enum result gossip_wait_delivery(struct gossip *gossip, const struct node_id *recipient,
                                 const char *event_id, int64_t seq,
                                 void (*done)(void *context, bool direct), void *context);

struct peer_presence {
    bool online;       /* a call to it or from it succeeded within the last 60 s */
    int64_t last_seen; /* seconds since 1970; 0: never */
};
struct peer_presence gossip_presence(struct gossip *gossip, const struct node_id *peer);

/* True once any peer was reached since the start. */
bool gossip_reached_anybody(struct gossip *gossip);

#endif
