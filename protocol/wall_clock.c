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

static void put_two(char *at, int number)
{
    at[0] = (char)('0' + number / 10 % 10);
    at[1] = (char)('0' + number % 10);
}

/* A page of messages has many: no printf. */
void wall_clock_format(int64_t seconds, char text_out[static WALL_CLOCK_TEXT_BYTES])
{
    const int64_t year_0000 = -62167219200;
    const int64_t year_9999_end = 253402300799;
    int64_t inside = seconds < year_0000       ? year_0000
                     : seconds > year_9999_end ? year_9999_end
                                               : seconds;
    time_t moment = (time_t)inside;
    struct tm parts;
    (void)gmtime_r(&moment, &parts);
    memcpy(text_out, "....-..-..T..:..:..Z", WALL_CLOCK_TEXT_BYTES);
    put_two(text_out, (parts.tm_year + 1900) / 100);
    put_two(text_out + 2, parts.tm_year + 1900);
    put_two(text_out + 5, parts.tm_mon + 1);
    put_two(text_out + 8, parts.tm_mday);
    put_two(text_out + 11, parts.tm_hour);
    put_two(text_out + 14, parts.tm_min);
    put_two(text_out + 17, parts.tm_sec);
}
