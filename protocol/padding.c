#include "protocol/padding.h"

#include <stdint.h>

/* ⌊log2⌋ of what is not 0. */
static unsigned log2_of(size_t number)
{
    unsigned log2 = 0;
    while (number >>= 1) {
        log2++;
    }
    return log2;
}

size_t padding_measure(size_t length_bytes)
{
    if (length_bytes <= PADDING_LEAST_BYTES) {
        return PADDING_LEAST_BYTES;
    }
    unsigned exponent = log2_of(length_bytes);
    unsigned kept = log2_of(exponent) + 1;
    size_t step = exponent > kept ? (size_t)1 << (exponent - kept) : 1;
    return (length_bytes + step - 1) & ~(step - 1);
}

void padding_add(const void *payload, size_t length_bytes, struct buffer *padded)
{
    size_t whole = PADDING_LENGTH_BYTES + length_bytes;
    for (int shift = 24; shift >= 0; shift -= 8) {
        buffer_append_byte(padded, (char)(uint8_t)(length_bytes >> shift));
    }
    buffer_append(padded, payload, length_bytes);
    for (size_t i = padding_measure(whole); i > whole; i--) {
        buffer_append_byte(padded, '\0');
    }
}

enum result padding_strip(const void *padded, size_t padded_bytes, const char **payload_out,
                          size_t *length_bytes_out)
{
    const uint8_t *bytes = padded;
    uint8_t tail = 0;
    size_t length = 0;
    if (padded_bytes < PADDING_LEAST_BYTES) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < PADDING_LENGTH_BYTES; i++) {
        length = length << 8 | bytes[i];
    }
    if (length > padded_bytes - PADDING_LENGTH_BYTES ||
        padding_measure(PADDING_LENGTH_BYTES + length) != padded_bytes) {
        return RESULT_INVALID;
    }
    for (size_t i = PADDING_LENGTH_BYTES + length; i < padded_bytes; i++) {
        tail |= bytes[i];
    }
    *payload_out = (const char *)bytes + PADDING_LENGTH_BYTES;
    *length_bytes_out = length;
    return tail == 0 ? RESULT_OK : RESULT_INVALID;
}
