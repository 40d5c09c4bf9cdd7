/* HPKE (RFC 9180), base mode, one message a context: what is sealed to a receiving key (§24.3). The
 * suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
 *
 * Thread: any. Secrets are wiped where they pass.
 */
#ifndef HEARTHCHAT_PROTOCOL_HPKE_H
#define HEARTHCHAT_PROTOCOL_HPKE_H

#include <stddef.h>
#include <stdint.h>

#include "core/result.h"

#define HPKE_KEY_BYTES 32 /* of X25519, public or secret */
#define HPKE_TAG_BYTES 16 /* by which what is sealed is longer */
#define HPKE_HASH_BYTES 32

/* What binds the message to its place: the same when it is opened. */
struct hpke_context {
    const uint8_t *info_hash; /* hpke_hash_info() of RFC 9180's info */
    const void *aad;
    size_t aad_bytes;
};

/* `info` says what a key is for and is the same for all that is sealed so: its hash is made once.
 */
void hpke_hash_info(const void *info, size_t info_bytes, uint8_t hash_out[static HPKE_HASH_BYTES]);

/* The public half. */
void hpke_public_key(const uint8_t secret[static HPKE_KEY_BYTES],
                     uint8_t public_out[static HPKE_KEY_BYTES]);

/* `ephemeral`: random, for this message alone. `sealed_out` has room for HPKE_TAG_BYTES more than
 * the text. RESULT_INVALID: the receiving key is of low order, and nothing can be sealed to it. */
enum result hpke_seal(const uint8_t receiving_key[static HPKE_KEY_BYTES],
                      const uint8_t ephemeral[static HPKE_KEY_BYTES],
                      const struct hpke_context *context, const void *text, size_t length_bytes,
                      uint8_t enc_out[static HPKE_KEY_BYTES], void *sealed_out);

/* A receiving key: both halves, which belong together. */
struct hpke_pair {
    uint8_t public[HPKE_KEY_BYTES];
    uint8_t secret[HPKE_KEY_BYTES];
};

/* `text_out` has room for what is sealed without HPKE_TAG_BYTES. RESULT_INVALID: it was sealed to
 * another key, in another context, or not so at all. */
enum result hpke_open(const struct hpke_pair *receiving, const uint8_t enc[static HPKE_KEY_BYTES],
                      const struct hpke_context *context, const void *sealed, size_t sealed_bytes,
                      void *text_out);

#endif
