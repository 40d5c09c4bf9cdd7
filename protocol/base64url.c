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
