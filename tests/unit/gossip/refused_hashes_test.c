#include <string.h>

#include "gossip/refused_hashes.h"
#include "support/test_support.h"

static void
refused_hashes__holds_the_final_for_all_and_the_spoiled_for_one_peer_and_a_while(void **state)
{
    const uint8_t final[BLAKE3_HASH_BYTES] = {1};
    const uint8_t spoiled[BLAKE3_HASH_BYTES] = {2};
    struct refused_hashes *table = refused_hashes_create();
    (void)state;
    assert_false(refused_hashes_holds(table, final, test_id(1), 0));
    refused_hashes_add(table, final, NULL, 0);
    refused_hashes_add(table, spoiled, test_id(1), 0);
    assert_true(refused_hashes_holds(table, final, test_id(1), INT64_MAX - 1));
    assert_true(refused_hashes_holds(table, final, test_id(2), 0));
    assert_true(refused_hashes_holds(table, spoiled, test_id(1), REFUSED_HASHES_HOLD_MS - 1));
    assert_false(refused_hashes_holds(table, spoiled, test_id(1), REFUSED_HASHES_HOLD_MS));
    assert_false(refused_hashes_holds(table, spoiled, test_id(2), 0));
    refused_hashes_destroy(&table);
}

static void refused_hashes__forgets_the_oldest_instead_of_growing(void **state)
{
    struct refused_hashes *table = refused_hashes_create();
    uint8_t hash[BLAKE3_HASH_BYTES] = {0};
    int held = 0;
    (void)state;
    for (int i = 0; i < 100; i++) { /* all of one bucket */
        hash[31] = (uint8_t)i;
        refused_hashes_add(table, hash, NULL, 0);
    }
    assert_true(refused_hashes_holds(table, hash, NULL, 0));
    for (int i = 0; i < 100; i++) {
        hash[31] = (uint8_t)i;
        held += refused_hashes_holds(table, hash, NULL, 0) ? 1 : 0;
    }
    assert_int_equal(held, 4);
    refused_hashes_destroy(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            refused_hashes__holds_the_final_for_all_and_the_spoiled_for_one_peer_and_a_while),
        cmocka_unit_test(refused_hashes__forgets_the_oldest_instead_of_growing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
