#include "handlers/qr_find.h"

#include <math.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "support/test_support.h"

enum { SIDE = 800 };

static const char text[] =
    "hearthnet://v1/eyJ0aGlzIjoiaXMgYSB0ZXh0IG9mIHNvbWUgbGVuZ3RoIGFzIGFuIGludml0ZSBoYXMsIH"
    "dpdGggc2lnbmF0dXJlIGFuZCBhbGwgb2YgdGhlIHJlc3QgdGhhdCBpdCB0YWtlcyJ9";

/* A photograph: the code turned by `angle`, nearer at one side by `tilt`, in uneven light. */
static uint8_t *photograph(double angle, double tilt)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    uint8_t *grey = memory_allocate((size_t)SIDE * SIDE, 1);
    double scale = (code->width + 8) / (0.68 * SIDE);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            double near = 1 + tilt * (x - SIDE / 2.0) / SIDE;
            double u = (x - SIDE / 2.0) * scale * near;
            double v = (y - SIDE / 2.0) * scale * near;
            int column = (int)floor(u * cos(angle) + v * sin(angle) + code->width / 2.0);
            int row = (int)floor(v * cos(angle) - u * sin(angle) + code->width / 2.0);
            bool inside = row >= 0 && column >= 0 && row < code->width && column < code->width;
            int dark = inside ? code->data[row * code->width + column] & 1 : 0;
            int light = 120 + 100 * x / SIDE; /* brighter at the right */
            grey[y * SIDE + x] = (uint8_t)(dark != 0 ? light / 3 : light);
        }
    }
    QRcode_free(code);
    return grey;
}

static void qr_find_text__reads_what_lies_askew(void **state)
{
    static const double tilts[] = {0, 0.12, -0.2};
    (void)state;
    for (int degrees = 0; degrees < 360; degrees += 15) {
        for (size_t i = 0; i < sizeof tilts / sizeof tilts[0]; i++) {
            struct buffer read;
            uint8_t *grey = photograph(degrees * 3.14159265358979 / 180, tilts[i]);
            buffer_init(&read);
            if (!qr_find_text(grey, SIDE, SIDE, &read)) {
                fail_msg("not read at %d degrees, tilted by %.2f", degrees, tilts[i]);
            }
            assert_string_equal(buffer_text(&read), text);
            buffer_deinit(&read);
            memory_free(grey);
        }
    }
}

static void qr_find_text__finds_nothing_where_nothing_is(void **state)
{
    struct buffer read;
    uint8_t *grey = memory_allocate((size_t)SIDE * SIDE, 1);
    (void)state;
    buffer_init(&read);
    assert_false(qr_find_text(grey, SIDE, SIDE, &read));
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) {
        grey[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    assert_false(qr_find_text(grey, SIDE, SIDE, &read));
    assert_false(qr_find_text(grey, 1, 1, &read));
    assert_false(qr_find_text(grey, 0, SIDE, &read));
    assert_false(qr_find_text(grey, QR_FIND_MOST_SIDE + 1, 1, &read));
    assert_int_equal(read.length_bytes, 0);
    buffer_deinit(&read);
    memory_free(grey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qr_find_text__reads_what_lies_askew),
        cmocka_unit_test(qr_find_text__finds_nothing_where_nothing_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
