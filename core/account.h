/* What one caller makes this node hold: charged where it comes to be, given back where it dies,
 * whoever has it meanwhile, so that nobody pays for another's.
 *
 * An account is there as long as somebody has it open; opened again by the same key it is the same.
 * Thread: any; one lock. account_table_create/destroy: startup, and when all are closed.
 * Limits: so much of one caller, so much of all. Who is but an address, and may be anybody, has
 * half of either: strangers leave the rest to those who are known. And who holds more than 1/64 of
 * what one may leaves a quarter of all to those who hold less.
 */
#ifndef HEARTHCHAT_CORE_ACCOUNT_H
#define HEARTHCHAT_CORE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_KEY_BYTES 32

enum account_kind { ACCOUNT_OF_NODE = 1, ACCOUNT_OF_V4, ACCOUNT_OF_V6, ACCOUNT_OF_OTHER };

/* A node by its key, or an address of a machine: of IPv6 the /64, for that is what one house gets.
 */
struct account_key {
    uint8_t kind;
    uint8_t bytes[ACCOUNT_KEY_BYTES]; /* zero behind an address */
};

bool account_key_equal(const struct account_key *one, const struct account_key *other);
struct account_key account_key_of_node(const uint8_t key[static ACCOUNT_KEY_BYTES]);

enum account_currency {
    ACCOUNT_BYTES, /* of bodies that come, of answers that go */
    ACCOUNT_JSON,  /* texts of theirs that are read, and what comes of them up to its commit */
    ACCOUNT_CURRENCIES
};

struct account_bounds {
    int64_t of_one[ACCOUNT_CURRENCIES];
    int64_t of_all[ACCOUNT_CURRENCIES];
};

struct account_table;
struct account;

/* `seed`: so that nobody chooses whose place to share. */
struct account_table *account_table_create(const struct account_bounds *bounds, uint64_t seed);
void account_table_destroy(struct account_table **accounts);

/* Equal for equal keys; nobody else can tell for which others. */
uint32_t account_table_hash(const struct account_table *accounts, const struct account_key *key);

struct account *account_open(struct account_table *accounts, const struct account_key *key);
struct account *account_share(struct account *account); /* opened once more */
void account_close(struct account **account);

/* False, and nothing is charged, when it were more than may be. */
bool account_charge(struct account *account, enum account_currency currency, size_t amount);
void account_give_back(struct account *account, enum account_currency currency, size_t amount);

/* What is charged to it now, and whether so much could ever be. */
size_t account_charged(const struct account *account, enum account_currency currency);
bool account_could_pay(const struct account *account, enum account_currency currency,
                       size_t amount);

#endif
