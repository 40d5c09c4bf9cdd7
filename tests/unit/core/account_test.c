#include "core/account.h"

#include <string.h>

#include "support/test_support.h"

static const struct account_bounds bounds = {.of_one = {1000, 100}, .of_all = {3200, 400}};

static struct account *open_address(struct account_table *accounts, uint32_t number)
{
    struct account_key key = {.kind = ACCOUNT_OF_V4};
    memcpy(key.bytes, &number, sizeof number);
    return account_open(accounts, &key);
}

static struct account *open_node(struct account_table *accounts, uint8_t number)
{
    struct account_key key = account_key_of_node(test_id(number)->key);
    return account_open(accounts, &key);
}

static void account__opened_twice_is_one_and_charged_as_one(void **state)
{
    struct account_table *accounts = account_table_create(&bounds, 1);
    struct account *first = open_node(accounts, 1);
    struct account *second = open_node(accounts, 1);
    (void)state;
    assert_true(account_charge(first, ACCOUNT_BYTES, 600));
    assert_false(account_charge(second, ACCOUNT_BYTES, 401));
    account_close(&first);
    assert_int_equal(account_charged(second, ACCOUNT_BYTES), 600);
    assert_true(account_charge(second, ACCOUNT_BYTES, 400));
    assert_true(account_charge(second, ACCOUNT_JSON, 100)); /* another currency */
    account_give_back(second, ACCOUNT_BYTES, 1000);
    account_give_back(second, ACCOUNT_JSON, 100);
    account_close(&second);
    assert_null(second);
    first = open_node(accounts, 1);
    assert_int_equal(account_charged(first, ACCOUNT_BYTES), 0);
    account_close(&first);
    account_table_destroy(&accounts);
}

static void account__of_an_address_pays_half_and_leaves_half_to_the_known(void **state)
{
    struct account_table *accounts = account_table_create(&bounds, 2);
    struct account *houses[3];
    struct account *members[3];
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        houses[i] = open_address(accounts, i);
        members[i] = open_node(accounts, i);
    }
    assert_false(account_charge(houses[0], ACCOUNT_BYTES, 501));
    assert_true(account_charge(houses[0], ACCOUNT_BYTES, 500));
    assert_true(account_charge(houses[1], ACCOUNT_BYTES, 500));
    assert_false(account_charge(houses[2], ACCOUNT_BYTES, 201)); /* of 1,200 */
    assert_true(account_charge(houses[2], ACCOUNT_BYTES, 200));
    assert_true(account_charge(members[0], ACCOUNT_BYTES, 1000));
    assert_false(account_charge(members[1], ACCOUNT_BYTES, 201)); /* of 2,400 */
    assert_true(account_charge(members[1], ACCOUNT_BYTES, 200));
    account_give_back(houses[1], ACCOUNT_BYTES, 500);
    assert_true(account_charge(members[2], ACCOUNT_BYTES, 500)); /* what others leave */
    assert_false(account_charge(houses[1], ACCOUNT_BYTES, 16));
    account_give_back(houses[0], ACCOUNT_BYTES, 500);
    account_give_back(houses[2], ACCOUNT_BYTES, 200);
    account_give_back(members[0], ACCOUNT_BYTES, 1000);
    account_give_back(members[1], ACCOUNT_BYTES, 200);
    account_give_back(members[2], ACCOUNT_BYTES, 500);
    for (uint8_t i = 0; i < 3; i++) {
        account_close(&houses[i]);
        account_close(&members[i]);
    }
    account_table_destroy(&accounts);
}

static void account__says_what_it_could_ever_pay(void **state)
{
    struct account_table *accounts = account_table_create(&bounds, 3);
    struct account *house = open_address(accounts, 1);
    struct account *member = open_node(accounts, 1);
    (void)state;
    assert_true(account_could_pay(house, ACCOUNT_JSON, 50));
    assert_false(account_could_pay(house, ACCOUNT_JSON, 51));
    assert_true(account_could_pay(member, ACCOUNT_JSON, 100));
    assert_false(account_could_pay(member, ACCOUNT_JSON, 101));
    assert_false(account_could_pay(member, ACCOUNT_JSON, SIZE_MAX));
    assert_false(account_charge(member, ACCOUNT_JSON, SIZE_MAX));
    account_close(&house);
    account_close(&member);
    account_table_destroy(&accounts);
    static const struct account_bounds alone = {.of_one = {100, 100}, .of_all = {100, 100}};
    accounts = account_table_create(&alone, 3);
    member = open_node(accounts, 1);
    assert_false(account_could_pay(member, ACCOUNT_JSON, 76)); /* a quarter is left to others */
    assert_true(account_could_pay(member, ACCOUNT_JSON, 75));
    assert_true(account_charge(member, ACCOUNT_JSON, 75));
    account_give_back(member, ACCOUNT_JSON, 75);
    account_close(&member);
    account_table_destroy(&accounts);
}

static void account__of_who_holds_little_finds_room(void **state)
{
    struct account_table *accounts = account_table_create(&bounds, 4);
    struct account *greedy[3];
    struct account *modest = open_node(accounts, 9);
    (void)state;
    for (uint8_t i = 0; i < 3; i++) {
        greedy[i] = open_node(accounts, i);
        while (account_charge(greedy[i], ACCOUNT_BYTES, 100)) {
        }
    }
    assert_false(account_charge(modest, ACCOUNT_BYTES, 16));
    assert_true(account_charge(modest, ACCOUNT_BYTES, 15)); /* 1/64 */
    assert_false(account_charge(modest, ACCOUNT_BYTES, 1));
    account_give_back(modest, ACCOUNT_BYTES, 15);
    for (uint8_t i = 0; i < 3; i++) {
        account_give_back(greedy[i], ACCOUNT_BYTES, account_charged(greedy[i], ACCOUNT_BYTES));
        account_close(&greedy[i]);
    }
    account_close(&modest);
    account_table_destroy(&accounts);
}

/* More than there are buckets, opened and closed in any order: each keeps its own charge. */
static void account__many_keep_apart(void **state)
{
    enum { MANY = 2000 };
    static const struct account_bounds wide = {.of_one = {10, 10}, .of_all = {100000, 100000}};
    struct account_table *accounts = account_table_create(&wide, 4);
    struct account *open[MANY];
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        open[i] = open_address(accounts, i);
        assert_true(account_charge(open[i], ACCOUNT_BYTES, i % 6));
    }
    for (uint32_t i = 0; i < MANY; i += 3) {
        account_give_back(open[i], ACCOUNT_BYTES, i % 6);
        account_close(&open[i]);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        if (open[i] != NULL) {
            assert_int_equal(account_charged(open[i], ACCOUNT_BYTES), i % 6);
            account_give_back(open[i], ACCOUNT_BYTES, i % 6);
            account_close(&open[i]);
        }
    }
    account_table_destroy(&accounts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(account__opened_twice_is_one_and_charged_as_one),
        cmocka_unit_test(account__of_an_address_pays_half_and_leaves_half_to_the_known),
        cmocka_unit_test(account__says_what_it_could_ever_pay),
        cmocka_unit_test(account__of_who_holds_little_finds_room),
        cmocka_unit_test(account__many_keep_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
