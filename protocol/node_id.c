#include "protocol/node_id.h"

#include <string.h>

#include "protocol/base64url.h"

static const char prefix[] = "ed25519:";
enum { PREFIX_CHARS = sizeof prefix - 1 };

static const char base32_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* y coordinates of the eight points of small order, little-endian: 0, 1, -1 and the two of order 8.
 * The sign bit is ignored, and so is every non-canonical form, which is refused on its own. */
static const uint8_t small_order[5][NODE_ID_BYTES] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};

enum result node_id_from_key(const uint8_t key[static NODE_ID_BYTES], struct node_id *node_id_out)
{
    uint8_t y[NODE_ID_BYTES];
    memcpy(y, key, sizeof y);
    y[31] &= 0x7f;
    /* Canonical: y < p = 2^255 - 19, so not 0xed…0xff followed by all ones. */
    bool above_p = y[31] == 0x7f && y[0] >= 0xed;
    for (size_t i = 1; above_p && i < 31; i++) {
        above_p = y[i] == 0xff;
    }
    if (above_p) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < sizeof small_order / sizeof small_order[0]; i++) {
        if (memcmp(y, small_order[i], sizeof y) == 0) {
            return RESULT_INVALID;
        }
    }
    memcpy(node_id_out->key, key, NODE_ID_BYTES);
    return RESULT_OK;
}

enum result node_id_parse(const char *text, struct node_id *node_id_out)
{
    uint8_t key[NODE_ID_BYTES];
    if (strncmp(text, prefix, PREFIX_CHARS) != 0 ||
        !base64url_decode_exact(text + PREFIX_CHARS, key, sizeof key)) {
        return RESULT_INVALID;
    }
    return node_id_from_key(key, node_id_out);
}

void node_id_format(const struct node_id *node_id, char text_out[static NODE_ID_TEXT_BYTES])
{
    memcpy(text_out, prefix, PREFIX_CHARS);
    base64url_encode_exact(node_id->key, NODE_ID_BYTES, text_out + PREFIX_CHARS);
}

void node_id_format_short(const struct node_id *node_id, char text_out[static NODE_ID_SHORT_BYTES])
{
    memcpy(text_out, prefix, PREFIX_CHARS);
    char *out = text_out + PREFIX_CHARS;
    const uint8_t *key = node_id->key;
    unsigned held = 0;
    unsigned bits = 0; /* how many of `held` are not written yet */
    for (size_t digit = 0; digit < 16; digit++) {
        if (digit > 0 && digit % 4 == 0) {
            *out++ = '-';
        }
        if (bits < 5) {
            held = held << 8 | *key++;
            bits += 8;
        }
        bits -= 5;
        *out++ = base32_digits[held >> bits & 31U];
    }
    *out = '\0';
}

enum result node_id_parse_short(const char *text,
                                uint8_t prefix_out[static NODE_ID_SHORT_KEY_BYTES])
{
    uint8_t key[NODE_ID_SHORT_KEY_BYTES] = {0};
    if (strlen(text) != NODE_ID_SHORT_BYTES - 1 || strncmp(text, prefix, PREFIX_CHARS) != 0) {
        return RESULT_INVALID;
    }
    size_t bit = 0;
    for (size_t at = PREFIX_CHARS; text[at] != '\0'; at++) {
        if ((at - PREFIX_CHARS) % 5 == 4) {
            if (text[at] != '-') {
                return RESULT_INVALID;
            }
            continue;
        }
        const char *found = strchr(base32_digits, text[at]);
        if (found == NULL) {
            return RESULT_INVALID;
        }
        unsigned value = (unsigned)(found - base32_digits);
        for (unsigned i = 0; i < 5; i++, bit++) {
            key[bit / 8] |= (uint8_t)(((value >> (4 - i)) & 1U) << (7 - bit % 8));
        }
    }
    memcpy(prefix_out, key, sizeof key);
    return RESULT_OK;
}

bool node_id_equal(const struct node_id *left, const struct node_id *right)
{
    return node_id_compare(left, right) == 0;
}

int node_id_compare(const struct node_id *left, const struct node_id *right)
{
    return memcmp(left->key, right->key, NODE_ID_BYTES);
}
