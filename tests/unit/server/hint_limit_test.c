#include "server/hint_limit.h"

#include <string.h>

#include "core/limits.h"
#include "support/test_support.h"

enum { SECONDS = 10, STORM = 100000, STORM_A_MS = 10, NOW_MS = 1000000 };

static void fill(uint8_t address[static NETWORK_PICTURE_ADDRESS_BYTES], uint32_t number)
{
    memset(address, 0, NETWORK_PICTURE_ADDRESS_BYTES);
    memcpy(address + 12, &number, sizeof number);
}

static void hint_limit__takes_some_of_a_source_and_few_after_that(void **state)
{
    struct hint_limit *limit = hint_limit_create(7);
    uint8_t address[NETWORK_PICTURE_ADDRESS_BYTES];
    size_t taken = 0;
    (void)state;
    fill(address, 1);
    for (int i = 0; i < LIMITS_HINTS_OF_SOURCE; i++) {
        assert_true(hint_limit_admit_source(limit, address, NOW_MS));
    }
    assert_false(hint_limit_admit_source(limit, address, NOW_MS));
    for (int ms = 0; ms < SECONDS * 1000; ms++) {
        taken += hint_limit_admit_source(limit, address, NOW_MS + ms) ? 1 : 0;
    }
    assert_in_range(taken, SECONDS * 1000 / LIMITS_HINT_OF_SOURCE_EVERY_MS - 1,
                    SECONDS * 1000 / LIMITS_HINT_OF_SOURCE_EVERY_MS);
    hint_limit_destroy(&limit);
}

/* One of them is a neighbour, who says something every five seconds. */
static void hint_limit__hears_a_neighbour_among_a_thousand_who_shout(void **state)
{
    struct hint_limit *limit = hint_limit_create(7);
    uint8_t address[NETWORK_PICTURE_ADDRESS_BYTES];
    size_t taken = 0;
    size_t heard = 0;
    (void)state;
    for (uint32_t i = 0; i < STORM; i++) {
        int64_t now_ms = NOW_MS + i / STORM_A_MS;
        fill(address, 1 + i % 1000);
        taken += hint_limit_admit_source(limit, address, now_ms) ? 1 : 0;
        if (i % 50000 == 0) {
            fill(address, 123456);
            heard += hint_limit_admit_source(limit, address, now_ms) ? 1 : 0;
        }
    }
    assert_int_equal(heard, 2);
    /* What they begin with, twice a second, and those that share a place. */
    assert_in_range(taken, 1000 * 8, STORM / 2);
    hint_limit_destroy(&limit);
}

static void hint_limit__reads_no_more_than_its_number_in_a_second(void **state)
{
    struct hint_limit *limit = hint_limit_create(7);
    size_t taken = 0;
    (void)state;
    for (int64_t i = 0; i < STORM; i++) {
        taken += hint_limit_admit(limit, NOW_MS + i / STORM_A_MS) ? 1 : 0;
    }
    assert_int_equal(taken, SECONDS * LIMITS_HINTS_A_SECOND);
    hint_limit_destroy(&limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hint_limit__takes_some_of_a_source_and_few_after_that),
        cmocka_unit_test(hint_limit__hears_a_neighbour_among_a_thousand_who_shout),
        cmocka_unit_test(hint_limit__reads_no_more_than_its_number_in_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
