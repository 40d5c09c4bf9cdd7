#include "server/address_settling.h"

#include <stdio.h>

#include "support/test_support.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static struct address_settling settling;
static int64_t wake_ms;

static struct endpoints places(const char *first, const char *second)
{
    struct endpoints endpoints = {0};
    const char *const hosts[] = {first, second};
    for (size_t i = 0; i < 2; i++) {
        if (hosts[i] != NULL) {
            struct endpoint *endpoint = &endpoints.list[endpoints.count++];
            (void)snprintf(endpoint->host, sizeof endpoint->host, "%s", hosts[i]);
            endpoint->port = 7080;
        }
    }
    return endpoints;
}

static bool see(const char *first, const char *second, int64_t now_ms)
{
    const struct endpoints endpoints = places(first, second);
    return address_settling_see(&settling, &endpoints, false, now_ms);
}

static bool take(int64_t now_ms)
{
    return address_settling_take(&settling, now_ms, &wake_ms);
}

/* In a community whose log says "a", and long at rest. */
static int settle(void **state)
{
    const struct endpoints said = places("a", NULL);
    (void)state;
    address_settling_init(&settling);
    (void)see("a", NULL, 0);
    address_settling_follow(&settling, &said);
    return 0;
}

static void address_settling__tells_what_stood_still_for_five_seconds(void **state)
{
    (void)state;
    assert_false(take(20 * SECOND));
    assert_int_equal(wake_ms, INT64_MAX);
    assert_true(see("a", "b", 20 * SECOND));
    assert_false(see("a", "b", 21 * SECOND));
    assert_false(take(21 * SECOND));
    assert_int_equal(wake_ms, 25 * SECOND);
    assert_true(see("a", "c", 24 * SECOND));
    assert_false(take(25 * SECOND));
    assert_int_equal(wake_ms, 29 * SECOND);
    assert_true(take(29 * SECOND));
    assert_false(take(30 * SECOND));
    assert_int_equal(wake_ms, INT64_MAX);
}

static void address_settling__tells_nothing_of_what_came_back(void **state)
{
    (void)state;
    assert_true(see("b", NULL, 20 * SECOND));
    assert_true(see("a", NULL, 22 * SECOND));
    assert_false(take(60 * SECOND));
    assert_int_equal(wake_ms, INT64_MAX);
}

static void address_settling__leaves_the_word_standing_while_there_is_no_address(void **state)
{
    (void)state;
    assert_true(see(NULL, NULL, 20 * SECOND));
    assert_false(take(HOUR));
    assert_int_equal(wake_ms, INT64_MAX);
    assert_true(see("a", NULL, HOUR));
    assert_false(take(2 * HOUR));
}

static void address_settling__does_not_tell_another_order(void **state)
{
    const struct endpoints said = places("b", "a");
    (void)state;
    address_settling_follow(&settling, &said);
    assert_true(see("a", "b", 20 * SECOND));
    assert_false(take(HOUR));
    assert_true(see("b", "a", HOUR)); /* others may want to know all the same */
    assert_false(take(2 * HOUR));
}

static void address_settling__says_its_first_word_without_counting_it(void **state)
{
    const struct endpoints nothing = {0};
    (void)state;
    address_settling_init(&settling);
    assert_true(see("a", NULL, 1 * SECOND));
    assert_false(take(9 * SECOND)); /* there is no community yet */
    address_settling_follow(&settling, &nothing);
    assert_true(take(10 * SECOND));
    (void)see("a", "b", 11 * SECOND);
    assert_true(take(16 * SECOND));
    (void)see("a", "c", 17 * SECOND);
    assert_false(take(22 * SECOND));
    assert_int_equal(wake_ms, 16 * SECOND + 10 * MINUTE);
}

static void address_settling__believes_the_owner_at_once(void **state)
{
    const struct endpoints given = places("my.example", NULL);
    (void)state;
    assert_true(address_settling_see(&settling, &given, true, 20 * SECOND));
    assert_true(take(20 * SECOND));
}

/* One address stays; the other is another one every ten seconds, for a day. */
static void address_settling__costs_one_event_in_ten_minutes_when_it_flaps(void **state)
{
    int64_t last_ms = -HOUR;
    size_t told = 0;
    (void)state;
    for (int64_t now_ms = MINUTE; now_ms < 24 * HOUR; now_ms += SECOND) {
        (void)see("a", now_ms / (10 * SECOND) % 2 == 0 ? "b" : "c", now_ms);
        if (take(now_ms)) {
            assert_true(now_ms - last_ms >= 10 * MINUTE);
            last_ms = now_ms;
            told++;
        }
    }
    assert_in_range(told, 120, 144);
}

/* The address by which most find us is another one; a container's bridge stays what it is. */
static void address_settling__does_not_stay_lost(void **state)
{
    (void)state;
    (void)see("b", "bridge", 1 * MINUTE);
    assert_true(take(2 * MINUTE));
    (void)see("c", "bridge", 3 * MINUTE);
    assert_false(take(3 * MINUTE + 4 * SECOND));
    assert_int_equal(wake_ms, 3 * MINUTE + 5 * SECOND);
    assert_true(take(3 * MINUTE + 5 * SECOND));
    (void)see("c", "other", 4 * MINUTE); /* the first still holds */
    assert_false(take(5 * MINUTE));
    assert_int_equal(wake_ms, 13 * MINUTE + 5 * SECOND);
}

