#include "server/hint_limit.h"

#include "core/buckets.h"
#include "core/limits.h"
#include "core/memory.h"
#include "core/rate_window.h"

struct hint_limit {
    struct rate_window all;
    int64_t slots[LIMITS_HINTS_A_SECOND];
    struct buckets *sources;
};

struct hint_limit *hint_limit_create(uint64_t seed)
{
    struct hint_limit *limit = memory_allocate(1, sizeof *limit);
    limit->sources = buckets_create(seed, LIMITS_HINT_SOURCES, LIMITS_HINTS_OF_SOURCE,
                                    LIMITS_HINT_OF_SOURCE_EVERY_MS);
    rate_window_init(&limit->all, limit->slots, LIMITS_HINTS_A_SECOND, 1000);
    return limit;
}

void hint_limit_destroy(struct hint_limit **limit)
{
    if (*limit != NULL) {
        buckets_destroy(&(*limit)->sources);
    }
    memory_free(*limit);
    *limit = NULL;
}

bool hint_limit_admit_source(struct hint_limit *limit,
                             const uint8_t address[static NETWORK_PICTURE_ADDRESS_BYTES],
                             int64_t now_ms)
{
    return buckets_take(limit->sources, address, NETWORK_PICTURE_ADDRESS_BYTES, now_ms);
}

bool hint_limit_admit(struct hint_limit *limit, int64_t now_ms)
{
    return rate_window_take(&limit->all, now_ms) == 0;
}
