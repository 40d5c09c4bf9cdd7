#include "protocol/receiving_key.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "protocol/base64url.h"

static const char prefix[] = "x25519:";

/* The points with which whatever is agreed is all zeros, as they are written below 2^255 - 19: to
 * multiply would tell it too, and cost as much as to open a message. */
static bool is_of_low_order(const struct receiving_key *key)
{
    static const uint8_t low[][HPKE_KEY_BYTES] = {
        {0},
        {1},
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
         0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
         0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
        {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
         0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
         0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}};
    bool is_low = false;
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
        is_low = is_low || memcmp(key->key, low[i], sizeof low[i]) == 0;
    }
    return is_low;
}

/* Below 2^255 - 19, as its owner would write it: to another text for it nothing opens. */
static bool is_canonical(const struct receiving_key *key)
{
    uint8_t middle = 0xff;
    for (size_t i = 1; i < sizeof key->key - 1; i++) {
        middle &= key->key[i];
    }
    uint8_t last = key->key[sizeof key->key - 1];
    return last < 0x7f || (last == 0x7f && (middle != 0xff || key->key[0] < 0xed));
}

enum result receiving_key_parse(const char *text, struct receiving_key *key_out)
{
    struct receiving_key key = {{0}};
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 ||
        !base64url_decode_exact(text + sizeof prefix - 1, key.key, sizeof key.key) ||
        !is_canonical(&key) || is_of_low_order(&key)) {
        return RESULT_INVALID;
    }
    *key_out = key;
    return RESULT_OK;
}

void receiving_key_format(const struct receiving_key *key,
                          char text_out[static RECEIVING_KEY_TEXT_BYTES])
{
    struct buffer text;
    buffer_init(&text);
    buffer_append_text(&text, prefix);
    base64url_encode_public(key->key, sizeof key->key, &text);
    (void)snprintf(text_out, RECEIVING_KEY_TEXT_BYTES, "%s", buffer_text(&text));
    buffer_deinit(&text);
}

enum result receiving_key_from_node_id(const struct node_id *node_id, struct receiving_key *key_out)
{
    return crypto_sign_ed25519_pk_to_curve25519(key_out->key, node_id->key) == 0 ? RESULT_OK
                                                                                 : RESULT_INVALID;
}