static void address_settling__is_lost_three_times_an_hour(void **state)
{
    static const char *const hosts[] = {"c", "d", "e", "f"};
    (void)state;
    (void)see("b", NULL, 1 * MINUTE);
    assert_true(take(2 * MINUTE));
    for (size_t i = 0; i < 4; i++) {
        int64_t now_ms = (3 + (int64_t)i) * MINUTE;
        (void)see(hosts[i], NULL, now_ms);
        assert_int_equal(take(now_ms + 5 * SECOND), i < ADDRESS_SETTLING_LOST);
    }
    assert_int_equal(wake_ms, 15 * MINUTE + 5 * SECOND);
}

static void address_settling__is_bounded_when_it_is_lost_again_and_again(void **state)
{
    size_t told = 0;
    (void)state;
    for (int64_t now_ms = MINUTE; now_ms < 10 * HOUR; now_ms += SECOND) {
        (void)see(now_ms / (10 * SECOND) % 2 == 0 ? "b" : "c", NULL, now_ms);
        told += take(now_ms) ? 1 : 0;
    }
    assert_in_range(told, 60, 10 * (6 + ADDRESS_SETTLING_LOST));
}

static void address_settling__tries_again_what_could_not_be_written(void **state)
{
    (void)state;
    (void)see("b", NULL, 1 * MINUTE);
    assert_true(take(2 * MINUTE));
    address_settling_failed(&settling, 2 * MINUTE);
    assert_false(take(2 * MINUTE));
    assert_int_equal(wake_ms, 2 * MINUTE + 30 * SECOND);
    assert_true(take(2 * MINUTE + 30 * SECOND));
    assert_false(take(HOUR));
}

static void address_settling__tells_a_name_at_once_but_not_every_name(void **state)
{
    (void)state;
    for (int i = 0; i < ADDRESS_SETTLING_RENAMES; i++) {
        address_settling_rename(&settling);
        assert_true(take(20 * SECOND + i));
        assert_false(take(20 * SECOND + i));
        assert_int_equal(wake_ms, INT64_MAX);
    }
    address_settling_rename(&settling);
    address_settling_rename(&settling);
    assert_false(take(21 * SECOND));
    assert_int_equal(wake_ms, 20 * SECOND + ADDRESS_SETTLING_RENAMES_EVERY_MS);
    assert_true(take(wake_ms));
    assert_false(take(HOUR));
}

static void address_settling__tells_a_name_without_an_address(void **state)
{
    (void)state;
    (void)see(NULL, NULL, 20 * SECOND);
    address_settling_rename(&settling);
    assert_true(take(20 * SECOND));
    (void)see("a", NULL, 21 * SECOND);
    assert_false(take(HOUR)); /* the log's word stood */
}

static void address_settling__tells_a_name_again_that_could_not_be_written(void **state)
{
    (void)state;
    address_settling_rename(&settling);
    assert_true(take(20 * SECOND));
    address_settling_failed(&settling, 20 * SECOND);
    assert_false(take(20 * SECOND));
    assert_true(take(20 * SECOND + ADDRESS_SETTLING_RETRY_MS));
}

static void address_settling__keeps_a_name_until_there_is_a_community(void **state)
{
    const struct endpoints said = places("a", NULL);
    (void)state;
    address_settling_init(&settling);
    (void)see("a", NULL, 0);
    address_settling_rename(&settling);
    assert_false(take(20 * SECOND));
    assert_int_equal(wake_ms, INT64_MAX);
    address_settling_follow(&settling, &said);
    assert_true(take(20 * SECOND));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(address_settling__tells_what_stood_still_for_five_seconds, settle),
        cmocka_unit_test_setup(address_settling__tells_nothing_of_what_came_back, settle),
        cmocka_unit_test_setup(address_settling__leaves_the_word_standing_while_there_is_no_address,
                               settle),
        cmocka_unit_test_setup(address_settling__does_not_tell_another_order, settle),
        cmocka_unit_test_setup(address_settling__says_its_first_word_without_counting_it, settle),
        cmocka_unit_test_setup(address_settling__believes_the_owner_at_once, settle),
        cmocka_unit_test_setup(address_settling__costs_one_event_in_ten_minutes_when_it_flaps,
                               settle),
        cmocka_unit_test_setup(address_settling__does_not_stay_lost, settle),
        cmocka_unit_test_setup(address_settling__is_lost_three_times_an_hour, settle),
        cmocka_unit_test_setup(address_settling__is_bounded_when_it_is_lost_again_and_again,
                               settle),
        cmocka_unit_test_setup(address_settling__tries_again_what_could_not_be_written, settle),
        cmocka_unit_test_setup(address_settling__tells_a_name_at_once_but_not_every_name, settle),
        cmocka_unit_test_setup(address_settling__tells_a_name_without_an_address, settle),
        cmocka_unit_test_setup(address_settling__tells_a_name_again_that_could_not_be_written,
                               settle),
        cmocka_unit_test_setup(address_settling__keeps_a_name_until_there_is_a_community, settle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
