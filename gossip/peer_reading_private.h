/* What a lane needs of the log, read by a reader: pages of events as the body of a call, and what
 * of a list of hashes isn't there yet.
 *
 * Thread: gossip. The lane is busy from here until `done` ends its call, or makes the next.
 * Ownership: what `done` gets is borrowed for it; a body may be taken out of it.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_READING_PRIVATE_H
#define HEARTHCHAT_GOSSIP_PEER_READING_PRIVATE_H

#include "gossip/event_batch.h"

struct peer_lane;

struct peer_page {
    enum result result;   /* RESULT_IO: the page is not what it should be */
    struct buffer body;   /* of /sync/v1/events */
    size_t count;         /* events in it */
    bool full;            /* something did not fit */
    int64_t through;      /* by arrival: all up to here is in it, or aside */
    size_t passed;        /* by hash: so many of the first are in it, or not in the log */
    bool weighs_too_much; /* by hash: nothing is in it */
};
typedef void peer_reading_done(struct peer_lane *lane, struct peer_page *page);

/* The events of these arrival numbers; or those above one, with our head. */
void peer_reading_of_seqs(struct peer_lane *lane, const int64_t *seqs, size_t count,
                          peer_reading_done *done);
void peer_reading_after(struct peer_lane *lane, int64_t cursor, peer_reading_done *done);

/* The events of these hashes, if all of them together have at most so many bytes, or there is one;
 * 0: whatever they have. */
void peer_reading_of_hashes(struct peer_lane *lane, const uint8_t (*hashes)[BLAKE3_HASH_BYTES],
                            size_t count, size_t most_weight_bytes, peer_reading_done *done);

/* Those of the list (consumed; so many were looked for) that the log does not hold. */
typedef void peer_reading_lacked(struct peer_lane *lane, size_t looked_for,
                                 const struct hash_list *lacking);
void peer_reading_lacking(struct peer_lane *lane, struct hash_list *list,
                          peer_reading_lacked *done);

#endif
