/* Comparing our set of events with a peer's, a message at a time, by a reader: of a million events
 * it takes a processor a while, and the set has one lock (§12).
 *
 * Thread: gossip. The exchange's lane is busy from here until `done` ends its call, or makes one.
 * Ownership: what `done` gets is borrowed for it; the message may be taken out of it.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_COMPARISON_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_COMPARISON_PRIVATE_H

#include "core/buffer.h"
#include "core/result.h"
#include "gossip/hash_list.h"

#define PEER_COMPARISON_MOST_LACKING                                                               \
    16384 /* that one side is told of before they are dealt with                                   \
           */

struct peer_link;

struct peer_comparison {
    /* As event_set.h says; RESULT_BUSY: the set is not in memory yet. */
    enum result result;
    struct buffer message;   /* the next; empty: they are compared */
    struct hash_list ours;   /* the peer lacks them, */
    struct hash_list theirs; /* or we do */
    bool left_out;           /* there are more */
};
typedef void peer_comparison_done(struct peer_link *link, struct peer_comparison *comparison);

/* The first message; or what follows from the peer's answer to one. */
void peer_comparison_begin(struct peer_link *link, peer_comparison_done *done);
void peer_comparison_go_on(struct peer_link *link, const struct buffer *answer,
                           peer_comparison_done *done);

#endif
