#include "handlers/qr_decode.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum {
    LEVELS = 4,
    MOST_WORDS = 3706, /* of version 40 */
    MOST_CORRECTION = 30,
    MOST_BLOCK = 255,
    MOST_POSITIONS = 7, /* of alignment patterns along a side */
    FORMAT_BITS = 15,
    MOST_WRONG_FORMAT_BITS = 3,
    FIELD = 255, /* the powers of two in GF(256) */
};

/* By level, in the order of the format's two bits (M, L, H, Q), and version: error correction words
 * of a block, and blocks. */
static const uint8_t corrections[LEVELS][QR_DECODE_MOST_VERSION] = {
    {10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
     26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28},
    {7,  10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
     28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
    {17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
     30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
    {13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
     28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30},
};
static const uint8_t block_counts[LEVELS][QR_DECODE_MOST_VERSION] = {
    {1,  1,  1,  2,  2,  4,  4,  4,  5,  5,  5,  8,  9,  9,  10, 10, 11, 13, 14, 16,
     17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49},
    {1, 1, 1, 1,  1,  2,  2,  2,  2,  4,  4,  4,  4,  4,  6,  6,  6,  6,  7,  8,
     8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25},
    {1,  1,  2,  4,  4,  4,  5,  6,  8,  8,  11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
     25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81},
    {1,  1,  2,  2,  4,  4,  6,  6,  8,  8,  8,  10, 12, 16, 12, 17, 16, 18, 21, 20,
     23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68},
};

struct code {
    const uint8_t *modules;
    int version;
    int size;
    int level;
    int mask;
    int positions[MOST_POSITIONS];
    int position_count;
};

int qr_decode_size(int version)
{
    return 17 + 4 * version;
}

static int module_at(const struct code *code, int row, int column)
{
    return code->modules[row * code->size + column] & 1;
}

static int format_of(int data)
{
    int rest = data;
    for (int i = 0; i < 10; i++) {
        rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    }
    return ((data << 10) | rest) ^ 0x5412;
}

/* Both copies of the format are read; the code nearest to one of them is it. */
static bool read_format(struct code *code)
{
    int one = 0;
    int two = 0;
    int least = MOST_WRONG_FORMAT_BITS + 1;
    for (int i = 0; i < FORMAT_BITS; i++) {
        int row = i < 6 ? i : i < 8 ? i + 1 : 8;
        int column = i < 8 ? 8 : i == 8 ? 7 : 14 - i;
        one |= module_at(code, row, column) << i;
        two |= (i < 8 ? module_at(code, 8, code->size - 1 - i)
                      : module_at(code, code->size - FORMAT_BITS + i, 8))
               << i;
    }
    for (int data = 0; data < 32; data++) {
        int format = format_of(data);
        int wrong = __builtin_popcount((unsigned)(format ^ one));
        int wrong_two = __builtin_popcount((unsigned)(format ^ two));
        wrong = wrong_two < wrong ? wrong_two : wrong;
        if (wrong < least) {
            least = wrong;
            code->level = data >> 3;
            code->mask = data & 7;
        }
    }
    return least <= MOST_WRONG_FORMAT_BITS;
}

static void find_positions(struct code *code)
{
    int version = code->version;
    int count = version == 1 ? 0 : version / 7 + 2;
    code->position_count = count;
    if (count == 0) {
        return;
    }
    int gaps = 2 * (count - 1);
    int step = version == 32 ? 26 : (version * 4 + 4 + gaps - 1) / gaps * 2;
    code->positions[0] = 6;
    for (int i = 1; i < count; i++) {
        code->positions[i] = version * 4 + 10 - step * (count - 1 - i);
    }
}

static bool is_alignment(const struct code *code, int row, int column)
{
    int last = code->position_count - 1;
    for (int i = 0; i <= last; i++) {
        for (int j = 0; j <= last; j++) {
            bool finder = (i == 0 && (j == 0 || j == last)) || (i == last && j == 0);
            if (!finder && abs(row - code->positions[i]) < 3 &&
                abs(column - code->positions[j]) < 3) {
                return true;
            }
        }
    }
    return false;
}

/* Finders, timing, alignment, format and version carry no data. */
static bool is_data(const struct code *code, int row, int column)
{
    int far = code->size - 8;
    int version_at = code->size - 11;
    if (row == 6 || column == 6 || (row < 9 && (column < 9 || column >= far)) ||
        (row >= far && column < 9)) {
        return false;
    }
    if (code->version >= 7 &&
        ((row < 6 && column >= version_at) || (column < 6 && row >= version_at))) {
        return false;
    }
    return !is_alignment(code, row, column);
}

static bool is_masked(int mask, int row, int column)
{
    switch (mask) {
    case 0:
        return (row + column) % 2 == 0;
    case 1:
        return row % 2 == 0;
    case 2:
        return column % 3 == 0;
    case 3:
        return (row + column) % 3 == 0;
    case 4:
        return (row / 2 + column / 3) % 2 == 0;
    case 5:
        return row * column % 2 + row * column % 3 == 0;
    case 6:
        return (row * column % 2 + row * column % 3) % 2 == 0;
    default:
        return ((row + column) % 2 + row * column % 3) % 2 == 0;
    }
}

/* The words as they were laid: in pairs of columns from the right, up and down by turns. */
static size_t read_words(const struct code *code, uint8_t words[static MOST_WORDS])
{
    size_t bits = 0;
    for (int right = code->size - 1; right > 0; right -= 2) {
        right -= right == 6;
        for (int i = 0; i < code->size; i++) {
            int row = ((right + 1) & 2) == 0 ? code->size - 1 - i : i;
            for (int column = right; column > right - 2; column--) {
                if (!is_data(code, row, column) || bits / 8 == MOST_WORDS) {
                    continue;
                }
                int bit = module_at(code, row, column) ^ is_masked(code->mask, row, column);
                words[bits / 8] = (uint8_t)(words[bits / 8] << 1 | bit);
                bits++;
            }
        }
    }
    return bits / 8;
}

/* GF(256) over x^8 + x^4 + x^3 + x^2 + 1. */
struct field {
    uint8_t exp[2 * FIELD];
    uint8_t log[256];
};

static void make_field(struct field *field)
{
    uint8_t x = 1;
    for (int i = 0; i < FIELD; i++) {
        field->exp[i] = x;
        field->exp[i + FIELD] = x;
        field->log[x] = (uint8_t)i;
        x = (uint8_t)(x << 1 ^ ((x & 0x80) != 0 ? 0x1d : 0));
    }
}

static uint8_t multiply(const struct field *field, uint8_t a, uint8_t b)
{
    return a == 0 || b == 0 ? 0 : field->exp[field->log[a] + field->log[b]];
}

static uint8_t divide(const struct field *field, uint8_t a, uint8_t b)
{
    return a == 0 ? 0 : field->exp[field->log[a] + FIELD - field->log[b]];
}

/* The value of a polynomial, the lowest coefficient first. */
static uint8_t evaluate(const struct field *field, const uint8_t *polynomial, int count, uint8_t x)
{
    uint8_t value = 0;
    for (int i = count - 1; i >= 0; i--) {
        value = multiply(field, value, x) ^ polynomial[i];
    }
    return value;
}

/* Berlekamp-Massey: the polynomial whose roots say where the errors are; how many there are. */
static int locate(const struct field *field, const uint8_t *syndromes, int correction,
                  uint8_t locator[static MOST_CORRECTION + 1])
{
    uint8_t previous[MOST_CORRECTION + 1] = {1};
    uint8_t before[MOST_CORRECTION + 1];
    uint8_t scale = 1;
    int errors = 0;
    int gap = 1;
    memset(locator, 0, MOST_CORRECTION + 1);
    locator[0] = 1;
    for (int n = 0; n < correction; n++) {
        uint8_t discrepancy = syndromes[n];
        for (int i = 1; i <= errors; i++) {
            discrepancy ^= multiply(field, locator[i], syndromes[n - i]);
        }
        if (discrepancy == 0) {
            gap++;
            continue;
        }
        memcpy(before, locator, sizeof before);
        uint8_t factor = divide(field, discrepancy, scale);
        for (int i = 0; i + gap <= MOST_CORRECTION; i++) {
            locator[i + gap] ^= multiply(field, factor, previous[i]);
        }
        if (2 * errors <= n) {
            errors = n + 1 - errors;
            memcpy(previous, before, sizeof previous);
            scale = discrepancy;
            gap = 1;
        } else {
            gap++;
        }
    }
    return errors;
}

/* Forney: what each error is. False when the places don't fit their number: too many errors. */
static bool correct(const struct field *field, uint8_t *block, int length, const uint8_t *locator,
                    const uint8_t *evaluator, int errors)
{
    int mended = 0;
    for (int position = 0; position < length; position++) {
        uint8_t root = field->exp[(FIELD - position) % FIELD];
        if (evaluate(field, locator, errors + 1, root) != 0) {
            continue;
        }
        uint8_t slope = 0;
        uint8_t power = 1;
        uint8_t square = multiply(field, root, root);
        for (int i = 1; i <= errors; i += 2) {
            slope ^= multiply(field, locator[i], power);
            power = multiply(field, power, square);
        }
        if (slope == 0) {
            return false;
        }
        uint8_t value = divide(field, evaluate(field, evaluator, errors, root), slope);
        block[length - 1 - position] ^= multiply(field, value, field->exp[position]);
        mended++;
    }
    return mended == errors;
}

static bool mend(const struct field *field, uint8_t *block, int length, int correction)
{
    uint8_t syndromes[MOST_CORRECTION] = {0};
    uint8_t locator[MOST_CORRECTION + 1];
    uint8_t evaluator[MOST_CORRECTION] = {0};
    bool sound = true;
    for (int i = 0; i < correction; i++) {
        for (int j = 0; j < length; j++) {
            syndromes[i] = multiply(field, syndromes[i], field->exp[i]) ^ block[j];
        }
        sound = sound && syndromes[i] == 0;
    }
    if (sound) {
        return true;
    }
    int errors = locate(field, syndromes, correction, locator);
    if (2 * errors > correction) {
        return false;
    }
    for (int i = 0; i < errors; i++) {
        for (int j = 0; j <= i; j++) {
            evaluator[i] ^= multiply(field, locator[j], syndromes[i - j]);
        }
    }
    return correct(field, block, length, locator, evaluator, errors);
}

/* The data of all blocks, mended; how many words, 0 when one can't be. */
static size_t join_blocks(const struct code *code, const uint8_t *words, size_t word_count,
                          uint8_t data_out[static MOST_WORDS])
{
    struct field field;
    uint8_t block[MOST_BLOCK];
    size_t correction = corrections[code->level][code->version - 1];
    size_t blocks = block_counts[code->level][code->version - 1];
    size_t length = word_count / blocks;
    size_t short_blocks = blocks - word_count % blocks;
    size_t count = 0;
    make_field(&field);
    for (size_t i = 0; i < blocks; i++) {
        size_t data = length - correction + (i >= short_blocks);
        for (size_t j = 0; j < data; j++) {
            /* The last word of the longer blocks comes behind all that every block has. */
            size_t skipped = j < length - correction ? 0 : short_blocks;
            block[j] = words[j * blocks + i - skipped];
        }
        for (size_t j = 0; j < correction; j++) {
            block[data + j] = words[word_count - (correction - j) * blocks + i];
        }
        if (!mend(&field, block, (int)(data + correction), (int)correction)) {
            return 0;
        }
        memcpy(data_out + count, block, data);
        count += data;
    }
    return count;
}

struct bits {
    const uint8_t *data;
    size_t count;
    size_t at;
};

/* The next bits as a number; zeros behind the end. */
static unsigned take(struct bits *bits, int count)
{
    unsigned value = 0;
    for (int i = 0; i < count; i++, bits->at++) {
        unsigned word = bits->at < bits->count ? bits->data[bits->at / 8] : 0;
        unsigned bit = word >> (7 - bits->at % 8) & 1U;
        value = value << 1 | bit;
    }
    return value;
}

enum mode { MODE_END = 0, MODE_DIGITS = 1, MODE_SIGNS = 2, MODE_BYTES = 4, MODE_CHARACTER_SET = 7 };

static void read_digits(struct bits *bits, unsigned count, struct buffer *text)
{
    static const int widths[] = {0, 4, 7, 10};
    for (; count > 0 && bits->at < bits->count; count -= count < 3 ? count : 3) {
        unsigned digits = count < 3 ? count : 3;
        buffer_append_format(text, "%0*u", (int)digits, take(bits, widths[digits]));
    }
}

static void read_signs(struct bits *bits, unsigned count, struct buffer *text)
{
    static const char signs[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    enum { SIGNS = sizeof signs - 1 };
    for (; count > 1 && bits->at < bits->count; count -= 2) {
        unsigned pair = take(bits, 11);
        buffer_append_byte(text, signs[pair / SIGNS % SIGNS]);
        buffer_append_byte(text, signs[pair % SIGNS]);
    }
    if (count == 1) {
        buffer_append_byte(text, signs[take(bits, 6) % SIGNS]);
    }
}

static bool read_segment(struct bits *bits, enum mode mode, int version, struct buffer *text)
{
    int by_size = version < 10 ? 0 : version < 27 ? 1 : 2;
    unsigned count = 0;
    switch (mode) {
    case MODE_CHARACTER_SET: /* everybody writes UTF-8, whatever this says */
        (void)take(bits, 8);
        return true;
    case MODE_DIGITS:
        read_digits(bits, take(bits, 10 + 2 * by_size), text);
        return true;
    case MODE_SIGNS:
        read_signs(bits, take(bits, 9 + 2 * by_size), text);
        return true;
    case MODE_BYTES:
        for (count = take(bits, by_size == 0 ? 8 : 16); count > 0 && bits->at < bits->count;
             count--) {
            buffer_append_byte(text, (char)take(bits, 8));
        }
        return true;
    case MODE_END:
        break;
    }
    return false;
}

bool qr_decode_modules(const uint8_t *modules, int version, struct buffer *text_out)
{
    struct code code = {.modules = modules, .version = version, .size = qr_decode_size(version)};
    uint8_t words[MOST_WORDS] = {0};
    uint8_t data[MOST_WORDS];
    size_t before = text_out->length_bytes;
    if (!read_format(&code)) {
        return false;
    }
    find_positions(&code);
    size_t count = join_blocks(&code, words, read_words(&code, words), data);
    struct bits bits = {.data = data, .count = 8 * count};
    bool sound = count > 0;
    while (sound && bits.at + 4 <= bits.count) {
        unsigned mode = take(&bits, 4);
        if (mode == MODE_END) {
            break;
        }
        sound = (mode == MODE_DIGITS || mode == MODE_SIGNS || mode == MODE_BYTES ||
                 mode == MODE_CHARACTER_SET) &&
                read_segment(&bits, (enum mode)mode, version, text_out) && bits.at <= bits.count;
    }
    if (!sound) {
        buffer_truncate(text_out, before);
    }
    return sound && text_out->length_bytes > before;
}
