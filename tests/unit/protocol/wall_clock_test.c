#include "protocol/wall_clock.h"
#include "support/test_support.h"

static void assert_formatted(int64_t seconds, const char *expected)
{
    char text[WALL_CLOCK_TEXT_BYTES];
    wall_clock_format(seconds, text);
    assert_string_equal(text, expected);
}

static void wall_clock_format__is_the_calendar(void **state)
{
    (void)state;
    assert_formatted(0, "1970-01-01T00:00:00Z");
    assert_formatted(-1, "1969-12-31T23:59:59Z");
    assert_formatted(951782400, "2000-02-29T00:00:00Z");
    assert_formatted(-2203891200, "1900-03-01T00:00:00Z");
    assert_formatted(1795852799, "2026-11-28T07:59:59Z");
}

static void wall_clock_format__ends_with_the_years_that_four_digits_have(void **state)
{
    (void)state;
    assert_formatted(253402300799, "9999-12-31T23:59:59Z");
    assert_formatted(253402300800, "9999-12-31T23:59:59Z");
    assert_formatted(INT64_MAX, "9999-12-31T23:59:59Z");
    assert_formatted(-62167219200, "0000-01-01T00:00:00Z");
    assert_formatted(INT64_MIN, "0000-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_format__is_the_calendar),
        cmocka_unit_test(wall_clock_format__ends_with_the_years_that_four_digits_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
