#include "server/callers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/limits.h"
#include "core/lock.h"
#include "core/memory.h"
#include "core/rate_window.h"
#include "core/seeded_hash.h"
#include "protocol/signing.h"

enum { WAYS = 8, BUCKETS = LIMITS_CALLERS / WAYS, SECOND_MS = 1000, MINUTE_MS = 60000 };

enum { KIND_NODE = 1, KIND_V4, KIND_V6, KIND_OTHER };

/* One limit: what was taken of it, and how often it was tried in this second. */
struct allowance {
    struct rate_window window;
    int64_t second_ms;
    int64_t tries;
};

struct known_caller {
    struct caller_key key;
    int64_t last_ms;
    int64_t held_bytes;
    struct allowance all;
    struct allowance redeems;
    struct allowance capabilities[CALLERS_CAPABILITIES];
    int64_t all_slots[LIMITS_CALLS_A_SECOND];
    int64_t redeem_slots[LIMITS_REDEEMS_A_MINUTE];
    int64_t capability_slots[CALLERS_CAPABILITIES][LIMITS_CAPABILITY_CALLS_A_SECOND];
};

struct callers {
    struct lock *lock;
    uint64_t seed; /* so that nobody chooses whose place to take */
    int64_t most_of_one_bytes;
    int64_t most_bytes;
    int64_t held_bytes;
    int64_t held_by_addresses_bytes;
    struct known_caller *known[BUCKETS][WAYS];
};

struct caller_key callers_key_of_node(const struct node_id *node_id)
{
    struct caller_key key = {.kind = KIND_NODE};
    memcpy(key.bytes, node_id->key, NODE_ID_BYTES);
    return key;
}

struct caller_key callers_key_of_address(const struct sockaddr *address)
{
    struct caller_key key = {.kind = KIND_OTHER};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        key.kind = KIND_V4;
        memcpy(key.bytes, &v4->sin_addr, sizeof v4->sin_addr);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        key.kind = mapped ? KIND_V4 : KIND_V6;
        memcpy(key.bytes, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    }
    return key;
}

bool callers_key_equal(const struct caller_key *one, const struct caller_key *other)
{
    return one->kind == other->kind && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

void callers_format_address(const struct sockaddr *address,
                            char text_out[static CALLERS_ADDRESS_BYTES])
{
    const void *bytes = NULL;
    int family = address->sa_family;
    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    } else if (family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        family = mapped ? AF_INET : AF_INET6;
        bytes = v6->sin6_addr.s6_addr + (mapped ? 12 : 0);
    }
    if (bytes == NULL || inet_ntop(family, bytes, text_out, CALLERS_ADDRESS_BYTES) == NULL) {
        (void)snprintf(text_out, CALLERS_ADDRESS_BYTES, "?");
    }
}

struct callers *callers_create(int64_t most_of_one_bytes, int64_t most_bytes)
{
    struct callers *callers = memory_allocate(1, sizeof *callers);
    callers->lock = lock_create();
    callers->most_of_one_bytes = most_of_one_bytes;
    callers->most_bytes = most_bytes;
    signing_random(&callers->seed, sizeof callers->seed);
    return callers;
}

uint32_t callers_hash(const struct callers *callers, const struct caller_key *key)
{
    return (uint32_t)seeded_hash_bytes(callers->seed, key->bytes, sizeof key->bytes);
}

void callers_destroy(struct callers **callers)
{
    if (*callers == NULL) {
        return;
    }
    for (size_t i = 0; i < LIMITS_CALLERS; i++) {
        memory_free((*callers)->known[i / WAYS][i % WAYS]);
    }
    lock_destroy(&(*callers)->lock);
    memory_free(*callers);
    *callers = NULL;
}

static void begin(struct known_caller *known, const struct caller_key *key)
{
    memset(known, 0, sizeof *known);
    known->key = *key;
    known->last_ms = INT64_MIN;
    rate_window_init(&known->all.window, known->all_slots, LIMITS_CALLS_A_SECOND, SECOND_MS);
    rate_window_init(&known->redeems.window, known->redeem_slots, LIMITS_REDEEMS_A_MINUTE,
                     MINUTE_MS);
    for (size_t i = 0; i < CALLERS_CAPABILITIES; i++) {
        rate_window_init(&known->capabilities[i].window, known->capability_slots[i],
                         LIMITS_CAPABILITY_CALLS_A_SECOND, SECOND_MS);
    }
}

