#include "protocol/wall_clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

enum result wall_clock_parse(const char *text, int64_t *seconds_out)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    static const int days_in_month[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strlen(text) != sizeof shape - 1) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool matches = shape[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == shape[i];
        if (!matches) {
            return RESULT_INVALID;
        }
    }
#define TWO_DIGITS(at) ((text[at] - '0') * 10 + (text[(at) + 1] - '0'))
    int year = TWO_DIGITS(0) * 100 + TWO_DIGITS(2);
    int month = TWO_DIGITS(5);
    int day = TWO_DIGITS(8);
    struct tm parts = {.tm_year = year - 1900,
                       .tm_mon = month - 1,
                       .tm_mday = day,
                       .tm_hour = TWO_DIGITS(11),
                       .tm_min = TWO_DIGITS(14),
                       .tm_sec = TWO_DIGITS(17)};
#undef TWO_DIGITS
    if (month < 1 || month > 12 || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59) {
        return RESULT_INVALID;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int days = days_in_month[month - 1] + (month == 2 && leap ? 1 : 0);
    if (day < 1 || day > days) {
        return RESULT_INVALID;
    }
    *seconds_out = timegm(&parts);
    return RESULT_OK;
}

/* Of a number below 100. */
static void put_two(char *at, unsigned number)
{
    at[0] = (char)('0' + number / 10);
    at[1] = (char)('0' + number % 10);
}

/* The date of a day since 1970, from -719528 on. Years are counted from the first of March, so that
 * the day that some of them have more is the last one of its year. */
static void date_of(int64_t day, char text_out[static WALL_CLOCK_TEXT_BYTES])
{
    enum { DAYS_OF_FOUR = 1461, DAYS_OF_CENTURY = 36524, DAYS_OF_ALL = 146097 };
    const int64_t march_of_year_400_before = 719468 + DAYS_OF_ALL; /* none is negative then */
    unsigned left = (unsigned)(day + march_of_year_400_before);
    unsigned year = left / DAYS_OF_ALL * 400;
    left %= DAYS_OF_ALL;
    unsigned centuries = left / DAYS_OF_CENTURY < 3 ? left / DAYS_OF_CENTURY : 3;
    left -= centuries * DAYS_OF_CENTURY;
    unsigned fours = left / DAYS_OF_FOUR;
    left %= DAYS_OF_FOUR;
    unsigned years = left / 365 < 3 ? left / 365 : 3;
    left -= years * 365;
    year += centuries * 100 + fours * 4 + years - 400;
    /* Five months from March on have 153 days, and so have the next five. */
    unsigned month = (left * 5 + 2) / 153;
    put_two(text_out + 8, left - (month * 153 + 2) / 5 + 1);
    put_two(text_out + 5, month < 10 ? month + 3 : month - 9);
    year += month < 10 ? 0 : 1;
    put_two(text_out, year / 100);
    put_two(text_out + 2, year % 100);
}

/* A page of messages has many: no printf, and none of the C library's, which takes a lock. */
void wall_clock_format(int64_t seconds, char text_out[static WALL_CLOCK_TEXT_BYTES])
{
    const int64_t year_0000 = -62167219200;
    const int64_t year_9999_end = 253402300799;
    int64_t inside = seconds < year_0000       ? year_0000
                     : seconds > year_9999_end ? year_9999_end
                                               : seconds;
    const int64_t day_s = 86400;
    int64_t day = (inside - year_0000) / day_s;
    unsigned of_day = (unsigned)((inside - year_0000) % day_s);
    memcpy(text_out, "....-..-..T..:..:..Z", WALL_CLOCK_TEXT_BYTES);
    date_of(day + year_0000 / day_s, text_out);
    put_two(text_out + 11, of_day / 3600);
    put_two(text_out + 14, of_day / 60 % 60);
    put_two(text_out + 17, of_day % 60);
}
