/* Gossip's decisions, apart from I/O: whom to push to, when to reconcile, how long to back off,
 * whom to subscribe to, who counts as online, when a send was direct (§11). A pure state machine:
 * "this happened, it is now t" goes in, actions come out. The clock and the randomness are handed
 * in, so a simulator runs the code that ships.
 *
 * Thread: gossip (one at a time). Time is monotonic milliseconds.
 * Ownership: create gives, destroy takes. Tokens are the caller's; each gets exactly one answer.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_STATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gossip/gossip_numbers.h"
#include "gossip/urgency.h"
#include "protocol/node_id.h"
#include "protocol/ulid.h"

struct gossip_state;

enum gossip_action_kind {
    GOSSIP_PUSH,      /* post these events to the peer */
    GOSSIP_RECONCILE, /* the next step of a session with it, or the first */
    GOSSIP_CURSOR,    /* it can't reconcile: post what lies behind the cursor, even if nothing */
    GOSSIP_SUBSCRIBE, /* wait at the peer for what concerns us (§11, mechanism 2) */
    GOSSIP_ANSWER,    /* a waiting send is decided */
    GOSSIP_PRESENCE,  /* a peer came or went */
};

struct gossip_action {
    enum gossip_action_kind kind;
    enum urgency urgency; /* PUSH, RECONCILE, CURSOR */
    struct node_id peer;
    int64_t seqs[GOSSIP_MOST_QUEUED]; /* PUSH */
    size_t seq_count;
    int64_t cursor; /* CURSOR: the peer has everything up to here */
    void *token;    /* ANSWER */
    bool direct;    /* ANSWER */
    bool online;    /* PRESENCE */
};

/* `random(context, n)` returns 0 … n-1. */
struct gossip_state *gossip_state_create(uint32_t (*random)(void *context, uint32_t below),
                                         void *context, int64_t now_ms);
void gossip_state_destroy(struct gossip_state **state);

/* A member that is not us. Known ones are left as they are; with a new one we reconcile as soon as
 * it is one of LIMITS_OUTWARD_TRIES: first who was `seen` before. */
void gossip_state_add_peer(struct gossip_state *state, const struct node_id *peer, int64_t cursor,
                           bool seen, int64_t now_ms);

/* No member any more; its waiting sends are answered "not direct". */
void gossip_state_remove_peer(struct gossip_state *state, const struct node_id *peer);

/* What the driver keeps of a peer; NULL: nothing, or no such peer. While no peer comes or goes any
 * thread may get it. */
void gossip_state_set_link(struct gossip_state *state, const struct node_id *peer, void *link);
void *gossip_state_get_link(const struct gossip_state *state, const struct node_id *peer);

/* A stored event. `source`: the peer it came from, NULL when own. `concerned`: whom it is for, or
 * NULL. */
void gossip_state_event_stored(struct gossip_state *state, int64_t seq,
                               const struct node_id *source, const struct node_id *concerned);

/* The owner wrote it that event: until it is there, it comes before others, and it is tried at
 * once if it can't be reached, but not more often than every GOSSIP_WRITTEN_MS. */
void gossip_state_owner_wrote(struct gossip_state *state, int64_t seq, const struct node_id *peer);

/* Too many were stored to be passed on: reconciliation brings them, `at_once` or in its time. */
void gossip_state_events_missed(struct gossip_state *state, int64_t last_seq, bool at_once,
                                int64_t now_ms);

/* The peer reached us. */
void gossip_state_peer_called(struct gossip_state *state, const struct node_id *peer,
                              int64_t now_ms);

/* Somebody says where it is: if it can't be reached, it is tried at once. */
void gossip_state_peer_heard(struct gossip_state *state, const struct node_id *peer,
                             int64_t now_ms);

/* The peer finds that our logs differ: what we lack it may leave to us to fetch. */
void gossip_state_peer_differs(struct gossip_state *state, const struct node_id *peer,
                               int64_t now_ms);

/* Our addresses changed: everybody is asked within GOSSIP_START_OVER_MS. */
void gossip_state_start_over(struct gossip_state *state, int64_t now_ms);

/* The peer said that it stops: it is offline until it calls again, or an exchange succeeds. */
void gossip_state_peer_left(struct gossip_state *state, const struct node_id *peer, int64_t now_ms);

/* The outcome of a PUSH, RECONCILE or CURSOR. `through`: the peer has everything up to this seq;
 * `more`: there is more behind it, or the session is not over. `rejected`: event ids that the peer
 * did not take. */
struct gossip_outcome {
    bool pushed; /* it was a PUSH: it and an exchange go on at once */
    bool succeeded;
    bool more;
    bool answered;  /* not succeeded, but somebody was there to say so */
    bool by_cursor; /* RECONCILE: the peer does not speak it */
    bool postponed; /* RECONCILE: begin anew soon; later if it succeeded */
    bool stranger;  /* the peer does not know us as a member (yet) */
    bool uncounted; /* PUSH: the peer does not limit how often it is called like that */
    int64_t through;
    int64_t wait_ms;                   /* the peer asks for so long a pause; 0: it does not */
    char (*rejected)[ULID_TEXT_BYTES]; /* read-only */
    size_t rejected_count;
};
void gossip_state_finished(struct gossip_state *state, const struct node_id *peer,
                           const struct gossip_outcome *outcome, int64_t now_ms);

/* A SUBSCRIBE ended. */
void gossip_state_polled(struct gossip_state *state, const struct node_id *peer, bool succeeded,
                         int64_t now_ms);

/* A send waits (until GOSSIP_DELIVERY_WAIT_MS, or the call under way fails) to learn whether the
 * recipient's node acknowledged it; where calls fail, only if the peer is there, as its own calls
 * or its refusals say, and is called by then. */
void gossip_state_wait_delivery(struct gossip_state *state, const struct node_id *peer,
                                const char *event_id, int64_t seq, void *token, int64_t now_ms);

/* A receipt proves that the message arrived; or every waiting send is decided now. */
void gossip_state_receipt_seen(struct gossip_state *state, const char *target_event_id);
void gossip_state_give_up_waiting(struct gossip_state *state);

/* The next thing to do; false when there is nothing until gossip_state_wake_at(). Of ANSWERs alone:
 * for when nothing else is to be begun any more. */
bool gossip_state_next(struct gossip_state *state, int64_t now_ms,
                       struct gossip_action *action_out);
bool gossip_state_next_answer(struct gossip_state *state, int64_t now_ms,
                              struct gossip_action *action_out);
int64_t gossip_state_wake_at(const struct gossip_state *state);

/* What is to be remembered of a peer. False: unknown. */
bool gossip_state_look(const struct gossip_state *state, const struct node_id *peer,
                       int64_t *cursor_out, bool *online_out);

#endif
