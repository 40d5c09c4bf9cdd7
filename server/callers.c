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

/* One limit: what was taken of it, and how often it was tried in this second. */
struct allowance {
    struct rate_window window;
    int64_t second_ms;
    int64_t tries;
};

struct known_caller {
    struct account_key key;
    int64_t last_ms;
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
    struct known_caller *known[BUCKETS][WAYS];
};

struct account_key callers_key_of_node(const struct node_id *node_id)
{
    return account_key_of_node(node_id->key);
}

struct account_key callers_key_of_address(const struct sockaddr *address)
{
    struct account_key key = {.kind = ACCOUNT_OF_OTHER};
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        key.kind = ACCOUNT_OF_V4;
        memcpy(key.bytes, &v4->sin_addr, sizeof v4->sin_addr);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        key.kind = mapped ? ACCOUNT_OF_V4 : ACCOUNT_OF_V6;
        memcpy(key.bytes, v6->sin6_addr.s6_addr + (mapped ? 12 : 0), mapped ? 4 : 8);
    }
    return key;
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

struct callers *callers_create(void)
{
    struct callers *callers = memory_allocate(1, sizeof *callers);
    callers->lock = lock_create();
    signing_random(&callers->seed, sizeof callers->seed);
    return callers;
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

static void begin(struct known_caller *known, const struct account_key *key)
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

/* With the lock taken. */
static struct known_caller *find(struct callers *callers, const struct account_key *key)
{
    struct known_caller **bucket =
        callers->known[seeded_hash_bytes(callers->seed, key->bytes, sizeof key->bytes) % BUCKETS];
    struct known_caller **place = NULL;
    for (size_t i = 0; i < WAYS; i++) {
        struct known_caller *known = bucket[i];
        if (known != NULL && account_key_equal(&known->key, key)) {
            return known;
        }
        if (known == NULL) {
            place = place != NULL && *place == NULL ? place : &bucket[i];
        } else if (place == NULL || (*place != NULL && known->last_ms < (*place)->last_ms)) {
            place = &bucket[i];
        }
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

static enum result count(struct callers *callers, const struct account_key *key, size_t what,
                         int64_t now_ms, int64_t *retry_after_ms_out)
{
    lock_take(callers->lock);
    struct known_caller *known = find(callers, key);
    known->last_ms = now_ms;
    enum result result = take(allowance_of(known, what), now_ms, retry_after_ms_out);
    lock_release(callers->lock);
    return result;
}

enum result callers_count(struct callers *callers, const struct account_key *key, int64_t now_ms,
                          int64_t *retry_after_ms_out)
{
    return count(callers, key, ALL_CALLS, now_ms, retry_after_ms_out);
}

enum result callers_count_redeem(struct callers *callers, const struct account_key *key,
                                 int64_t now_ms, int64_t *retry_after_ms_out)
{
    return count(callers, key, REDEEMS, now_ms, retry_after_ms_out);
}

enum result callers_count_capability(struct callers *callers, const struct account_key *key,
                                     size_t capability, int64_t now_ms, int64_t *retry_after_ms_out)
{
    return count(callers, key, capability, now_ms, retry_after_ms_out);
}

static void give_back(struct callers *callers, const struct account_key *key, int64_t tries)
{
    lock_take(callers->lock);
    struct known_caller *known = find(callers, key);
    if (known->all.tries > 0) {
        rate_window_give_back(&known->all.window);
        known->all.tries -= tries;
    }
    lock_release(callers->lock);
}

void callers_uncount(struct callers *callers, const struct account_key *key)
{
    give_back(callers, key, 1);
}

void callers_forgive(struct callers *callers, const struct account_key *key)
{
    give_back(callers, key, 0);
}
