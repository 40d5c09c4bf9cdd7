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

size_t utf8_decode(const char *bytes, size_t length_bytes, uint32_t *character_out)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t count = utf8_measure(bytes, length_bytes);
    *character_out = count == 0 ? 0xfffd : (uint8_t)bytes[0] & first_bits[count];
    for (size_t i = 1; i < count; i++) {
        *character_out = *character_out << 6 | ((uint8_t)bytes[i] & 0x3f);
    }
    return count;
}

size_t utf8_encode(uint32_t character, char bytes_out[static 4])
{
    static const uint32_t bounds[] = {0x80, 0x800, 0x10000};
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t count = 1;
    while (count < 4 && character >= bounds[count - 1]) {
        count++;
    }
    for (size_t i = count - 1; i > 0; i--) {
        bytes_out[i] = (char)(0x80 | (character & 0x3f));
        character >>= 6;
    }
    bytes_out[0] = (char)(marks[count] | character);
    return count;
}

/* How many of the bytes are ASCII, by eights. */
static size_t skip_ascii(const char *bytes, size_t length_bytes)
{
    const uint64_t highest = UINT64_MAX / 0xff << 7;
    uint64_t eight = 0;
    size_t at = 0;
    for (; length_bytes - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, bytes + at, sizeof eight);
        if ((eight & highest) != 0) {
            break;
        }
    }
    return at;
}

bool utf8_is_valid(const char *bytes, size_t length_bytes)
{
    size_t at = skip_ascii(bytes, length_bytes);
    while (at < length_bytes) {
        bool is_ascii = (unsigned char)bytes[at] < 0x80;
        size_t count = is_ascii ? 1 : utf8_measure(bytes + at, length_bytes - at);
        if (count == 0) {
            return false;
        }
        at += count;
        at += is_ascii ? 0 : skip_ascii(bytes + at, length_bytes - at);
    }
    return true;
}

bool utf8_is_text(const char *text)
{
    return utf8_is_valid(text, strlen(text));
}

/* The first byte of a character says how many follow, and between what the first of these is. */
static bool begin_character(struct utf8_stream *stream, uint8_t byte)
{
    if (byte > 0x7f && (byte < 0xc2 || byte > 0xf4)) {
        return false;
    }
    stream->awaited = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    stream->from = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    stream->to = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return true;
}

bool utf8_stream_take(struct utf8_stream *stream, const char *bytes, size_t length_bytes)
{
    for (size_t at = 0; at < length_bytes; at++) {
        uint8_t byte = (uint8_t)bytes[at];
        if (stream->awaited == 0) {
            if (!begin_character(stream, byte)) {
                return false;
            }
        } else if (byte < stream->from || byte > stream->to) {
            return false;
        } else {
            stream->awaited--;
            stream->from = 0x80;
            stream->to = 0xbf;
        }
    }
    return true;
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
