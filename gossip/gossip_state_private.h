/* What the files of the decisions share: gossip_state.c above gossip_outcome.c above gossip_pace.c.
 *
 * Thread: gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_STATE_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_STATE_PRIVATE_H

#include "core/limits.h"
#include "gossip/gossip_state.h"
#include "gossip/send_waiters.h"

#define GOSSIP_GONE_MS 3600000         /* a peer that failed for so long … */
#define GOSSIP_BACK_OFF_GONE_MS 600000 /* … is asked this seldom */
#define GOSSIP_DIFFERS_MS 2000 /* who found a difference has sent by then what is soon sent */

/* What the decisions know of a peer. */
struct peer {
    struct node_id node_id;
    int64_t cursor;  /* it has all our events up to here */
    bool gap;        /* behind the cursor are events that are neither queued nor its own */
    bool pushing;    /* a PUSH is under way */
    bool exchanging; /* a RECONCILE or CURSOR is; both may be at once */
    bool push_precedes_leaving; /* … began before it said that it stops, so its end is no contact */
    bool exchange_precedes_leaving;
    bool in_session;
    bool exchange_again; /* when the session is over: what a push beside it lost */
    bool by_cursor;      /* it can't reconcile, as far as we know */
    int64_t by_cursor_until_ms;
    bool subscribed;
    int64_t subscribe_at_ms;
    int64_t taken_through; /* PUSH: the newest seq when it was taken */
    int64_t queue[GOSSIP_MOST_QUEUED];
    size_t queue_count;
    int64_t pushed[GOSSIP_MOST_QUEUED]; /* what the PUSH under way holds */
    size_t pushed_count;
    int64_t exchange_at_ms;
    bool trying;         /* it is one of LIMITS_OUTWARD_TRIES, while it is exchanging */
    bool seen;           /* it answered or called, ever */
    bool hinted;         /* it is said to be there */
    int64_t wrote_seq;   /* the newest that the owner wrote to it and is not there; 0: none */
    int64_t asked_ms;    /* when the last exchange began */
    int64_t differed_ms; /* it last found a difference */
    int64_t differs_pause_ms;
    int64_t paced_ms;   /* the calls so far are spread up to here */
    int64_t contact_ms; /* of the last success */
    bool was_contacted;
    bool calls_only; /* it called while our calls to it fail: it may be behind NAT */
    bool heard;      /* … of, since a call was lost: by a call of its own, or a refusal */
    bool watched;    /* … among many: there was a conversation lately */
    uint64_t talked; /* larger: later */
    bool online;     /* as last told */
    unsigned failures;
    int64_t failing_since_ms;
};

struct gossip_state {
    struct peer **peers;
    size_t peer_count;
    struct send_waiters waiters;
    int64_t last_seq;
    int64_t called_ms; /* somebody reached us */
    size_t subscription_count;
    size_t watched_count;
    size_t try_count;
    uint64_t tries_begun;
    uint64_t talks;
    uint32_t (*random)(void *context, uint32_t below);
    void *context;
};

/* gossip_pace.c: how calls are spread, so that no peer has reason to refuse one (§16). `around_ms`,
 * a tenth more or less. */
int64_t gossip_pace_jitter(struct gossip_state *state, int64_t around_ms);

/* When the next call may begin. */
int64_t gossip_pace_due(const struct peer *peer);

/* A call begins; none may begin before `until_ms`. */
void gossip_pace_count(struct peer *peer, int64_t now_ms);
void gossip_pace_hold(struct peer *peer, int64_t until_ms);

/* gossip_outcome.c: what the end of a PUSH, RECONCILE or CURSOR changes. */
void gossip_outcome_apply(struct gossip_state *state, struct peer *peer,
                          const struct gossip_outcome *outcome, int64_t now_ms);

/* The peer was heard of. */
void gossip_outcome_contacted(struct peer *peer, int64_t now_ms);

/* It said that it stops. */
void gossip_outcome_left(struct gossip_state *state, struct peer *peer, int64_t now_ms);

/* gossip_watch.c: there is a conversation with it. */
void gossip_watch_note(struct gossip_state *state, struct peer *peer);

bool gossip_watch_is_online(const struct peer *peer, int64_t now_ms);

/* When it counts as offline, if nothing is heard of it until then. */
int64_t gossip_watch_stale_at(const struct peer *peer);

/* When it is asked whether it is still there: before it matters that it is not. INT64_MAX: never.
 */
int64_t gossip_watch_ask_at(const struct gossip_state *state, const struct peer *peer);

#endif
