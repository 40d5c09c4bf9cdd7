/* The life of a peer as gossip's decisions see it: four machines beside each other, each an enum
 * with one table of what becomes of which phase by what happens (peer_phases.c).
 *
 * Thread: gossip. What a table knows no way for ends a debug build; else the phase stays.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_PHASES_H
#define HEARTHCHAT_GOSSIP_PEER_PHASES_H

#include <stdbool.h>

/* Whether it is there. */
enum peer_reach {
    REACH_NEW,        /* nothing is known of it yet */
    REACH_HERE,       /* our calls reach it, or it reached us and none failed: online */
    REACH_QUIET,      /* … and it was not heard of for GOSSIP_ONLINE_MS */
    REACH_LOST,       /* our last call to it came to nothing, or it left */
    REACH_NEAR,       /* … but it was heard of since: by a call of its own, or a refusal */
    REACH_CALLS,      /* it calls us while our calls fail, perhaps from behind NAT: online */
    REACH_CALLS_LOST, /* … and our last came to nothing since: online */
};
#define REACHES 7

enum peer_reach_event {
    REACH_ANSWERED,   /* a push or an exchange, or it said when to come again */
    REACH_HEARD,      /* it called, or a poll of ours ended well */
    REACH_CALLS_ONLY, /* it called while ours have failed more than once */
    REACH_REFUSED,    /* it is there, and did not do what it was asked */
    REACH_FAILED,
    REACH_SILENT, /* for too long */
    REACH_LEFT,   /* it said that it stops */
};
#define REACH_EVENTS 7

/* The exchange with it. */
enum peer_exchange {
    EXCHANGE_NONE,
    EXCHANGE_STEP,       /* one of a session is under way */
    EXCHANGE_STEP_AGAIN, /* … and when the session is over another is needed soon */
    EXCHANGE_PAUSE,      /* between two steps */
    EXCHANGE_PAUSE_AGAIN,
    EXCHANGE_CURSOR, /* the same by the cursor is under way, which is one step */
    EXCHANGE_CURSOR_AGAIN,
    EXCHANGE_LATE, /* what is under way began before it left: its end is no contact */
};
#define EXCHANGES 8

enum peer_exchange_event {
    EXCHANGE_BEGINS, /* or goes on */
    EXCHANGE_BEGINS_BY_CURSOR,
    EXCHANGE_PAUSES, /* a step ended, and the session is not over */
    EXCHANGE_ENDS,
    EXCHANGE_MISSES, /* what runs may have begun without something that it should bring */
    EXCHANGE_LEFT,
};
#define EXCHANGE_EVENTS 6

/* What is pushed to it. */
enum peer_push { PUSH_NONE, PUSH_UNDER_WAY, PUSH_LATE };
enum peer_push_event { PUSH_BEGINS, PUSH_ENDS, PUSH_LEFT };
#define PUSHES 3
#define PUSH_EVENTS 3

/* Our subscription there. */
enum peer_poll { POLL_NONE, POLL_UNDER_WAY };
enum peer_poll_event { POLL_BEGINS, POLL_ENDS };
#define POLLS 2
#define POLL_EVENTS 2

/* Something happens. */
void peer_phases_reach(enum peer_reach *reach, enum peer_reach_event event);
void peer_phases_exchange(enum peer_exchange *exchange, enum peer_exchange_event event);
void peer_phases_push(enum peer_push *push, enum peer_push_event event);
void peer_phases_poll(enum peer_poll *poll, enum peer_poll_event event);

/* No call of ours has failed since one succeeded. */
bool peer_phases_works(enum peer_reach reach);

bool peer_phases_is_online(enum peer_reach reach);

/* Somebody is there, as far as we know, whether it does what we ask or not. */
bool peer_phases_is_known(enum peer_reach reach);

bool peer_phases_calls_only(enum peer_reach reach);

/* A call of the exchange is under way; a session is between its steps; another is needed. */
bool peer_phases_exchanges(enum peer_exchange exchange);
bool peer_phases_pauses(enum peer_exchange exchange);
bool peer_phases_is_by_cursor(enum peer_exchange exchange);
bool peer_phases_again(enum peer_exchange exchange);

#endif
