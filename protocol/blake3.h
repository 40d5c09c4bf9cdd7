/* BLAKE3, 32-byte output, unkeyed: the hash primitive of the protocol (§3).
 *
 * Thread: any. No state, no heap.
 */
#ifndef HEARTHCHAT_PROTOCOL_BLAKE3_H
#define HEARTHCHAT_PROTOCOL_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE3_HASH_BYTES 32

/* Hashes `length_bytes` bytes; `bytes` may be NULL when there are none. */
void blake3_hash(const void *bytes, size_t length_bytes,
                 uint8_t hash_out[static BLAKE3_HASH_BYTES]);

struct blake3_text {
    const void *bytes; /* as above */
    size_t length_bytes;
    uint8_t *hash_out; /* BLAKE3_HASH_BYTES */
};

/* The same of many, which takes less than half of it when they are of about the same length. */
void blake3_hash_each(const struct blake3_text *texts, size_t count);

#endif