/* With the lock taken. NULL: bytes are held for all that share its place. */
static struct known_caller *find(struct callers *callers, const struct caller_key *key)
{
    struct known_caller **bucket =
        callers->known[seeded_hash_bytes(callers->seed, key->bytes, sizeof key->bytes) % BUCKETS];
    struct known_caller **place = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        struct known_caller *known = bucket[i];
        if (known != NULL && callers_key_equal(&known->key, key)) {
            return known;
        }
        if (known == NULL) {
            place = place != NULL && *place == NULL ? place : &bucket[i];
        } else if (known->held_bytes == 0 &&
                   (place == NULL || (*place != NULL && known->last_ms < (*place)->last_ms))) {
            place = &bucket[i];
        }
    }
    if (place == NULL) {
        return NULL;
    }
    if (*place == NULL) {
        *place = memory_allocate(1, sizeof **place);
    }
    begin(*place, key);
    return *place;
}

static enum result take(struct allowance *allowance, int64_t now_ms, int64_t *retry_after_ms_out)
{
    if (now_ms - allowance->second_ms >= SECOND_MS) {
        allowance->second_ms = now_ms;
        allowance->tries = 0;
    }
    *retry_after_ms_out = rate_window_take(&allowance->window, now_ms);
    if (++allowance->tries > (int64_t)allowance->window.most * LIMITS_FLOOD_FACTOR) {
        return RESULT_FULL;
    }
    return *retry_after_ms_out == 0 ? RESULT_OK : RESULT_BUSY;
}

/* What is counted beside the capabilities, by their numbers. */
enum { ALL_CALLS = CALLERS_CAPABILITIES, REDEEMS };

static struct allowance *allowance_of(struct known_caller *known, size_t what)
{
    return what == ALL_CALLS ? &known->all
           : what == REDEEMS ? &known->redeems
                             : &known->capabilities[what];
}

static enum result count(struct callers *callers, const struct caller_key *key, size_t what,
                         int64_t now_ms, int64_t *retry_after_ms_out)
{
    enum result result = RESULT_BUSY;
    *retry_after_ms_out = SECOND_MS;
    lock_take(callers->lock);
    struct known_caller *known = find(callers, key);
    if (known != NULL) {
        known->last_ms = now_ms;
        result = take(allowance_of(known, what), now_ms, retry_after_ms_out);
    }
    lock_release(callers->lock);
    return result;
}

enum result callers_count(struct callers *callers, const struct caller_key *key, int64_t now_ms,
                          int64_t *retry_after_ms_out)
{
    return count(callers, key, ALL_CALLS, now_ms, retry_after_ms_out);
}

enum result callers_count_redeem(struct callers *callers, const struct caller_key *key,
                                 int64_t now_ms, int64_t *retry_after_ms_out)
{
    return count(callers, key, REDEEMS, now_ms, retry_after_ms_out);
}

enum result callers_count_capability(struct callers *callers, const struct caller_key *key,
                                     size_t capability, int64_t now_ms, int64_t *retry_after_ms_out)
{
    return count(callers, key, capability, now_ms, retry_after_ms_out);
}

void callers_uncount(struct callers *callers, const struct caller_key *key)
{
    lock_take(callers->lock);
    struct known_caller *known = find(callers, key);
    if (known != NULL && known->all.tries > 0) {
        rate_window_give_back(&known->all.window);
        known->all.tries--;
    }
    lock_release(callers->lock);
}

/* Who is but an address leaves half of it to those who are known. */
static bool has_room(const struct callers *callers, const struct known_caller *known, int64_t bytes)
{
    return callers->held_bytes + bytes <= callers->most_bytes &&
           known->held_bytes + bytes <= callers->most_of_one_bytes &&
           (known->key.kind == KIND_NODE ||
            callers->held_by_addresses_bytes + bytes <= callers->most_bytes / 2);
}

static void add_held(struct callers *callers, struct known_caller *known, int64_t bytes)
{
    known->held_bytes += bytes;
    callers->held_bytes += bytes;
    callers->held_by_addresses_bytes += known->key.kind == KIND_NODE ? 0 : bytes;
}

bool callers_hold(struct callers *callers, const struct caller_key *key, size_t bytes)
{
    lock_take(callers->lock);
    struct known_caller *known = find(callers, key);
    bool held = known != NULL && has_room(callers, known, (int64_t)bytes);
    if (held) {
        add_held(callers, known, (int64_t)bytes);
    }
    lock_release(callers->lock);
    return held;
}

void callers_give_back(struct callers *callers, const struct caller_key *key, size_t bytes)
{
    if (bytes == 0) {
        return;
    }
    lock_take(callers->lock);
    add_held(callers, find(callers, key), -(int64_t)bytes);
    lock_release(callers->lock);
}
