/* What the files of the decisions share: gossip_state.c above gossip_outcome.c
 * above gossip_spread.c above gossip_agenda.c above gossip_watch.c above gossip_pace.c.
 *
 * Thread: gossip.
 */
#ifndef HEARTHCHAT_GOSSIP_GOSSIP_STATE_PRIVATE_H
#define HEARTHCHAT_GOSSIP_GOSSIP_STATE_PRIVATE_H

#include "core/limits.h"
#include "gossip/gossip_agenda_private.h"
#include "gossip/gossip_state.h"
#include "gossip/peer_phases.h"
#include "gossip/peer_table.h"
#include "gossip/send_waiters.h"

/* Who can't be reached, told apart from who was gone before: those who went just now are likely to
 * come back soon, and don't wait because so many others never do. */
enum lost { LOST_NOT, LOST_LATELY, LOST_LONG_AGO };
#define LOSTS 3

/* What the decisions know of a peer. */
struct peer {
    struct peer_entry entry; /* first: a peer is where its entry is */
    void *link;              /* the driver's */
    uint64_t number;         /* of all that there were */
    size_t place;            /* among the peers */
    struct due due[GOSSIP_AGENDAS];
    int64_t cursor;         /* it has all our events up to here */
    uint64_t whole_through; /* gossip_spread.c */
    enum peer_reach reach;
    enum peer_exchange exchange;
    enum peer_push push;
    enum peer_poll poll;
    int64_t by_cursor_until_ms; /* it can't reconcile, as far as we know; 0: it can */
    int64_t subscribe_at_ms;
    int64_t taken_through; /* PUSH: the newest seq when it was taken */
    int64_t queue[GOSSIP_MOST_QUEUED];
    size_t queue_count;
    int64_t pushed[GOSSIP_MOST_QUEUED]; /* what the PUSH under way holds */
    size_t pushed_count;
    int64_t exchange_at_ms;
    enum urgency urgency; /* of the exchange under way */
    bool seen;            /* it answered or called, ever */
    bool hinted;          /* it is said to be there */
    int64_t wrote_seq;    /* the newest that the owner wrote to it and is not there; 0: none */
    int64_t asked_ms;     /* when the last exchange began … */
    int64_t pushed_ms;    /* … and the last push */
    int64_t differed_ms;  /* it last found a difference */
    int64_t differs_pause_ms;
    int64_t paced_ms;   /* the calls so far are spread up to here */
    int64_t contact_ms; /* of the last success */
    int64_t back_ms;    /* it calls since then, and no call to it failed since; 0: one did */
    bool watched;       /* among many: there was a conversation lately */
    uint64_t talked;    /* larger: later */
    bool online;        /* as last told */
    unsigned failures;  /* in a row */
    int64_t failing_since_ms;
    bool met;       /* it answered or called since the start */
    bool gone;      /* when it last failed: never met, or not for GOSSIP_GONE_MS */
    enum lost lost; /* as counted */
};

struct gossip_state {
    struct peer_table table;
    struct peer **peers; /* those that are reachable first */
    size_t peer_count;
    size_t reachable_count;
    uint64_t peers_made;
    struct agenda agendas[GOSSIP_AGENDAS];
    size_t losts[LOSTS]; /* how many peers are so */
    int64_t beat_ms;     /* tries that may wait fall together, at times from here on */
    int64_t now_ms;      /* when what is next was last asked */
    uint64_t stored;
    struct send_waiters waiters;
    int64_t last_seq;
    int64_t called_ms; /* somebody reached us */
    size_t subscription_count;
    struct peer *watched[GOSSIP_MOST_WATCHED];
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

/* How long it is until the next try, as many as are lost like it: 0 among few. And when that is:
 * together with others, for one call wakes as many threads as several do. */
int64_t gossip_pace_turn(const struct gossip_state *state, const struct peer *peer);
int64_t gossip_pace_gather(const struct gossip_state *state, int64_t at_ms, int64_t wait_ms);

/* Whether it can't be reached, and was gone for long when it last failed. */
enum lost gossip_pace_lost(const struct peer *peer);

/* When the next call may begin. */
int64_t gossip_pace_due(const struct peer *peer);

/* A call begins; none may begin before `until_ms`. */
void gossip_pace_count(struct peer *peer, int64_t now_ms);

/* The same of a push, of which there is one at a time: what it counts, its end says. */
void gossip_pace_push(struct peer *peer, int64_t now_ms);
void gossip_pace_pushed(struct peer *peer, bool counted, int64_t now_ms);
void gossip_pace_hold(struct peer *peer, int64_t until_ms);

/* It is exchanged with then at the latest; what runs by then may have begun too early. */
void gossip_pace_exchange(struct peer *peer, int64_t at_ms);

/* gossip_spread.c: an event was stored; who is passed it, or that nobody is. */
void gossip_spread_event(struct gossip_state *state, int64_t seq, struct peer *source,
                         struct peer *concerned);
void gossip_spread_nobody(struct gossip_state *state);

/* A gap: behind the cursor are events that are neither queued nor the peer's own. */
bool gossip_spread_has_gap(const struct gossip_state *state, const struct peer *peer);
void gossip_spread_open_gap(struct peer *peer);
void gossip_spread_close_gap(const struct gossip_state *state, struct peer *peer);

/* gossip_outcome.c: what the end of a PUSH, RECONCILE or CURSOR changes. */
void gossip_outcome_apply(struct gossip_state *state, struct peer *peer,
                          const struct gossip_outcome *outcome, int64_t now_ms);

/* The peer called, or a poll ended well. */
void gossip_outcome_heard(struct peer *peer, enum peer_reach_event event, int64_t now_ms);

/* It said that it stops. */
void gossip_outcome_left(struct gossip_state *state, struct peer *peer, int64_t now_ms);

/* gossip_watch.c: there is a conversation with it; it is no peer any more. */
void gossip_watch_note(struct gossip_state *state, struct peer *peer);
void gossip_watch_forget(struct gossip_state *state, const struct peer *peer);

/* When it counts as offline, if nothing is heard of it until then. */
int64_t gossip_watch_stale_at(const struct peer *peer);

/* When it is asked whether it is still there: before it matters that it is not. INT64_MAX: never.
 */
int64_t gossip_watch_ask_at(const struct gossip_state *state, const struct peer *peer);

#endif
