#include "protocol/safety_number.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 5199, GROUPS = 6, GROUP_BYTES = 5, GROUP_DIGITS = 5, GROUP_MODULUS = 100000 };
enum { HALF_DIGITS = GROUPS * GROUP_DIGITS };

static const char scheme[] = "hearthnet-verify://v1/";

static void make_half(const struct node_id *node_id, char digits_out[static HALF_DIGITS + 1])
{
    static const char label[] = "hearthnet safety 1";
    crypto_hash_sha512_state state;
    uint8_t hash[crypto_hash_sha512_BYTES];
    (void)crypto_hash_sha512_init(&state);
    (void)crypto_hash_sha512_update(&state, (const uint8_t *)label, sizeof label - 1);
    (void)crypto_hash_sha512_update(&state, node_id->key, NODE_ID_BYTES);
    (void)crypto_hash_sha512_update(&state, node_id->key, NODE_ID_BYTES);
    (void)crypto_hash_sha512_final(&state, hash);
    for (int i = 0; i < ROUNDS; i++) {
        (void)crypto_hash_sha512_init(&state);
        (void)crypto_hash_sha512_update(&state, hash, sizeof hash);
        (void)crypto_hash_sha512_update(&state, node_id->key, NODE_ID_BYTES);
        (void)crypto_hash_sha512_final(&state, hash);
    }
    for (size_t group = 0; group < GROUPS; group++) {
        uint64_t number = 0;
        for (size_t i = 0; i < GROUP_BYTES; i++) {
            number = number << 8 | hash[group * GROUP_BYTES + i];
        }
        (void)snprintf(digits_out + group * GROUP_DIGITS, GROUP_DIGITS + 1, "%05u",
                       (unsigned)(number % GROUP_MODULUS));
    }
}

void safety_number_make(const struct node_id *one, const struct node_id *other,
                        char digits_out[static SAFETY_NUMBER_DIGITS + 1])
{
    char halves[2][HALF_DIGITS + 1];
    make_half(one, halves[0]);
    make_half(other, halves[1]);
    bool in_order = strcmp(halves[0], halves[1]) <= 0;
    (void)snprintf(digits_out, SAFETY_NUMBER_DIGITS + 1, "%s%s", halves[in_order ? 0 : 1],
                   halves[in_order ? 1 : 0]);
}

void safety_number_format_qr(const char digits[static SAFETY_NUMBER_DIGITS + 1],
                             char text_out[static SAFETY_NUMBER_QR_BYTES])
{
    (void)snprintf(text_out, SAFETY_NUMBER_QR_BYTES, "%s%s", scheme, digits);
}

enum result safety_number_parse_qr(const char *text,
                                   char digits_out[static SAFETY_NUMBER_DIGITS + 1])
{
    const char *digits = text + sizeof scheme - 1;
    if (strncmp(text, scheme, sizeof scheme - 1) != 0 ||
        strspn(digits, "0123456789") != SAFETY_NUMBER_DIGITS ||
        digits[SAFETY_NUMBER_DIGITS] != '\0') {
        return RESULT_INVALID;
    }
    memcpy(digits_out, digits, SAFETY_NUMBER_DIGITS + 1);
    return RESULT_OK;
}
