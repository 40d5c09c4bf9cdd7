#include "protocol/signing.h"

#include <sodium.h>
#include <string.h>

#include "core/thread.h"
#include "protocol/base64url.h"
#include "protocol/canonical.h"
#include "protocol/json_build.h"

static const char prefix[] = "ed25519:";
enum { PREFIX_CHARS = sizeof prefix - 1 };

enum result signing_start(void)
{
    return sodium_init() < 0 ? RESULT_IO : RESULT_OK;
}

void signing_key_init(struct signing_key *key, const uint8_t seed[static SIGNING_SEED_BYTES])
{
    (void)crypto_sign_seed_keypair(key->node_id.key, key->secret, seed);
}

void signing_key_deinit(struct signing_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void signing_generate_seed(uint8_t seed_out[static SIGNING_SEED_BYTES])
{
    randombytes_buf(seed_out, SIGNING_SEED_BYTES);
}

void signing_random(void *bytes_out, size_t length_bytes)
{
    randombytes_buf(bytes_out, length_bytes);
}

void signing_wipe(void *bytes, size_t length_bytes)
{
    sodium_memzero(bytes, length_bytes);
}

bool signing_equal(const void *one, const void *other, size_t length_bytes)
{
    return sodium_memcmp(one, other, length_bytes) == 0;
}

void signing_sign(const struct signing_key *key, const void *bytes, size_t length_bytes,
                  struct signature *signature_out)
{
    thread_expect(THREAD_SIGNS);
    (void)crypto_sign_detached(signature_out->bytes, NULL, bytes, length_bytes, key->secret);
}

enum result signing_verify(const struct node_id *node_id, const void *bytes, size_t length_bytes,
                           const struct signature *signature)
{
    thread_expect(THREAD_SIGNS);
    return crypto_sign_verify_detached(signature->bytes, bytes, length_bytes, node_id->key) == 0
               ? RESULT_OK
               : RESULT_UNAUTHORIZED;
}

void signing_format_signature(const struct signature *signature,
                              char text_out[static SIGNATURE_TEXT_BYTES])
{
    memcpy(text_out, prefix, PREFIX_CHARS);
    base64url_encode_exact(signature->bytes, SIGNATURE_BYTES, text_out + PREFIX_CHARS);
}

enum result signing_parse_signature(const char *text, struct signature *signature_out)
{
    return strncmp(text, prefix, PREFIX_CHARS) == 0 &&
                   base64url_decode_exact(text + PREFIX_CHARS, signature_out->bytes,
                                          SIGNATURE_BYTES)
               ? RESULT_OK
               : RESULT_INVALID;
}

void signing_format_pin(const struct node_id *node_id, char pin_out[static SIGNING_PIN_BYTES])
{
    static const uint8_t der_prefix[12] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                           0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
    static const char pin_prefix[] = "sha256//";
    uint8_t info[sizeof der_prefix + NODE_ID_BYTES];
    uint8_t hash[crypto_hash_sha256_BYTES];
    memcpy(info, der_prefix, sizeof der_prefix);
    memcpy(info + sizeof der_prefix, node_id->key, NODE_ID_BYTES);
    (void)crypto_hash_sha256(hash, info, sizeof info);
    memcpy(pin_out, pin_prefix, sizeof pin_prefix - 1);
    (void)sodium_bin2base64(pin_out + sizeof pin_prefix - 1,
                            SIGNING_PIN_BYTES - (sizeof pin_prefix - 1), hash, sizeof hash,
                            sodium_base64_VARIANT_ORIGINAL);
}

enum result signing_sign_object(const struct signing_key *key, json_t *object)
{
    struct buffer text;
    buffer_init(&text);
    enum result result = canonical_write_without(object, "signature", &text);
    if (result == RESULT_OK) {
        struct signature signature;
        char signature_text[SIGNATURE_TEXT_BYTES];
        signing_sign(key, text.data, text.length_bytes, &signature);
        signing_format_signature(&signature, signature_text);
        (void)json_object_set_new(object, "signature", json_build_text(signature_text));
    }
    buffer_deinit(&text);
    return result;
}

enum result signing_verify_object(const struct node_id *node_id, const json_t *object)
{
    struct signature signature;
    const char *text = json_string_value(json_object_get(object, "signature"));
    if (text == NULL || signing_parse_signature(text, &signature) != RESULT_OK) {
        return RESULT_UNAUTHORIZED;
    }
    struct buffer canonical;
    buffer_init(&canonical);
    enum result result = canonical_write_without(object, "signature", &canonical);
    if (result == RESULT_OK) {
        result = signing_verify(node_id, canonical.data, canonical.length_bytes, &signature);
    }
    buffer_deinit(&canonical);
    return result;
}
