#include "core/utf8.h"

#include <string.h>

size_t utf8_measure(const char *bytes, size_t length_bytes)
{
    const unsigned char *at = (const unsigned char *)bytes;
    if (length_bytes == 0) {
        return 0;
    }
    size_t count = at[0] < 0x80   ? 1
                   : at[0] < 0xc2 ? 0
                   : at[0] < 0xe0 ? 2
                   : at[0] < 0xf0 ? 3
                   : at[0] < 0xf5 ? 4
                                  : 0;
    if (count > length_bytes) {
        return 0;
    }
    for (size_t i = 1; i < count; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool is_surrogate = at[0] == 0xed && at[1] > 0x9f;
    bool is_beyond = at[0] == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_beyond ? 0 : count;
}

bool utf8_is_valid(const char *bytes, size_t length_bytes)
{
    size_t at = 0;
    while (at < length_bytes) {
        size_t count = utf8_measure(bytes + at, length_bytes - at);
        if (count == 0) {
            return false;
        }
        at += count;
    }
    return true;
}

bool utf8_is_text(const char *text)
{
    return utf8_is_valid(text, strlen(text));
}

void utf8_mend(char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        size_t count = utf8_measure(text + at, length - at);
        if (count == 0) {
            text[at] = '?';
        }
        at += count == 0 ? 1 : count;
    }
}
