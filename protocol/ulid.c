#include "protocol/ulid.h"

#include <sodium.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

bool ulid_is_valid(const char *text)
{
    if (strlen(text) != ULID_TEXT_BYTES - 1 || text[0] > '7') {
        return false;
    }
    return strspn(text, digits) == ULID_TEXT_BYTES - 1;
}

void ulid_mint(struct ulid_source *source, int64_t wall_ms, char text_out[static ULID_TEXT_BYTES])
{
    if (wall_ms > source->last_ms) {
        source->last_ms = wall_ms;
        randombytes_buf(source->random, sizeof source->random);
        source->random[0] &= 0x7f; /* room to count up in */
    } else {
        for (size_t i = sizeof source->random; i-- > 0 && ++source->random[i] == 0;) {
        }
    }
    uint8_t bytes[ULID_BYTES];
    for (size_t i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)((uint64_t)source->last_ms >> (40 - 8 * i));
    }
    memcpy(bytes + 6, source->random, sizeof source->random);
    ulid_from_bytes(bytes, text_out);
}

/* 130 bits, of which the first two are zero, from five at a time. */
void ulid_to_bytes(const char *text, uint8_t bytes_out[static ULID_BYTES])
{
    static const uint8_t values[] = {
        ['0'] = 0,  ['1'] = 1,  ['2'] = 2,  ['3'] = 3,  ['4'] = 4,  ['5'] = 5,  ['6'] = 6,
        ['7'] = 7,  ['8'] = 8,  ['9'] = 9,  ['A'] = 10, ['B'] = 11, ['C'] = 12, ['D'] = 13,
        ['E'] = 14, ['F'] = 15, ['G'] = 16, ['H'] = 17, ['J'] = 18, ['K'] = 19, ['M'] = 20,
        ['N'] = 21, ['P'] = 22, ['Q'] = 23, ['R'] = 24, ['S'] = 25, ['T'] = 26, ['V'] = 27,
        ['W'] = 28, ['X'] = 29, ['Y'] = 30, ['Z'] = 31};
    unsigned bits = 0;
    int held = -2;
    for (size_t digit = 0; digit < ULID_TEXT_BYTES - 1; digit++) {
        bits = bits << 5 | values[(unsigned char)text[digit]];
        held += 5;
        if (held >= 8) {
            held -= 8;
            *bytes_out++ = (uint8_t)(bits >> held);
        }
    }
}

void ulid_from_bytes(const uint8_t bytes[static ULID_BYTES], char text_out[static ULID_TEXT_BYTES])
{
    for (size_t digit = 0; digit < ULID_TEXT_BYTES - 1; digit++) {
        unsigned value = 0;
        for (size_t i = 0; i < 5; i++) {
            size_t bit = digit * 5 + i;
            unsigned set =
                bit < 2 ? 0 : (unsigned)(bytes[(bit - 2) / 8] >> (7 - (bit - 2) % 8)) & 1U;
            value = value << 1 | set;
        }
        text_out[digit] = digits[value];
    }
    text_out[ULID_TEXT_BYTES - 1] = '\0';
}
