/* Peers by their NodeID: each is found in the same time, however many there are and whatever keys
 * they chose.
 *
 * Thread: one changes it; while it does not, any may look. Entries are the caller's, and lie in
 * what they stand for.
 */
#ifndef HEARTHCHAT_GOSSIP_PEER_TABLE_H
#define HEARTHCHAT_GOSSIP_PEER_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/node_id.h"

struct peer_entry {
    struct node_id node_id;
    struct peer_entry *next; /* of its bucket */
};

struct peer_table {
    uint64_t seed;
    struct peer_entry **buckets;
    size_t bucket_count;
    size_t count;
};

/* `seed`: nobody else's to know. */
void peer_table_init(struct peer_table *table, uint64_t seed);
void peer_table_deinit(struct peer_table *table);

/* NULL: none. */
struct peer_entry *peer_table_find(const struct peer_table *table, const struct node_id *node_id);

/* One that is not in it; one that is. */
void peer_table_add(struct peer_table *table, struct peer_entry *entry);
void peer_table_remove(struct peer_table *table, const struct peer_entry *entry);

#endif
