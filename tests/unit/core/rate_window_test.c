#include "core/rate_window.h"

#include "support/test_support.h"

static void rate_window__takes_no_more_than_its_number_in_any_second(void **state)
{
    int64_t slots[10];
    int64_t taken[400] = {0};
    size_t count = 0;
    struct rate_window window;
    (void)state;
    rate_window_init(&window, slots, 10, 1000);
    for (int64_t now_ms = 5; now_ms < 4000; now_ms += 7) {
        if (rate_window_take(&window, now_ms) == 0) {
            taken[count++] = now_ms;
        }
    }
    assert_in_range(count, 31, 40);
    for (size_t i = 10; i < count; i++) {
        assert_true(taken[i] - taken[i - 10] >= 1000);
    }
}

static void rate_window__says_when_the_next_is_free(void **state)
{
    int64_t slots[2];
    struct rate_window window;
    (void)state;
    rate_window_init(&window, slots, 2, 1000);
    assert_int_equal(rate_window_take(&window, 100), 0);
    assert_int_equal(rate_window_take(&window, 300), 0);
    assert_int_equal(rate_window_take(&window, 400), 700);
    assert_int_equal(rate_window_wait(&window, 1099), 1);
    assert_int_equal(rate_window_wait(&window, 1100), 0);
    assert_int_equal(rate_window_take(&window, 1100), 0);
    assert_int_equal(rate_window_take(&window, 1100), 200);
}

static void rate_window__takes_again_what_was_given_back(void **state)
{
    int64_t slots[2];
    struct rate_window window;
    (void)state;
    rate_window_init(&window, slots, 2, 1000);
    assert_int_equal(rate_window_take(&window, 100), 0);
    assert_int_equal(rate_window_take(&window, 100), 0);
    rate_window_give_back(&window);
    assert_int_equal(rate_window_take(&window, 200), 0);
    assert_int_equal(rate_window_take(&window, 300), 800); /* the first is still counted */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_window__takes_no_more_than_its_number_in_any_second),
        cmocka_unit_test(rate_window__says_when_the_next_is_free),
        cmocka_unit_test(rate_window__takes_again_what_was_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
