/* The set that reconciliation compares: items (timestamp = lamport, id = event hash) in order, with
 * sums, so that the fingerprint of any range costs two partial chunks (§12).
 *
 * Thread: one at a time (reading too: sums are brought up to date when they are asked for).
 * Ownership: create gives, destroy takes.
 * Limits: 40 bytes an item in chunks of 256; a rank is a position in the order, from 0.
 */
#ifndef HEARTHCHAT_PROTOCOL_ITEM_SET_H
#define HEARTHCHAT_PROTOCOL_ITEM_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/fingerprint.h"

#define ITEM_ID_BYTES 32

struct item {
    int64_t timestamp;
    uint8_t id[ITEM_ID_BYTES];
};

struct item_set;

struct item_set *item_set_create(void);
void item_set_destroy(struct item_set **set);

/* By timestamp, then by the bytes of the id. */
int item_set_compare(const struct item *left, const struct item *right);

/* False when it is there already, or not there. */
bool item_set_insert(struct item_set *set, const struct item *item);
bool item_set_remove(struct item_set *set, const struct item *item);

size_t item_set_count(const struct item_set *set);

/* The rank of the first item not below `bound`; the count when there is none. */
size_t item_set_find(struct item_set *set, const struct item *bound);

/* Borrowed until the set changes; `rank` is below the count. */
const struct item *item_set_get(struct item_set *set, size_t rank);

/* Of the items with ranks begin … end - 1. */
void item_set_fingerprint(struct item_set *set, size_t begin, size_t end,
                          uint8_t digest_out[static FINGERPRINT_BYTES]);

#endif
