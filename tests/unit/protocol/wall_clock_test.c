#include <stdio.h>
#include <time.h>

#include "protocol/wall_clock.h"
#include "support/test_support.h"

enum { DAY_S = 86400 };
#define YEAR_0000 (-62167219200)
#define YEAR_9999_END 253402300799

static void check(int64_t seconds)
{
    char text[WALL_CLOCK_TEXT_BYTES];
    char expected[64];
    struct tm parts;
    time_t moment = (time_t)seconds;
    assert_non_null(gmtime_r(&moment, &parts));
    (void)snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
    wall_clock_format(seconds, text);
    assert_string_equal(text, expected);
}

/* The calendar comes again after 400 years. */
static void wall_clock_format__is_the_calendar(void **state)
{
    const int64_t days_of_all = 146097;
    (void)state;
    for (int64_t day = 0; day < days_of_all; day++) {
        check(YEAR_0000 + day * DAY_S);
        check(day * DAY_S + DAY_S - 1);
    }
    for (int64_t era = 0; era < 25; era++) {
        check(YEAR_0000 + era * days_of_all * DAY_S);
        check(YEAR_0000 + (era + 1) * days_of_all * DAY_S - 1);
    }
    for (int64_t second = 0; second < DAY_S; second++) {
        check(-DAY_S + second);
    }
}

static void wall_clock_format__ends_with_the_years_that_four_digits_have(void **state)
{
    char text[WALL_CLOCK_TEXT_BYTES];
    (void)state;
    check(YEAR_9999_END);
    wall_clock_format(YEAR_9999_END + 1, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    wall_clock_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59Z");
    wall_clock_format(INT64_MIN, text);
    assert_string_equal(text, "0000-01-01T00:00:00Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_clock_format__is_the_calendar),
        cmocka_unit_test(wall_clock_format__ends_with_the_years_that_four_digits_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
