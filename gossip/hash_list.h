/* Hashes of events that wait to be dealt with, in the order in which they came.
 *
 * Thread: one at a time. {0} is an empty list; hash_list_clear() frees.
 */
#ifndef HEARTHCHAT_GOSSIP_HASH_LIST_H
#define HEARTHCHAT_GOSSIP_HASH_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/blake3.h"

struct hash_list {
    uint8_t (*hashes)[BLAKE3_HASH_BYTES];
    size_t count;
    size_t next; /* those before it are done with */
    size_t capacity;
};

void hash_list_add(struct hash_list *list, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Whether it is in the list, done with or not; looks at all of them. */
bool hash_list_holds(const struct hash_list *list, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* By value; and where one of them stands then: SIZE_MAX for none. */
void hash_list_sort(struct hash_list *list);
size_t hash_list_find(const struct hash_list *sorted, const uint8_t hash[static BLAKE3_HASH_BYTES]);

/* Empties it. */
void hash_list_clear(struct hash_list *list);

/* How many are left. */
size_t hash_list_left(const struct hash_list *list);

/* How many of those one call takes: `most`, or all. */
size_t hash_list_page(const struct hash_list *list, size_t most);

/* The first of what is left; borrowed until the list changes. */
const uint8_t (*hash_list_first(const struct hash_list *list))[BLAKE3_HASH_BYTES];

#endif
