#include "core/log_limit.h"

#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/seeded_hash.h"

enum { KINDS = 512, WAYS = 4 };

struct kind {
    uint64_t hash;
    int64_t written_ms; /* of the last line; 0 and hash 0: free */
};

struct log_limit {
    struct lock *lock;
    uint64_t seed; /* so that nobody chooses whose place to take */
    struct kind kinds[KINDS];
    int64_t since_ms; /* the count of all lines began */
    size_t lines;
    size_t left_out;
};

struct log_limit *log_limit_create(uint64_t seed)
{
    struct log_limit *limit = memory_allocate(1, sizeof *limit);
    limit->lock = lock_create();
    limit->seed = seed;
    limit->since_ms = INT64_MIN / 2;
    return limit;
}

void log_limit_destroy(struct log_limit **limit)
{
    if (*limit != NULL) {
        lock_destroy(&(*limit)->lock);
        memory_free(*limit);
        *limit = NULL;
    }
}

/* The place of this kind; of those that could be given up, the oldest. */
static struct kind *find(struct log_limit *limit, uint64_t hash)
{
    struct kind *bucket = limit->kinds + hash % (KINDS / WAYS) * WAYS;
    struct kind *oldest = bucket;
    for (size_t i = 0; i < WAYS; i++) {
        if (bucket[i].hash == hash) {
            return &bucket[i];
        }
        oldest = bucket[i].written_ms < oldest->written_ms ? &bucket[i] : oldest;
    }
    return oldest;
}

bool log_limit_admit(struct log_limit *limit, const char *who, const char *why, int64_t now_ms,
                     size_t *left_out)
{
    uint64_t hash =
        seeded_hash_bytes(seeded_hash_bytes(limit->seed, who, strlen(who)), why, strlen(why));
    lock_take(limit->lock);
    struct kind *kind = find(limit, hash);
    if (now_ms - limit->since_ms >= LIMITS_REFUSAL_LINE_MS) {
        limit->since_ms = now_ms;
        limit->lines = 0;
    }
    bool said = kind->hash == hash && now_ms - kind->written_ms < LIMITS_REFUSAL_LINE_MS;
    bool admitted = !said && limit->lines < LIMITS_REFUSAL_LINES;
    if (admitted) {
        *kind = (struct kind){hash, now_ms};
        limit->lines++;
        *left_out = limit->left_out;
        limit->left_out = 0;
    } else {
        limit->left_out++;
    }
    lock_release(limit->lock);
    return admitted;
}
