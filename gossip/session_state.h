/* What is kept of a reconciliation with one peer between its steps (§12).
 *
 * Thread: gossip. {0} is no session; session_state_forget() frees.
 */
#ifndef HEARTHCHAT_GOSSIP_SESSION_STATE_H
#define HEARTHCHAT_GOSSIP_SESSION_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "gossip/event_batch.h"
#include "gossip/hash_list.h"

struct session_state {
    bool active;
    bool waiting;          /* for the writer */
    struct buffer message; /* the next to compare; empty: this comparison is over */
    struct hash_list need;
    struct hash_list have;
    struct hash_list asked; /* of the fetch under way */
    int64_t asked_ms;       /* when that was */
    bool much;              /* it had its turn to fetch more than a page */
    int64_t through;        /* what we had when the last comparison began */
    size_t receiving;       /* pages that are verified or stored just now */
    unsigned number;  /* grows with every session: what belongs to an older one is known by it */
    size_t fruitless; /* messages in a row that brought nobody anything */
    uint64_t comparisons; /* from the first message on, since the peer last brought us something */
    struct event_batch *gathered; /* verified, not given to the writer yet */
    int64_t stored_ms;            /* when the writer was last given some, or it began */
    bool progressed;              /* since the comparison began */
    bool left_out;                /* more is lacking than the session keeps in mind */
    bool elsewhere;               /* other sessions fetch what this one needs too */
    bool crowded;                 /* something that came found no room, … */
    bool lost;                    /* … or was not taken by the disk */
};

/* Adds what a page has (taken out of it) to what is gathered for the writer. */
void session_state_gather(struct session_state *session, struct event_batch *page);

/* All but its number, which grows, and what the writer still has. */
void session_state_forget(struct session_state *session);

#endif
