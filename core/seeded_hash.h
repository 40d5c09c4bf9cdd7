/* A hash for tables that others fill: with a seed that they don't know, nobody chooses whose place
 * to take. Not for signatures or proofs.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_CORE_SEEDED_HASH_H
#define HEARTHCHAT_CORE_SEEDED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* All bits are usable. What this returns may be the seed of the next part. */
uint64_t seeded_hash_bytes(uint64_t seed, const void *bytes, size_t length_bytes);

#endif
