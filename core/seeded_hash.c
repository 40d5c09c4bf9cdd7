#include "core/seeded_hash.h"

/* FNV-1a, the high bits folded into the low ones. */
uint64_t seeded_hash_bytes(uint64_t seed, const void *bytes, size_t length_bytes)
{
    const unsigned char *at = bytes;
    uint64_t hash = seed ^ 0xcbf29ce484222325U;
    for (size_t i = 0; i < length_bytes; i++) {
        hash = (hash ^ at[i]) * 0x100000001b3U;
    }
    return hash ^ hash >> 32;
}
