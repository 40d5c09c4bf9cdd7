#include "gossip/knocks.h"

#include <string.h>

#include "core/limits.h"
#include "core/memory.h"
#include "core/seeded_hash.h"

struct door {
    uint64_t key;
    bool open;
    unsigned in_vain;
    int64_t wait_ms;
    int64_t closed_until_ms;
};

struct knocks {
    uint64_t seed;
    struct door doors[LIMITS_KNOCKED_HOSTS];
};

struct knocks *knocks_create(uint64_t seed)
{
    struct knocks *knocks = memory_allocate(1, sizeof *knocks);
    knocks->seed = seed;
    return knocks;
}

void knocks_destroy(struct knocks **knocks)
{
    memory_free(*knocks);
    *knocks = NULL;
}

static struct door *door_of(struct knocks *knocks, const void *door, size_t length_bytes,
                            uint64_t *key_out)
{
    *key_out = seeded_hash_bytes(knocks->seed, door, length_bytes);
    return &knocks->doors[*key_out % LIMITS_KNOCKED_HOSTS];
}

static int64_t next_wait(int64_t wait_ms)
{
    int64_t next_ms = wait_ms == 0 ? LIMITS_KNOCK_EVERY_MS : 2 * wait_ms;
    return next_ms < LIMITS_KNOCK_MOST_MS ? next_ms : LIMITS_KNOCK_MOST_MS;
}

bool knocks_take(struct knocks *knocks, const void *door, size_t length_bytes, int64_t now_ms)
{
    uint64_t key = 0;
    struct door *at = door_of(knocks, door, length_bytes, &key);
    if (at->key != key) {
        *at = (struct door){.key = key};
    }
    if (at->in_vain >= LIMITS_KNOCKS && now_ms < at->closed_until_ms) {
        return false;
    }
    if (++at->in_vain >= LIMITS_KNOCKS) {
        at->wait_ms = next_wait(at->wait_ms);
        at->closed_until_ms = now_ms + at->wait_ms;
    }
    return true;
}

void knocks_forgive(struct knocks *knocks, const void *door, size_t length_bytes)
{
    uint64_t key = 0;
    struct door *at = door_of(knocks, door, length_bytes, &key);
    if (at->key == key) {
        *at = (struct door){.key = key};
    }
}

void knocks_open(struct knocks *knocks, const void *door, size_t length_bytes)
{
    uint64_t key = 0;
    struct door *at = door_of(knocks, door, length_bytes, &key);
    *at = (struct door){.key = key, .open = true};
}

bool knocks_is_open(struct knocks *knocks, const void *door, size_t length_bytes)
{
    uint64_t key = 0;
    const struct door *at = door_of(knocks, door, length_bytes, &key);
    return at->key == key && at->open;
}

void knocks_clear(struct knocks *knocks)
{
    memset(knocks->doors, 0, sizeof knocks->doors);
}
