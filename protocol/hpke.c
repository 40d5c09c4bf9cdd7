#include "protocol/hpke.h"

#include <sodium.h>
#include <string.h>

#include "protocol/hkdf.h"

enum { NONCE_BYTES = crypto_aead_chacha20poly1305_ietf_NPUBBYTES, BASE_MODE = 0 };

/* What a label is of: the key encapsulation, or the whole suite. */
struct suite {
    uint8_t bytes[10];
    size_t length_bytes;
};
static const struct suite kem = {{'K', 'E', 'M', 0x00, 0x20}, 5};
static const struct suite hpke = {{'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03}, 10};

static const char version[] = "HPKE-v1";

struct keys {
    uint8_t key[crypto_aead_chacha20poly1305_ietf_KEYBYTES];
    uint8_t nonce[NONCE_BYTES];
};

/* §4: LabeledExtract. */
static void extract(const struct suite *suite, const void *salt, size_t salt_bytes,
                    const char *label, const void *material, size_t material_bytes,
                    uint8_t key_out[static HKDF_KEY_BYTES])
{
    const struct hkdf_part parts[] = {{version, sizeof version - 1},
                                      {suite->bytes, suite->length_bytes},
                                      {label, strlen(label)},
                                      {material, material_bytes}};
    hkdf_extract(salt, salt_bytes, parts, sizeof parts / sizeof *parts, key_out);
}

enum { LENGTH_BYTES = 2, EXPAND_PARTS = 5 };

/* §4: what LabeledExpand expands; `length` is how much, big-endian. All is borrowed. */
static void label_expand(const struct suite *suite, const uint8_t length[static LENGTH_BYTES],
                         const char *label, const void *info, size_t info_bytes,
                         struct hkdf_part parts_out[static EXPAND_PARTS])
{
    parts_out[0] = (struct hkdf_part){length, LENGTH_BYTES};
    parts_out[1] = (struct hkdf_part){version, sizeof version - 1};
    parts_out[2] = (struct hkdf_part){suite->bytes, suite->length_bytes};
    parts_out[3] = (struct hkdf_part){label, strlen(label)};
    parts_out[4] = (struct hkdf_part){info, info_bytes};
}

/* §4.1: what both sides have in common; RESULT_INVALID: all zeros. */
static enum result agree(const uint8_t secret[static HPKE_KEY_BYTES],
                         const uint8_t other[static HPKE_KEY_BYTES],
                         const uint8_t enc[static HPKE_KEY_BYTES],
                         const uint8_t receiving_key[static HPKE_KEY_BYTES],
                         uint8_t shared_out[static HKDF_KEY_BYTES])
{
    uint8_t agreed[crypto_scalarmult_BYTES];
    uint8_t key[HKDF_KEY_BYTES];
    uint8_t context[2 * HPKE_KEY_BYTES];
    static const uint8_t length[] = {0, HKDF_KEY_BYTES};
    struct hkdf_part parts[EXPAND_PARTS];
    enum result result = crypto_scalarmult(agreed, secret, other) == 0 ? RESULT_OK : RESULT_INVALID;
    memcpy(context, enc, HPKE_KEY_BYTES);
    memcpy(context + HPKE_KEY_BYTES, receiving_key, HPKE_KEY_BYTES);
    if (result == RESULT_OK) {
        extract(&kem, NULL, 0, "eae_prk", agreed, sizeof agreed, key);
        label_expand(&kem, length, "shared_secret", context, sizeof context, parts);
        hkdf_expand(key, parts, EXPAND_PARTS, shared_out, HKDF_KEY_BYTES);
    }
    sodium_memzero(agreed, sizeof agreed);
    sodium_memzero(key, sizeof key);
    return result;
}

void hpke_hash_info(const void *info, size_t info_bytes, uint8_t hash_out[static HPKE_HASH_BYTES])
{
    extract(&hpke, NULL, 0, "info_hash", info, info_bytes, hash_out);
}

/* In base mode nobody has a secret in common before: LabeledExtract("", "psk_id_hash", ""). */
static const uint8_t psk_id_hash[HPKE_HASH_BYTES] = {
    0x43, 0x1d, 0xf6, 0xcd, 0x95, 0xe1, 0x1f, 0xf4, 0x9d, 0x70, 0x13, 0x56, 0x3b, 0xaf, 0x7f, 0x11,
    0x58, 0x8c, 0x75, 0xa6, 0x61, 0x1e, 0xe2, 0xa4, 0x40, 0x4a, 0x49, 0x30, 0x6a, 0xe4, 0xcf, 0xc5};

/* §5.1: the key schedule. */
static void schedule(const uint8_t shared[static HKDF_KEY_BYTES], const struct hpke_context *of,
                     struct keys *keys_out)
{
    uint8_t context[1 + 2 * HPKE_HASH_BYTES] = {BASE_MODE};
    uint8_t secret[HKDF_KEY_BYTES];
    struct hkdf_part key[EXPAND_PARTS];
    struct hkdf_part nonce[EXPAND_PARTS];
    static const uint8_t key_length[] = {0, sizeof keys_out->key};
    static const uint8_t nonce_length[] = {0, sizeof keys_out->nonce};
    memcpy(context + 1, psk_id_hash, sizeof psk_id_hash);
    memcpy(context + 1 + HPKE_HASH_BYTES, of->info_hash, HPKE_HASH_BYTES);
    label_expand(&hpke, key_length, "key", context, sizeof context, key);
    label_expand(&hpke, nonce_length, "base_nonce", context, sizeof context, nonce);
    extract(&hpke, shared, HKDF_KEY_BYTES, "secret", NULL, 0, secret);
    const struct hkdf_output outputs[] = {
        {key, EXPAND_PARTS, keys_out->key, sizeof keys_out->key},
        {nonce, EXPAND_PARTS, keys_out->nonce, sizeof keys_out->nonce}};
    hkdf_expand_each(secret, outputs, sizeof outputs / sizeof *outputs);
    sodium_memzero(secret, sizeof secret);
}

void hpke_public_key(const uint8_t secret[static HPKE_KEY_BYTES],
                     uint8_t public_out[static HPKE_KEY_BYTES])
{
    (void)crypto_scalarmult_base(public_out, secret);
}

enum result hpke_seal(const uint8_t receiving_key[static HPKE_KEY_BYTES],
                      const uint8_t ephemeral[static HPKE_KEY_BYTES],
                      const struct hpke_context *context, const void *text, size_t length_bytes,
                      uint8_t enc_out[static HPKE_KEY_BYTES], void *sealed_out)
{
    uint8_t shared[HKDF_KEY_BYTES];
    struct keys keys;
    hpke_public_key(ephemeral, enc_out);
    enum result result = agree(ephemeral, receiving_key, enc_out, receiving_key, shared);
    if (result == RESULT_OK) {
        schedule(shared, context, &keys);
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(sealed_out, NULL, text, length_bytes,
                                                        context->aad, context->aad_bytes, NULL,
                                                        keys.nonce, keys.key);
    }
    sodium_memzero(shared, sizeof shared);
    sodium_memzero(&keys, sizeof keys);
    return result;
}

enum result hpke_open(const struct hpke_pair *receiving, const uint8_t enc[static HPKE_KEY_BYTES],
                      const struct hpke_context *context, const void *sealed, size_t sealed_bytes,
                      void *text_out)
{
    uint8_t shared[HKDF_KEY_BYTES];
    struct keys keys;
    enum result result = agree(receiving->secret, enc, enc, receiving->public, shared);
    if (result == RESULT_OK) {
        schedule(shared, context, &keys);
        result = crypto_aead_chacha20poly1305_ietf_decrypt(
                     text_out, NULL, NULL, sealed, sealed_bytes, context->aad, context->aad_bytes,
                     keys.nonce, keys.key) == 0
                     ? RESULT_OK
                     : RESULT_INVALID;
    }
    sodium_memzero(shared, sizeof shared);
    sodium_memzero(&keys, sizeof keys);
    return result;
}
