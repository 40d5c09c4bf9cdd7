/* Hashes that are not asked for again (§6): events that can never be accepted, from anybody; events
 * whose signature a peer spoiled, from that peer for a while.
 *
 * Thread: one at a time. Bounded: of 2,048 at most, the oldest of a bucket makes room.
 */
#ifndef HEARTHCHAT_GOSSIP_REFUSED_HASHES_H
#define HEARTHCHAT_GOSSIP_REFUSED_HASHES_H

#include "protocol/blake3.h"
#include "protocol/node_id.h"

#define REFUSED_HASHES_HOLD_MS 600000

struct refused_hashes;

struct refused_hashes *refused_hashes_create(void);
void refused_hashes_destroy(struct refused_hashes **table);

/* `peer` NULL: whoever offers it, for good. */
void refused_hashes_add(struct refused_hashes *table, const uint8_t hash[static BLAKE3_HASH_BYTES],
                        const struct node_id *peer, int64_t now_ms);

bool refused_hashes_holds(const struct refused_hashes *table,
                          const uint8_t hash[static BLAKE3_HASH_BYTES], const struct node_id *peer,
                          int64_t now_ms);

#endif
