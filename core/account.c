#include "core/account.h"

#include <assert.h>
#include <string.h>

#include "core/lock.h"
#include "core/memory.h"
#include "core/seeded_hash.h"

enum {
    BUCKETS = 512, /* a thousand are open in a large community */
    LITTLE = 64,   /* that part of what one may hold */
};

struct account {
    struct account_table *accounts;
    struct account *next; /* of its bucket */
    struct account_key key;
    size_t open_count;
    int64_t charged[ACCOUNT_CURRENCIES];
};

struct account_table {
    struct lock *lock;
    uint64_t seed;
    struct account_bounds bounds;
    int64_t charged[ACCOUNT_CURRENCIES];
    int64_t charged_to_strangers[ACCOUNT_CURRENCIES];
    struct account *buckets[BUCKETS];
};

bool account_key_equal(const struct account_key *one, const struct account_key *other)
{
    return one->kind == other->kind && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

struct account_key account_key_of_node(const uint8_t key[static ACCOUNT_KEY_BYTES])
{
    struct account_key of_node = {.kind = ACCOUNT_OF_NODE};
    memcpy(of_node.bytes, key, ACCOUNT_KEY_BYTES);
    return of_node;
}

struct account_table *account_table_create(const struct account_bounds *bounds, uint64_t seed)
{
    struct account_table *accounts = memory_allocate(1, sizeof *accounts);
    accounts->lock = lock_create();
    accounts->bounds = *bounds;
    accounts->seed = seed;
    return accounts;
}

void account_table_destroy(struct account_table **accounts)
{
    if (*accounts != NULL) {
        for (size_t i = 0; i < BUCKETS; i++) {
            assert((*accounts)->buckets[i] == NULL);
        }
        lock_destroy(&(*accounts)->lock);
        memory_free(*accounts);
        *accounts = NULL;
    }
}

uint32_t account_table_hash(const struct account_table *accounts, const struct account_key *key)
{
    return (uint32_t)seeded_hash_bytes(accounts->seed, key->bytes, sizeof key->bytes);
}

/* Where the account is, or would be linked: at the end of its bucket. */
static struct account **find(struct account_table *accounts, const struct account_key *key)
{
    struct account **at = &accounts->buckets[account_table_hash(accounts, key) % BUCKETS];
    while (*at != NULL && !account_key_equal(&(*at)->key, key)) {
        at = &(*at)->next;
    }
    return at;
}

struct account *account_open(struct account_table *accounts, const struct account_key *key)
{
    lock_take(accounts->lock);
    struct account **at = find(accounts, key);
    if (*at == NULL) {
        *at = memory_allocate(1, sizeof **at);
        (*at)->accounts = accounts;
        (*at)->key = *key;
    }
    struct account *account = *at;
    account->open_count++;
    lock_release(accounts->lock);
    return account;
}

struct account *account_share(struct account *account)
{
    lock_take(account->accounts->lock);
    account->open_count++;
    lock_release(account->accounts->lock);
    return account;
}

void account_close(struct account **account_pointer)
{
    struct account *account = *account_pointer;
    if (account == NULL) {
        return;
    }
    struct account_table *accounts = account->accounts;
    lock_take(accounts->lock);
    account->open_count--;
    if (account->open_count == 0) {
        *find(accounts, &account->key) = account->next;
        memory_free(account);
    }
    lock_release(accounts->lock);
    *account_pointer = NULL;
}

static bool is_stranger(const struct account *account)
{
    return account->key.kind != ACCOUNT_OF_NODE;
}

static int64_t most_of(const struct account *account, enum account_currency currency)
{
    int64_t most = account->accounts->bounds.of_one[currency];
    return is_stranger(account) ? most / 2 : most;
}

/* What of all this one may go up to: who holds much leaves a quarter to those who hold little. */
static int64_t most_of_all(const struct account *account, enum account_currency currency,
                           int64_t then)
{
    const struct account_bounds *bounds = &account->accounts->bounds;
    int64_t most = bounds->of_all[currency];
    return then <= bounds->of_one[currency] / LITTLE ? most : most / 4 * 3;
}

static bool has_room(const struct account *account, enum account_currency currency, int64_t amount)
{
    const struct account_table *accounts = account->accounts;
    int64_t then = account->charged[currency] + amount;
    int64_t most = most_of_all(account, currency, then);
    return then <= most_of(account, currency) && accounts->charged[currency] + amount <= most &&
           (!is_stranger(account) || accounts->charged_to_strangers[currency] + amount <= most / 2);
}

static void add(struct account *account, enum account_currency currency, int64_t amount)
{
    struct account_table *accounts = account->accounts;
    account->charged[currency] += amount;
    accounts->charged[currency] += amount;
    accounts->charged_to_strangers[currency] += is_stranger(account) ? amount : 0;
}

bool account_charge(struct account *account, enum account_currency currency, size_t amount)
{
    lock_take(account->accounts->lock);
    bool charged = amount <= INT64_MAX / 2 && has_room(account, currency, (int64_t)amount);
    if (charged) {
        add(account, currency, (int64_t)amount);
    }
    lock_release(account->accounts->lock);
    return charged;
}

void account_give_back(struct account *account, enum account_currency currency, size_t amount)
{
    if (amount > 0) {
        lock_take(account->accounts->lock);
        add(account, currency, -(int64_t)amount);
        lock_release(account->accounts->lock);
    }
}

size_t account_charged(const struct account *account, enum account_currency currency)
{
    lock_take(account->accounts->lock);
    size_t amount = (size_t)account->charged[currency];
    lock_release(account->accounts->lock);
    return amount;
}

bool account_could_pay(const struct account *account, enum account_currency currency, size_t amount)
{
    int64_t most = most_of_all(account, currency, INT64_MAX);
    most = is_stranger(account) ? most / 2 : most;
    return amount <= (size_t)most && amount <= (size_t)most_of(account, currency);
}
