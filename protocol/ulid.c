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

void ulid_to_bytes(const char *text, uint8_t bytes_out[static ULID_BYTES])
{
    memset(bytes_out, 0, ULID_BYTES);
    for (size_t digit = 0; digit < ULID_TEXT_BYTES - 1; digit++) {
        unsigned value = (unsigned)(strchr(digits, text[digit]) - digits);
        for (size_t i = 0; i < 5; i++) {
            size_t bit = digit * 5 + i; /* of 130; the first two are zero */
            if (bit >= 2 && (value >> (4 - i) & 1U) != 0) {
                bytes_out[(bit - 2) / 8] |= (uint8_t)(0x80U >> (bit - 2) % 8);
            }
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
