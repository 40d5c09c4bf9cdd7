#include "protocol/fingerprint.h"

#include <sodium.h>
#include <string.h>

void fingerprint_add(struct fingerprint *fingerprint,
                     const uint8_t hash[static FINGERPRINT_SUM_BYTES])
{
    sodium_add(fingerprint->sum, hash, FINGERPRINT_SUM_BYTES);
    fingerprint->count++;
}

void fingerprint_remove(struct fingerprint *fingerprint,
                        const uint8_t hash[static FINGERPRINT_SUM_BYTES])
{
    sodium_sub(fingerprint->sum, hash, FINGERPRINT_SUM_BYTES);
    fingerprint->count--;
}

size_t fingerprint_varint(uint64_t number, uint8_t bytes_out[static FINGERPRINT_VARINT_BYTES])
{
    size_t digits = 1;
    for (uint64_t rest = number >> 7; rest != 0; rest >>= 7) {
        digits++;
    }
    for (size_t i = digits; i-- > 0; number >>= 7) {
        bytes_out[i] = (uint8_t)((number & 0x7f) | (i + 1 < digits ? 0x80U : 0U));
    }
    return digits;
}

void fingerprint_digest(const struct fingerprint *fingerprint,
                        uint8_t digest_out[static FINGERPRINT_BYTES])
{
    uint8_t input[FINGERPRINT_SUM_BYTES + FINGERPRINT_VARINT_BYTES];
    uint8_t hash[crypto_hash_sha256_BYTES];
    memcpy(input, fingerprint->sum, FINGERPRINT_SUM_BYTES);
    size_t digits = fingerprint_varint(fingerprint->count, input + FINGERPRINT_SUM_BYTES);
    (void)crypto_hash_sha256(hash, input, FINGERPRINT_SUM_BYTES + digits);
    memcpy(digest_out, hash, FINGERPRINT_BYTES);
}
