#include "protocol/fingerprint.h"

#include <endian.h>
#include <sodium.h>
#include <string.h>

static void sum_add(uint64_t sum[static 4], const uint64_t other[static 4])
{
    uint64_t carry = 0;
    for (size_t i = 0; i < 4; i++) {
        uint64_t with_carry = other[i] + carry;
        carry = with_carry < carry;
        sum[i] += with_carry;
        carry += sum[i] < with_carry;
    }
}

static void sum_subtract(uint64_t sum[static 4], const uint64_t other[static 4])
{
    uint64_t borrow = 0;
    for (size_t i = 0; i < 4; i++) {
        uint64_t with_borrow = other[i] + borrow;
        borrow = with_borrow < borrow;
        borrow += sum[i] < with_borrow;
        sum[i] -= with_borrow;
    }
}

static void read_limbs(const uint8_t bytes[static FINGERPRINT_SUM_BYTES], uint64_t limbs[static 4])
{
    memcpy(limbs, bytes, FINGERPRINT_SUM_BYTES);
    for (size_t i = 0; i < 4; i++) {
        limbs[i] = le64toh(limbs[i]);
    }
}

void fingerprint_add(struct fingerprint *fingerprint,
                     const uint8_t hash[static FINGERPRINT_SUM_BYTES])
{
    uint64_t limbs[4];
    read_limbs(hash, limbs);
    sum_add(fingerprint->sum, limbs);
    fingerprint->count++;
}

void fingerprint_remove(struct fingerprint *fingerprint,
                        const uint8_t hash[static FINGERPRINT_SUM_BYTES])
{
    uint64_t limbs[4];
    read_limbs(hash, limbs);
    sum_subtract(fingerprint->sum, limbs);
    fingerprint->count--;
}

void fingerprint_join(struct fingerprint *fingerprint, const struct fingerprint *other)
{
    sum_add(fingerprint->sum, other->sum);
    fingerprint->count += other->count;
}

void fingerprint_part(struct fingerprint *fingerprint, const struct fingerprint *other)
{
    sum_subtract(fingerprint->sum, other->sum);
    fingerprint->count -= other->count;
}

void fingerprint_write_sum(const struct fingerprint *fingerprint,
                           uint8_t bytes_out[static FINGERPRINT_SUM_BYTES])
{
    uint64_t limbs[4];
    for (size_t i = 0; i < 4; i++) {
        limbs[i] = htole64(fingerprint->sum[i]);
    }
    memcpy(bytes_out, limbs, sizeof limbs);
}

void fingerprint_read_sum(struct fingerprint *fingerprint,
                          const uint8_t bytes[static FINGERPRINT_SUM_BYTES])
{
    read_limbs(bytes, fingerprint->sum);
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
    fingerprint_write_sum(fingerprint, input);
    size_t digits = fingerprint_varint(fingerprint->count, input + FINGERPRINT_SUM_BYTES);
    (void)crypto_hash_sha256(hash, input, FINGERPRINT_SUM_BYTES + digits);
    memcpy(digest_out, hash, FINGERPRINT_BYTES);
}
