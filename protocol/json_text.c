#include "protocol/json_text.h"

#include <string.h>

#include "core/memory.h"
#include "core/utf8.h"
#include "protocol/canonical.h"
#include "protocol/json_escape_private.h"

enum { MOST_DIGITS = 20 }; /* of an int64_t, with its sign */

void json_text_separate(struct buffer *out)
{
    const char *last = out->length_bytes == 0 ? "[" : out->data + out->length_bytes - 1;
    if (*last != '{' && *last != '[') {
        buffer_append_byte(out, ',');
    }
}

/* Whether it is what it looks like: ASCII without escapes. */
static bool is_plain(const char *text, size_t length)
{
    size_t at = 0;
    for (; length - at >= sizeof(uint64_t); at += sizeof(uint64_t)) {
        if (json_escape_is_any_special(text + at)) {
            return false;
        }
    }
    if (length >= sizeof(uint64_t)) {
        return !json_escape_is_any_special(text + length - sizeof(uint64_t));
    }
    for (; at < length; at++) {
        if (text[at] < 0x20 || text[at] > 0x7e || text[at] == '"' || text[at] == '\\') {
            return false;
        }
    }
    return true;
}

static void write_plain(struct buffer *out, const char *text, size_t length)
{
    char *at = buffer_extend(out, length + 2);
    *at++ = '"';
    memcpy(at, text, length);
    at[length] = '"';
}

void json_text_write(struct buffer *out, const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    if (text == NULL) {
        buffer_append(out, "null", 4);
    } else if (is_plain(text, length)) {
        write_plain(out, text, length);
    } else if (utf8_is_valid(text, length)) {
        canonical_write_text(text, length, out);
    } else {
        char *mended = memory_duplicate_string(text);
        utf8_mend(mended);
        canonical_write_text(mended, length, out);
        memory_free(mended);
    }
}

void json_text_write_integer(struct buffer *out, int64_t integer)
{
    char digits[MOST_DIGITS];
    char *at = digits + sizeof digits;
    uint64_t left = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (integer < 0) {
        *--at = '-';
    }
    buffer_append(out, at, (size_t)(digits + sizeof digits - at));
}
