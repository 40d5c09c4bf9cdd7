/* The fingerprint of a set of events: equal fingerprints, equal sets (§12).
 *
 * Thread: any. A running sum of hashes mod 2^256 and a count, so that adding and removing cost
 * nothing.
 */
#ifndef HEARTHCHAT_PROTOCOL_FINGERPRINT_H
#define HEARTHCHAT_PROTOCOL_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

#define FINGERPRINT_BYTES 16
#define FINGERPRINT_SUM_BYTES 32

struct fingerprint {
    uint64_t sum[4]; /* least significant first, each in the machine's order */
    uint64_t count;
};

void fingerprint_add(struct fingerprint *fingerprint,
                     const uint8_t hash[static FINGERPRINT_SUM_BYTES]);
void fingerprint_remove(struct fingerprint *fingerprint,
                        const uint8_t hash[static FINGERPRINT_SUM_BYTES]);

/* The union with a set that has nothing in common with it, and the way back. */
void fingerprint_join(struct fingerprint *fingerprint, const struct fingerprint *other);
void fingerprint_part(struct fingerprint *fingerprint, const struct fingerprint *other);

/* The sum as it is stored: 32 bytes, little-endian. */
void fingerprint_write_sum(const struct fingerprint *fingerprint,
                           uint8_t bytes_out[static FINGERPRINT_SUM_BYTES]);
void fingerprint_read_sum(struct fingerprint *fingerprint,
                          const uint8_t bytes[static FINGERPRINT_SUM_BYTES]);

/* First 16 bytes of SHA-256 over the sum and varint(count). */
void fingerprint_digest(const struct fingerprint *fingerprint,
                        uint8_t digest_out[static FINGERPRINT_BYTES]);

/* Base-128, most significant digit first, minimal; at most 10 bytes. Returns how many. */
#define FINGERPRINT_VARINT_BYTES 10
size_t fingerprint_varint(uint64_t number, uint8_t bytes_out[static FINGERPRINT_VARINT_BYTES]);

#endif
