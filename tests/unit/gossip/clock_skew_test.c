#include "gossip/clock_skew.h"
#include "support/test_support.h"

static const int64_t now = 1800000000;

static void clock_skew__is_the_median_of_those_who_were_heard(void **state)
{
    struct clock_skew *skew = clock_skew_create();
    int64_t seconds = 0;
    (void)state;
    assert_false(clock_skew_median(skew, &seconds));
    clock_skew_note(skew, test_id(1), now + 3600, now);
    assert_true(clock_skew_median(skew, &seconds));
    assert_int_equal(seconds, -3600);
    clock_skew_note(skew, test_id(1), now - 7200, now); /* the same one, corrected */
    assert_true(clock_skew_median(skew, &seconds));
    assert_int_equal(seconds, 7200);
    clock_skew_note(skew, test_id(2), now + 5, now); /* one against one: ours may well be right */
    assert_false(clock_skew_median(skew, &seconds));
    clock_skew_note(skew, test_id(3), now - 7300, now);
    assert_true(clock_skew_median(skew, &seconds));
    assert_int_equal(seconds, 7200);
    clock_skew_destroy(&skew);
}

static void clock_skew__says_nothing_of_little_and_by_a_clock_that_was_never_set(void **state)
{
    struct clock_skew *skew = clock_skew_create();
    int64_t seconds = 0;
    (void)state;
    clock_skew_note(skew, test_id(1), 86400, now); /* 1970 */
    assert_false(clock_skew_median(skew, &seconds));
    clock_skew_note(skew, test_id(2), now + CLOCK_SKEW_LEAST_SECONDS - 1, now);
    assert_false(clock_skew_median(skew, &seconds));
    clock_skew_note(skew, test_id(2), now + CLOCK_SKEW_LEAST_SECONDS, now);
    assert_true(clock_skew_median(skew, &seconds));
    clock_skew_note(skew, test_id(2), now, 86400); /* and now it is ours that was never set */
    assert_true(clock_skew_median(skew, &seconds));
    assert_int_equal(seconds, 86400 - now);
    clock_skew_destroy(&skew);
}

static void clock_skew__listens_to_no_more_than_it_has_room_for(void **state)
{
    struct clock_skew *skew = clock_skew_create();
    int64_t seconds = 0;
    struct node_id peer = {{0}};
    (void)state;
    for (int i = 0; i < 3000; i++) {
        peer.key[0] = (uint8_t)i;
        peer.key[1] = (uint8_t)(i >> 8);
        clock_skew_note(skew, &peer, now + (i < 1024 ? 1000 : 9000000), now);
    }
    assert_true(clock_skew_median(skew, &seconds));
    assert_int_equal(seconds, -1000);
    clock_skew_destroy(&skew);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_skew__is_the_median_of_those_who_were_heard),
        cmocka_unit_test(clock_skew__says_nothing_of_little_and_by_a_clock_that_was_never_set),
        cmocka_unit_test(clock_skew__listens_to_no_more_than_it_has_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
