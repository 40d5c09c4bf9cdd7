#include "gossip/refused_hashes.h"

#include <string.h>

#include "core/memory.h"

enum { BUCKETS = 512, WAYS = 4 };

struct refused {
    uint8_t hash[BLAKE3_HASH_BYTES];
    struct node_id peer;
    bool used;
    bool has_peer;
    int64_t until_ms;
};

struct bucket {
    struct refused ways[WAYS];
    size_t oldest;
};

struct refused_hashes {
    struct bucket *buckets; /* NULL until there is one to remember */
};

struct refused_hashes *refused_hashes_create(void)
{
    return memory_allocate(1, sizeof(struct refused_hashes));
}

void refused_hashes_destroy(struct refused_hashes **table)
{
    if (*table != NULL) {
        memory_free((*table)->buckets);
        memory_free(*table);
        *table = NULL;
    }
}

/* Whoever finds events whose hashes collide here pushes out refusals, and gains that what was
 * refused is fetched and refused once more. */
static size_t bucket_of(const uint8_t *hash)
{
    return ((size_t)hash[0] << 8 | hash[1]) % BUCKETS;
}

void refused_hashes_add(struct refused_hashes *table, const uint8_t hash[static BLAKE3_HASH_BYTES],
                        const struct node_id *peer, int64_t now_ms)
{
    if (table->buckets == NULL) {
        table->buckets = memory_allocate(BUCKETS, sizeof *table->buckets);
    }
    if (refused_hashes_holds(table, hash, peer, now_ms)) {
        return;
    }
    struct bucket *bucket = &table->buckets[bucket_of(hash)];
    struct refused *refused = &bucket->ways[bucket->oldest];
    bucket->oldest = (bucket->oldest + 1) % WAYS;
    *refused = (struct refused){.used = true, .has_peer = peer != NULL, .until_ms = INT64_MAX};
    memcpy(refused->hash, hash, sizeof refused->hash);
    if (peer != NULL) {
        refused->peer = *peer;
        refused->until_ms = now_ms + REFUSED_HASHES_HOLD_MS;
    }
}

bool refused_hashes_holds(const struct refused_hashes *table,
                          const uint8_t hash[static BLAKE3_HASH_BYTES], const struct node_id *peer,
                          int64_t now_ms)
{
    if (table->buckets == NULL) {
        return false;
    }
    const struct bucket *bucket = &table->buckets[bucket_of(hash)];
    for (size_t i = 0; i < WAYS; i++) {
        const struct refused *refused = &bucket->ways[i];
        if (refused->used && refused->until_ms > now_ms &&
            memcmp(refused->hash, hash, sizeof refused->hash) == 0 &&
            (!refused->has_peer || (peer != NULL && node_id_equal(&refused->peer, peer)))) {
            return true;
        }
    }
    return false;
}
