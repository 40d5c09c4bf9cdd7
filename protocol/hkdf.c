#include "protocol/hkdf.h"

#include <sodium.h>
#include <string.h>

static void add_parts(crypto_auth_hmacsha256_state *mac, const struct hkdf_part *parts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].length_bytes >
            0) { /* what is empty may be NULL, which libsodium does not take */
            (void)crypto_auth_hmacsha256_update(mac, parts[i].bytes, parts[i].length_bytes);
        }
    }
}

void hkdf_extract(const void *salt, size_t salt_bytes, const struct hkdf_part *parts, size_t count,
                  uint8_t key_out[static HKDF_KEY_BYTES])
{
    crypto_auth_hmacsha256_state mac;
    (void)crypto_auth_hmacsha256_init(&mac, salt_bytes == 0 ? (const uint8_t *)"" : salt,
                                      salt_bytes);
    add_parts(&mac, parts, count);
    (void)crypto_auth_hmacsha256_final(&mac, key_out);
    sodium_memzero(&mac, sizeof mac);
}

static void expand(const crypto_auth_hmacsha256_state *keyed, const struct hkdf_output *output)
{
    crypto_auth_hmacsha256_state mac;
    uint8_t block[HKDF_KEY_BYTES] = {0};
    uint8_t *out = output->bytes_out;
    uint8_t number = 0;
    for (size_t done = 0; done < output->length_bytes; done += sizeof block) {
        size_t left = output->length_bytes - done;
        mac = *keyed;
        (void)crypto_auth_hmacsha256_update(&mac, block, number == 0 ? 0 : sizeof block);
        add_parts(&mac, output->info, output->count);
        number++;
        (void)crypto_auth_hmacsha256_update(&mac, &number, 1);
        (void)crypto_auth_hmacsha256_final(&mac, block);
        memcpy(out + done, block, left < sizeof block ? left : sizeof block);
    }
    sodium_memzero(&mac, sizeof mac);
    sodium_memzero(block, sizeof block);
}

void hkdf_expand_each(const uint8_t key[static HKDF_KEY_BYTES], const struct hkdf_output *outputs,
                      size_t count)
{
    crypto_auth_hmacsha256_state keyed;
    (void)crypto_auth_hmacsha256_init(&keyed, key, HKDF_KEY_BYTES);
    for (size_t i = 0; i < count; i++) {
        expand(&keyed, &outputs[i]);
    }
    sodium_memzero(&keyed, sizeof keyed);
}

void hkdf_expand(const uint8_t key[static HKDF_KEY_BYTES], const struct hkdf_part *info,
                 size_t count, void *bytes_out, size_t length_bytes)
{
    const struct hkdf_output output = {info, count, bytes_out, length_bytes};
    hkdf_expand_each(key, &output, 1);
}
