#include "protocol/number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 17 };

struct decimal {
    char digits[MOST_DIGITS + 2];
    int count;
    int exponent; /* the value is 0.DIGITS times 10 to this */
};

static double decimal_value(const struct decimal *decimal)
{
    char text[48];
    (void)snprintf(text, sizeof text, "0.%se%d", decimal->digits, decimal->exponent);
    return strtod(text, NULL);
}

static void nearest(double number, int count, struct decimal *decimal_out)
{
    char text[48];
    (void)snprintf(text, sizeof text, "%.*e", count - 1, number);
    char *exponent = strchr(text, 'e');
    decimal_out->exponent = (int)strtol(exponent + 1, NULL, 10) + 1;
    decimal_out->digits[0] = text[0];
    if (count > 1) {
        memcpy(decimal_out->digits + 1, text + 2, (size_t)count - 1);
    }
    decimal_out->digits[count] = '\0';
    decimal_out->count = count;
}

static void add_one_in_last_place(struct decimal *decimal)
{
    int at = decimal->count - 1;
    while (at >= 0 && decimal->digits[at] == '9') {
        decimal->digits[at--] = '0';
    }
    if (at >= 0) {
        decimal->digits[at]++;
        return;
    }
    decimal->digits[0] = '1'; /* 99…9 became 100…0 */
    decimal->exponent++;
}

/* A text of up to DBL_DIG digits that reads as a normal number is the nearest of DBL_DIG digits to
 * it, zeros at its end apart: fewer need not be tried. */
static void shortest(double number, struct decimal *decimal_out)
{
    for (int count = isnormal(number) ? DBL_DIG : 1; count <= MOST_DIGITS; count++) {
        nearest(number, count, decimal_out);
        if (decimal_value(decimal_out) == number) {
            return;
        }
        /* Just above a power of two the gap is wider than below: there the decimal one step further
         * out can read back although the nearest one does not. */
        add_one_in_last_place(decimal_out);
        if (decimal_value(decimal_out) == number) {
            return;
        }
    }
    nearest(number, MOST_DIGITS, decimal_out);
}

static void write_decimal(const struct decimal *decimal, char *out)
{
    int count = decimal->count;
    while (count > 1 && decimal->digits[count - 1] == '0') {
        count--;
    }
    int point = decimal->exponent;
    size_t room = NUMBER_TEXT_BYTES - 1;
    if (count <= point && point <= 21) {
        (void)snprintf(out, room, "%.*s%.*s", count, decimal->digits, point - count,
                       "000000000000000000000");
    } else if (point > 0 && point < count) {
        (void)snprintf(out, room, "%.*s.%.*s", point, decimal->digits, count - point,
                       decimal->digits + point);
    } else if (point > -6 && point <= 0) {
        (void)snprintf(out, room, "0.%.*s%.*s", -point, "000000", count, decimal->digits);
    } else if (count == 1) {
        (void)snprintf(out, room, "%ce%+d", decimal->digits[0], point - 1);
    } else {
        (void)snprintf(out, room, "%c.%.*se%+d", decimal->digits[0], count - 1, decimal->digits + 1,
                       point - 1);
    }
}

/* Whole, and without an exponent in its text. */
static bool prints_as_integer(double number)
{
    return number == trunc(number) && fabs(number) < 1e21;
}

bool number_has_text(double number)
{
    return isfinite(number) &&
           (!prints_as_integer(number) || fabs(number) <= (double)NUMBER_SAFE_INTEGER);
}

bool number_format(double number, char text_out[static NUMBER_TEXT_BYTES])
{
    if (!number_has_text(number)) {
        return false;
    }
    if (prints_as_integer(number)) {
        (void)snprintf(text_out, NUMBER_TEXT_BYTES, "%lld", (long long)number);
        return true;
    }
    text_out[0] = '-';
    struct decimal decimal;
    shortest(fabs(number), &decimal);
    write_decimal(&decimal, number < 0 ? text_out + 1 : text_out);
    return true;
}
