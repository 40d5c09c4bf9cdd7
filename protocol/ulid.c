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
    uint8_t bytes[16];
    for (size_t i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)((uint64_t)source->last_ms >> (40 - 8 * i));
    }
    memcpy(bytes + 6, source->random, sizeof source->random);
    for (size_t digit = 0; digit < 26; digit++) {
        unsigned value = 0;
        for (size_t i = 0; i < 5; i++) {
            size_t bit = digit * 5 + i; /* of 130; the first two are zero */
            unsigned set =
                bit < 2 ? 0 : (unsigned)(bytes[(bit - 2) / 8] >> (7 - (bit - 2) % 8)) & 1U;
            value = value << 1 | set;
        }
        text_out[digit] = digits[value];
    }
    text_out[26] = '\0';
}
