/* A bucket of tokens for each of many keys that others choose: so many at once, and one more each
 * while after that.
 *
 * So many keys are remembered as there are slots: who comes to one that is taken takes it, with a
 * full bucket. Thread: the owner's.
 */
#ifndef HEARTHCHAT_CORE_BUCKETS_H
#define HEARTHCHAT_CORE_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buckets;

/* `seed`: nobody else's to know, so that nobody chooses whose slot to take. */
struct buckets *buckets_create(uint64_t seed, size_t slots, int tokens, int64_t every_ms);
void buckets_destroy(struct buckets **buckets);

/* False: that key's is empty. `now_ms` is monotonic. */
bool buckets_take(struct buckets *buckets, const void *key, size_t length_bytes, int64_t now_ms);

#endif
