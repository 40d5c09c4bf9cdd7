/* The gossip thread: drives the decisions of gossip_state.h over libcurl (§11).
 *
 * Thread: start/stop: startup; everything else: any. Callbacks run on the gossip thread and must
 * not block. Limits: 4,096 messages in the inbox; what does not fit is brought by the next
 * exchange.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_H
#define HEARTHCHAT_GOSSIP_GOSSIP_H

#include "core/account.h"
#include "core/error.h"
#include "gossip/address_book.h"
#include "gossip/http_client.h"
#include "protocol/node_manifest.h"
#include "store/event_log.h"

struct gossip;
struct readers;

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
    struct account_table *accounts;           /* borrowed; of whom we call */
    const struct gossip_transport *transport; /* NULL: libcurl, and a thread of its own */
    /* The owner's, who read what the owner wrote, and those for all else. They outlive
     * gossip_stop(), and end before gossip_destroy(). NULL: what is slow is done at once. */
    struct readers *own_readers;
    struct readers *peer_readers;
    size_t most_connections;        /* outward: at most, or one an urgency */
    struct endpoint listener;       /* where ours is bound: never called; port 0: nowhere */
    const struct endpoint *by_hand; /* borrowed: [discovery] peers (§19) */
    size_t by_hand_count;
    void (*on_presence)(void *context, const struct node_id *peer, bool online); /* may be NULL */
    void *context;
};

/* Starts with the members and cursors that the log knows; exchanges with each at once. */
enum result gossip_start(const struct gossip_options *options, struct gossip **gossip_out);

/* With a transport of the caller's: does what is to be done now; returns when to come again
 * (monotonic), at the latest. Thread: the caller's, always the same. */
int64_t gossip_step(struct gossip *gossip);

/* Answers every waiting send, remembers the cursors, tells the peers that are online (within a
 * second), ends the thread. Calls from other threads stay
 * harmless until gossip_destroy(), which comes after the last of them. */
void gossip_stop(struct gossip *gossip);
void gossip_destroy(struct gossip **gossip);

/* For the log's on_commit. */
void gossip_events_stored(struct gossip *gossip, const struct committed_event *events,
                          size_t count);

/* A member reached our peer listener, from that address; its port 0: at the port that the member
 * last named it may be called back there (§11). NULL: unknown. */
void gossip_peer_called(struct gossip *gossip, const struct node_id *peer,
                        const struct endpoint *from);

/* Where that node may be, as heard on the local network (§19). Unknown ones are ignored; one that
 * can't be reached is tried there at once. */
void gossip_peer_heard(struct gossip *gossip, const char *short_id, const struct endpoint *where);

/* Where the invite that was used says that its inviter is. */
void gossip_peer_invited(struct gossip *gossip, const struct node_id *inviter,
                         const struct endpoints *endpoints);

/* Our own addresses changed: everybody is tried again, at once and a little spread. */
void gossip_network_changed(struct gossip *gossip);

/* Who was found at an address. RESULT_OK: that member, and it is called there from now on;
 * RESULT_EXISTS: this node itself; RESULT_MISMATCH: a node that is no member; RESULT_INVALID: no
 * node; RESULT_UNAUTHORIZED: one with another key than it says; RESULT_UNREACHABLE and
 * RESULT_TIMEOUT: nobody; RESULT_BUSY: not asked. */
struct gossip_peer_answer {
    enum result result;
    struct node_id node_id;
    struct error error; /* says what to do */
};
typedef void gossip_peer_asked(void *context, const struct gossip_peer_answer *answer);

/* Asks once. `done` is called once, on the gossip thread, or when gossip stops; never when this
 * returns RESULT_FULL. */
enum result gossip_peer_ask(struct gossip *gossip, const struct endpoint *where,
                            gossip_peer_asked *done, void *context);

/* Every address at which the member may be, in the order in which they are tried. `visit` must not
 * block or call gossip. */
typedef void gossip_peer_visit_address(void *context, const struct address *address);
void gossip_peer_addresses(struct gossip *gossip, const struct node_id *peer,
                           gossip_peer_visit_address *visit, void *context);

/* A member stops: it is offline from now on (§11). */
void gossip_peer_left(struct gossip *gossip, const struct node_id *peer);

/* A member compared its log with ours, and they differ. */
void gossip_peer_differs(struct gossip *gossip, const struct node_id *peer);

/* A member fetches events from us: while it does, we don't send it the same ones. */
void gossip_peer_fetches(struct gossip *gossip, const struct node_id *peer);

/* Calls done(context, direct) once, within GOSSIP_DELIVERY_WAIT_MS: true when the recipient's node
 * acknowledged the event. Never called when this returns RESULT_FULL. */
enum result gossip_wait_delivery(struct gossip *gossip, const struct node_id *recipient,
                                 const char *event_id, int64_t seq,
                                 void (*done)(void *context, bool direct), void *context);

struct peer_presence {
    bool online; /* as gossip_state.h decides: within GOSSIP_ONLINE_MS of a call to it or from it */
    int64_t last_seen; /* seconds since 1970; 0: never */
};
struct peer_presence gossip_presence(struct gossip *gossip, const struct node_id *peer);

/* By how many seconds our clock is ahead of our neighbours' (clock_skew.h). False: by none worth to
 * be told, as far as is known. */
bool gossip_clock_skew(struct gossip *gossip, int64_t *seconds_out);

/* A backlog on its way, as far as it is known: of a very long one, the first part. */
struct gossip_progress {
    int64_t received;       /* events, in this catching up */
    int64_t to_come;        /* events that are known to be lacking here */
    int64_t to_send;        /* … and those that a peer lacks */
    int64_t bytes_a_second; /* of the link to that peer; 0: not known yet */
    int64_t seconds_left;   /* -1: not known yet */
    struct node_id peer;    /* from whom; if nothing comes, to whom */
};

/* All zero when nothing is going on that takes a while. Thread: any. */
struct gossip_progress gossip_progress(struct gossip *gossip);

/* How long ago a member last reached our peer listener; -1: not since the start. */
int64_t gossip_peer_called_ms_ago(struct gossip *gossip);

/* True once any peer was reached since the start. */
bool gossip_reached_anybody(struct gossip *gossip);

#endif
