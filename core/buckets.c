#include "core/buckets.h"

#include "core/memory.h"
#include "core/seeded_hash.h"

/* Instead of tokens that come back: when the last of them is back. */
struct bucket {
    uint64_t key;
    int64_t full_again_ms;
};

struct buckets {
    uint64_t seed;
    int64_t burst_ms;
    int64_t every_ms;
    size_t slots;
    struct bucket bucket[];
};

struct buckets *buckets_create(uint64_t seed, size_t slots, int tokens, int64_t every_ms)
{
    struct buckets *buckets =
        memory_allocate(1, sizeof *buckets + (slots * sizeof *buckets->bucket));
    buckets->seed = seed;
    buckets->burst_ms = tokens * every_ms;
    buckets->every_ms = every_ms;
    buckets->slots = slots;
    return buckets;
}

void buckets_destroy(struct buckets **buckets)
{
    memory_free(*buckets);
    *buckets = NULL;
}

static struct bucket *bucket_of(struct buckets *buckets, const void *key, size_t length_bytes,
                                uint64_t *key_out)
{
    *key_out = seeded_hash_bytes(buckets->seed, key, length_bytes);
    return &buckets->bucket[*key_out % buckets->slots];
}

bool buckets_take(struct buckets *buckets, const void *key, size_t length_bytes, int64_t now_ms)
{
    uint64_t hash = 0;
    struct bucket *bucket = bucket_of(buckets, key, length_bytes, &hash);
    bool is_full = bucket->key != hash || bucket->full_again_ms < now_ms;
    int64_t full_again_ms = (is_full ? now_ms : bucket->full_again_ms) + buckets->every_ms;
    if (full_again_ms - now_ms > buckets->burst_ms) {
        return false;
    }
    *bucket = (struct bucket){hash, full_again_ms};
    return true;
}
