#include "gossip/knocks.h"

#include <string.h>

#include "core/limits.h"
#include "support/test_support.h"

enum { DAY_MS = 86400000, SECOND_MS = 1000 };

static bool knock(struct knocks *knocks, const char *door, int64_t now_ms)
{
    return knocks_take(knocks, door, strlen(door), now_ms);
}

/* How often in that time, by who tries every second. */
static int knock_on(struct knocks *knocks, const char *door, int64_t from_ms, int64_t until_ms)
{
    int count = 0;
    for (int64_t ms = from_ms; ms < until_ms; ms += SECOND_MS) {
        count += knock(knocks, door, ms) ? 1 : 0;
    }
    return count;
}

static void knocks_take__lets_ever_fewer_through(void **state)
{
    struct knocks *knocks = knocks_create(7);
    (void)state;
    for (int i = 0; i < LIMITS_KNOCKS; i++) {
        assert_true(knock(knocks, "stranger", 0));
    }
    assert_false(knock(knocks, "stranger", 0));
    assert_false(knock(knocks, "stranger", LIMITS_KNOCK_EVERY_MS - 1));
    assert_true(knock(knocks, "stranger", LIMITS_KNOCK_EVERY_MS));
    assert_false(knock(knocks, "stranger", INT64_C(3) * LIMITS_KNOCK_EVERY_MS - 1));
    assert_true(knock(knocks, "stranger", INT64_C(3) * LIMITS_KNOCK_EVERY_MS));
    /* A day of it: some in the first hour, then one an hour. */
    assert_in_range(knock_on(knocks, "stranger", INT64_C(16) * SECOND_MS, LIMITS_KNOCK_MOST_MS), 5,
                    10);
    assert_in_range(knock_on(knocks, "stranger", LIMITS_KNOCK_MOST_MS, DAY_MS), 22, 25);
    assert_true(knock(knocks, "another", DAY_MS));
    knocks_destroy(&knocks);
}

static void knocks_forgive__begins_anew(void **state)
{
    struct knocks *knocks = knocks_create(7);
    (void)state;
    (void)knock_on(knocks, "friend", 0, LIMITS_KNOCK_MOST_MS);
    (void)knock_on(knocks, "stranger", 0, LIMITS_KNOCK_MOST_MS);
    knocks_forgive(knocks, "friend", strlen("friend"));
    knocks_forgive(knocks, "nobody", strlen("nobody"));
    for (int i = 0; i < LIMITS_KNOCKS; i++) {
        assert_true(knock(knocks, "friend", LIMITS_KNOCK_MOST_MS));
    }
    assert_false(knock(knocks, "friend", LIMITS_KNOCK_MOST_MS));
    assert_false(knock(knocks, "stranger", LIMITS_KNOCK_MOST_MS));
    knocks_clear(knocks);
    assert_true(knock(knocks, "stranger", LIMITS_KNOCK_MOST_MS));
    knocks_destroy(&knocks);
}

static void knocks_open__counts_nothing_there(void **state)
{
    struct knocks *knocks = knocks_create(7);
    (void)state;
    (void)knock(knocks, "friend", 0);
    assert_false(knocks_is_open(knocks, "friend", strlen("friend")));
    knocks_open(knocks, "friend", strlen("friend"));
    assert_true(knocks_is_open(knocks, "friend", strlen("friend")));
    assert_false(knocks_is_open(knocks, "another", strlen("another")));
    knocks_clear(knocks);
    assert_false(knocks_is_open(knocks, "friend", strlen("friend")));
    knocks_destroy(&knocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knocks_take__lets_ever_fewer_through),
        cmocka_unit_test(knocks_forgive__begins_anew),
        cmocka_unit_test(knocks_open__counts_nothing_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
