#include "protocol/base64url.h"

#include <sodium.h>

#include "core/memory.h"

enum { VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

void base64url_encode(const void *bytes, size_t length_bytes, struct buffer *text)
{
    size_t capacity = sodium_base64_encoded_len(length_bytes, VARIANT);
    char *encoded = memory_allocate(capacity, 1);
    (void)sodium_bin2base64(encoded, capacity, bytes, length_bytes, VARIANT);
    buffer_append_text(text, encoded);
    memory_free(encoded);
}

enum result base64url_decode(const char *text, size_t length_bytes, struct buffer *bytes)
{
    size_t capacity = length_bytes / 4 * 3 + 3;
    size_t decoded = 0;
    const char *end = NULL;
    uint8_t *out = memory_allocate(capacity, 1);
    int status =
        sodium_base642bin(out, capacity, text, length_bytes, NULL, &decoded, &end, VARIANT);
    if (status == 0 && end == text + length_bytes) {
        buffer_append(bytes, out, decoded);
    } else {
        status = -1;
    }
    memory_free(out);
    return status == 0 ? RESULT_OK : RESULT_INVALID;
}

/* What the digits stand for, and 64 for what is none. */
static const uint8_t values[256] = {
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 64, 64, 64, 64, 0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 63,
    64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
};

static unsigned value_of(char digit)
{
    return values[(unsigned char)digit];
}

enum result base64url_decode_public(const char *text, size_t length_bytes, struct buffer *bytes)
{
    uint8_t *out = memory_allocate(length_bytes / 4 * 3 + 3, 1);
    size_t made = 0;
    unsigned held = 0;
    unsigned bits = 0;      /* how many of `held` are not used yet */
    unsigned none_seen = 0; /* its seventh bit: some character is no digit */
    size_t i = 0;
    for (; length_bytes - i >= 4; i += 4) {
        unsigned first = value_of(text[i]);
        unsigned second = value_of(text[i + 1]);
        unsigned third = value_of(text[i + 2]);
        unsigned fourth = value_of(text[i + 3]);
        none_seen |= first | second | third | fourth;
        out[made++] = (uint8_t)(first << 2 | second >> 4);
        out[made++] = (uint8_t)(second << 4 | third >> 2);
        out[made++] = (uint8_t)(third << 6 | fourth);
    }
    for (; i < length_bytes; i++) {
        unsigned value = value_of(text[i]);
        none_seen |= value;
        held = (held << 6 | value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[made++] = (uint8_t)(held >> bits);
        }
    }
    bool read = none_seen < 64 && bits < 6 && (held & ((1U << bits) - 1)) == 0;
    if (read) {
        buffer_append(bytes, out, made);
    }
    memory_free(out);
    return read ? RESULT_OK : RESULT_INVALID;
}

size_t base64url_span_public(const char *text, size_t length_bytes)
{
    size_t digits = 0;
    unsigned seen = 0; /* its seventh bit: some character is no digit */
    while (length_bytes - digits >= 8) {
        for (size_t i = 0; i < 8; i++) {
            seen |= value_of(text[digits + i]);
        }
        if (seen >= 64) {
            break;
        }
        digits += 8;
    }
    while (digits < length_bytes && value_of(text[digits]) < 64) {
        digits++;
    }
    return digits;
}

bool base64url_measure_public(const char *text, size_t length_bytes, size_t *bytes_out)
{
    static const unsigned unused[] = {0, 63, 15, 3}; /* bits of the last digit */
    *bytes_out = length_bytes / 4 * 3 + length_bytes % 4 * 6 / 8;
    return base64url_span_public(text, length_bytes) == length_bytes && length_bytes % 4 != 1 &&
           (length_bytes == 0 ||
            (value_of(text[length_bytes - 1]) & unused[length_bytes % 4]) == 0);
}

void base64url_encode_exact(const uint8_t *bytes, size_t count, char *text_out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t i = 0;
    for (; count - i >= 3; i += 3) {
        unsigned held = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
        *text_out++ = digits[held >> 18];
        *text_out++ = digits[held >> 12 & 63];
        *text_out++ = digits[held >> 6 & 63];
        *text_out++ = digits[held & 63];
    }
    if (i < count) {
        unsigned held =
            (unsigned)bytes[i] << 16 | (i + 1 < count ? (unsigned)bytes[i + 1] << 8 : 0);
        *text_out++ = digits[held >> 18];
        *text_out++ = digits[held >> 12 & 63];
        if (i + 1 < count) {
            *text_out++ = digits[held >> 6 & 63];
        }
    }
    *text_out = '\0';
}

void base64url_encode_public(const void *bytes, size_t length_bytes, struct buffer *text)
{
    base64url_encode_exact(bytes, length_bytes, buffer_extend(text, (length_bytes * 8 + 5) / 6));
}

bool base64url_decode_exact(const char *text, uint8_t *bytes_out, size_t count)
{
    size_t digits = (count * 8 + 5) / 6;
    size_t made = 0;
    unsigned bits = 0; /* how many of `held` are not used yet */
    unsigned held = 0;
    size_t i = 0;
    for (; digits - i >= 4; i += 4) {
        unsigned first, second, third, fourth;
        if ((first = value_of(text[i])) > 63 || (second = value_of(text[i + 1])) > 63 ||
            (third = value_of(text[i + 2])) > 63 || (fourth = value_of(text[i + 3])) > 63) {
            return false; /* and what is behind it may not be there */
        }
        bytes_out[made++] = (uint8_t)(first << 2 | second >> 4);
        bytes_out[made++] = (uint8_t)(second << 4 | third >> 2);
        bytes_out[made++] = (uint8_t)(third << 6 | fourth);
    }
    for (; i < digits; i++) {
        unsigned value = value_of(text[i]);
        if (value > 63) {
            return false;
        }
        held = (held << 6 | value) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes_out[made++] = (uint8_t)(held >> bits);
        }
    }
    return text[digits] == '\0' && (held & ((1U << bits) - 1)) == 0;
}
