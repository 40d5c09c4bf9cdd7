/* HKDF with SHA-256 (RFC 5869): keys out of keys.
 *
 * Thread: any. Key material is wiped where it passes; what is given back is the caller's to wipe.
 */
#ifndef HEARTHCHAT_PROTOCOL_HKDF_H
#define HEARTHCHAT_PROTOCOL_HKDF_H

#include <stddef.h>
#include <stdint.h>

#define HKDF_KEY_BYTES 32
#define HKDF_MOST_BYTES ((size_t)255 * HKDF_KEY_BYTES)

/* A part of an input, for what is put together of several. */
struct hkdf_part {
    const void *bytes;
    size_t length_bytes;
};

/* §2.2: `salt` may be empty. */
void hkdf_extract(const void *salt, size_t salt_bytes, const struct hkdf_part *parts, size_t count,
                  uint8_t key_out[static HKDF_KEY_BYTES]);

/* §2.3: `length_bytes` of HKDF_MOST_BYTES at most. */
void hkdf_expand(const uint8_t key[static HKDF_KEY_BYTES], const struct hkdf_part *info,
                 size_t count, void *bytes_out, size_t length_bytes);

/* The same several times with one key, whose part of the work is then done once. */
struct hkdf_output {
    const struct hkdf_part *info;
    size_t count;
    void *bytes_out;
    size_t length_bytes;
};
void hkdf_expand_each(const uint8_t key[static HKDF_KEY_BYTES], const struct hkdf_output *outputs,
                      size_t count);

#endif
