#include "core/log_limit.h"

#include <stdio.h>

#include "core/limits.h"
#include "support/test_support.h"

static bool admits(struct log_limit *limit, const char *who, const char *why, int64_t now_ms,
                   size_t expected_left_out)
{
    size_t left_out = 0;
    bool admitted = log_limit_admit(limit, who, why, now_ms, &left_out);
    if (admitted) {
        assert_int_equal(left_out, expected_left_out);
    }
    return admitted;
}

static void log_limit__writes_each_kind_once_in_its_time(void **state)
{
    struct log_limit *limit = log_limit_create(7);
    (void)state;
    assert_true(admits(limit, "one", "late", 0, 0));
    assert_false(admits(limit, "one", "late", 1, 0));
    assert_true(admits(limit, "one", "unsigned", 2, 1));
    assert_true(admits(limit, "other", "late", 3, 0));
    assert_false(admits(limit, "one", "late", LIMITS_REFUSAL_LINE_MS - 1, 0));
    assert_true(admits(limit, "one", "late", LIMITS_REFUSAL_LINE_MS, 1));
    log_limit_destroy(&limit);
}

static void log_limit__writes_a_bounded_number_about_however_many(void **state)
{
    struct log_limit *limit = log_limit_create(7);
    char who[16];
    size_t lines = 0;
    (void)state;
    for (int i = 0; i < 10000; i++) {
        size_t left_out = 0;
        (void)snprintf(who, sizeof who, "%d", i);
        lines += log_limit_admit(limit, who, "late", i, &left_out) ? 1 : 0;
    }
    assert_int_equal(lines, LIMITS_REFUSAL_LINES);
    assert_true(admits(limit, "x", "late", LIMITS_REFUSAL_LINE_MS, 10000 - LIMITS_REFUSAL_LINES));
    log_limit_destroy(&limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_limit__writes_each_kind_once_in_its_time),
        cmocka_unit_test(log_limit__writes_a_bounded_number_about_however_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
