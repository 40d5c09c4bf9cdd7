/* A picture of whatever kind gives a text or none, and none leaves nothing behind. The first byte
 * says how wide it is, in pixels of three by three; the bits of the others are dark or light. */
#include "core/memory.h"
#include "fuzz/fuzz.h"
#include "handlers/qr_decode.h"
#include "handlers/qr_find.h"

enum { PIXELS = 3, MOST_TEXT_BYTES = 7089 };

static void check(bool found, struct buffer *text)
{
    FUZZ_ASSERT(text->length_bytes <= MOST_TEXT_BYTES);
    FUZZ_ASSERT(found == (text->length_bytes > 0));
    buffer_clear(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct buffer text;
    if (length < 2 || bytes[0] == 0) {
        return 0;
    }
    size_t columns = bytes[0];
    size_t rows = 8 * (length - 1) / columns;
    if (rows == 0 || rows > QR_DECODE_MOST_SIZE + 8) {
        return 0;
    }
    uint8_t *modules = memory_allocate(rows * columns, 1);
    uint8_t *grey = memory_allocate(rows * columns * PIXELS * PIXELS, 1);
    for (size_t i = 0; i < rows * columns; i++) {
        modules[i] = bytes[1 + i / 8] >> (i % 8) & 1;
    }
    for (size_t i = 0; i < rows * columns * PIXELS * PIXELS; i++) {
        size_t row = i / (columns * PIXELS) / PIXELS;
        size_t column = i % (columns * PIXELS) / PIXELS;
        grey[i] = modules[row * columns + column] != 0 ? 20 : 230;
    }
    buffer_init(&text);
    if (columns == rows && columns >= 21 && (columns - 17) % 4 == 0) {
        int version = (int)(columns - 17) / 4;
        check(version <= QR_DECODE_MOST_VERSION && qr_decode_modules(modules, version, &text),
              &text);
    }
    check(qr_find_text(grey, (int)(columns * PIXELS), (int)(rows * PIXELS), &text), &text);
    buffer_deinit(&text);
    memory_free(modules);
    memory_free(grey);
    return 0;
}
