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

/* 0 … 63, or 64 and more for what is no digit. */
static unsigned value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z') {
        return (unsigned)(digit - 'A');
    }
    if (digit >= 'a' && digit <= 'z') {
        return (unsigned)(digit - 'a') + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return (unsigned)(digit - '0') + 52;
    }
    return digit == '-' ? 62 : digit == '_' ? 63 : 64;
}

bool base64url_decode_exact(const char *text, uint8_t *bytes_out, size_t count)
{
    size_t digits = (count * 8 + 5) / 6;
    size_t made = 0;
    unsigned bits = 0; /* how many of `held` are not used yet */
    unsigned held = 0;
    for (size_t i = 0; i < digits; i++) {
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
