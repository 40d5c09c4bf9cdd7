#include "handlers/qr_decode.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "support/test_support.h"

/* A text that fills about half of that version. */
static void fill(char *text, size_t bytes, size_t version)
{
    static const char characters[] = "abcXYZ-_019";
    size_t length = version * version / 2 + 2 * version;
    length = length < bytes - 1 ? length : bytes - 1;
    for (size_t i = 0; i < length; i++) {
        text[i] = characters[(i * 7 + version) % (sizeof characters - 1)];
    }
    text[length] = '\0';
}

static void assert_reads(const uint8_t *modules, int version, const char *text)
{
    struct buffer read;
    buffer_init(&read);
    assert_true(qr_decode_modules(modules, version, &read));
    assert_string_equal(buffer_text(&read), text);
    buffer_deinit(&read);
}

static void qr_decode_modules__reads_every_version_and_level(void **state)
{
    char text[1200];
    int tried = 0;
    (void)state;
    for (int version = 1; version <= QR_DECODE_MOST_VERSION; version++) {
        for (int level = QR_ECLEVEL_L; level <= QR_ECLEVEL_H; level++) {
            fill(text, sizeof text, (size_t)version);
            QRcode *code = QRcode_encodeString8bit(text, version, (QRecLevel)level);
            if (code == NULL || code->version != version) {
                QRcode_free(code);
                continue;
            }
            assert_int_equal(code->width, qr_decode_size(version));
            assert_reads(code->data, version, text);
            QRcode_free(code);
            tried++;
        }
    }
    assert_true(tried > 120);
}

static void qr_decode_modules__mends_what_the_level_can_and_refuses_the_rest(void **state)
{
    char text[1200];
    (void)state;
    fill(text, sizeof text, 10);
    QRcode *code = QRcode_encodeString8bit(text, 10, QR_ECLEVEL_H);
    int size = code->width;
    for (int i = 20; i < 32; i++) { /* a blot */
        for (int j = 20; j < 32; j++) {
            code->data[i * size + j] |= 1;
        }
    }
    assert_reads(code->data, 10, text);
    struct buffer read;
    buffer_init(&read);
    for (int i = 10; i < size; i++) {
        for (int j = 10; j < size; j++) {
            code->data[i * size + j] = (unsigned char)((i * 7 + j * 3) % 5 == 0);
        }
    }
    assert_false(qr_decode_modules(code->data, 10, &read));
    assert_int_equal(read.length_bytes, 0);
    buffer_deinit(&read);
    QRcode_free(code);
}

static void qr_decode_modules__reads_digits_and_signs(void **state)
{
    static const char *const texts[] = {"0", "12", "0123456789", "HEARTH NET:1", "A", "AB$%*+-./:"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        QRcode *code = QRcode_encodeString(texts[i], 0, QR_ECLEVEL_M, QR_MODE_8, 1);
        assert_reads(code->data, code->version, texts[i]);
        QRcode_free(code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qr_decode_modules__reads_every_version_and_level),
        cmocka_unit_test(qr_decode_modules__mends_what_the_level_can_and_refuses_the_rest),
        cmocka_unit_test(qr_decode_modules__reads_digits_and_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
