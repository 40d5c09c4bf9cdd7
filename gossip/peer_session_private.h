/* Reconciliation with one peer, from the first comparison to the last (§12): fetch what we need,
 * send what it lacks, compare on, and begin anew while either brought somebody something.
 *
 * Thread: gossip. One request at a time; pushes may come in between.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_SESSION_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_SESSION_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "protocol/blake3.h"

struct peer_link;
struct received_batch;
struct event_batch;

struct hash_list {
    uint8_t (*hashes)[BLAKE3_HASH_BYTES];
    size_t count;
    size_t next; /* those before it are done with */
    size_t capacity;
};

struct peer_session {
    bool active;
    bool waiting;          /* for the writer */
    struct buffer message; /* the next to compare; empty: this comparison is over */
    struct hash_list need;
    struct hash_list have;
    struct hash_list asked; /* of the fetch under way */
    int64_t through;        /* what we had when the last comparison began */
    size_t receiving;       /* pages that are verified or stored just now */
    unsigned number;  /* grows with every session: what belongs to an older one is known by it */
    size_t fruitless; /* messages in a row that brought nobody anything */
    struct event_batch *gathered; /* verified, not given to the writer yet */
    bool progressed;              /* since the comparison began */
    bool left_out;                /* more is lacking than the session keeps in mind */
};

/* Does the next step of a RECONCILE. */
void peer_session_step(struct peer_link *link);

/* A page of it is verified; the writer is done with one. */
void peer_session_verified(struct peer_link *link, struct received_batch *page);
void peer_session_received(struct peer_link *link, const struct received_batch *batch);

/* Stores what it has gathered and forgets the rest, except what the writer still has. */
void peer_session_end(struct peer_link *link);

/* Forgets all of it: the log may be gone. */
void peer_session_forget(struct peer_link *link);

#endif
