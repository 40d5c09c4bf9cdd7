#include "protocol/pasted_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/buffer.h"
#include "core/memory.h"

/* What mail programs, messengers and people put between two characters of one text. */
static const char *const fillers[] = {
    " ",
    "\t",
    "\r",
    "\n",
    ">",
    "|",
    "=",            /* at the end of a line of quoted-printable */
    "\xC2\xA0",     /* no-break space */
    "\xC2\xAD",     /* soft hyphen */
    "\xE2\x80\x8B", /* U+200B to U+200F: zero width, and marks of direction */
    "\xE2\x80\x8C",
    "\xE2\x80\x8D",
    "\xE2\x80\x8E",
    "\xE2\x80\x8F",
    "\xE2\x80\xA8", /* U+2028, U+2029: line and paragraph */
    "\xE2\x80\xA9",
    "\xE2\x80\xAF", /* narrow no-break space */
    "\xE2\x81\xA0", /* word joiner */
    "\xEF\xBB\xBF", /* byte order mark */
};

/* 0: none begins there. */
static size_t measure_filler(const char *at)
{
    for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
        size_t bytes = strlen(fillers[i]);
        if (strncmp(at, fillers[i], bytes) == 0) {
            return bytes;
        }
    }
    return 0;
}

static const char *skip_fillers(const char *at)
{
    for (size_t bytes = measure_filler(at); bytes > 0; bytes = measure_filler(at)) {
        at += bytes;
    }
    return at;
}

static int to_lower(int letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter;
}

/* Behind the prefix, when it begins here; else NULL. */
static const char *match(const char *at, const char *prefix)
{
    for (const char *wanted = prefix; *wanted != '\0'; wanted++) {
        at = wanted == prefix ? at : skip_fillers(at);
        if (to_lower(*at) != *wanted) {
            return NULL;
        }
        at++;
    }
    return at;
}

/* -1: not of the alphabet. */
static int digit_of(char letter)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = letter == '\0' ? NULL : strchr(alphabet, letter);
    return found == NULL ? -1 : (int)(found - alphabet);
}

/* How far a JSON object is, byte by byte. */
struct object {
    size_t bytes;
    size_t depth;
    bool is_none; /* it begins with something else */
    bool in_string;
    bool escaped;
};

/* True: that was its last byte. */
static bool take_byte(struct object *object, char byte)
{
    bool ends = false;
    object->is_none = object->is_none || (object->bytes == 0 && byte != '{');
    object->bytes++;
    if (object->in_string) {
        object->in_string = object->escaped || byte != '"';
        object->escaped = !object->escaped && byte == '\\';
    } else if (byte == '"') {
        object->in_string = true;
    } else if (byte == '{') {
        object->depth++;
    } else if (byte == '}' && object->depth > 0) {
        ends = --object->depth == 0;
    }
    return ends && !object->is_none;
}

/* Appends what is encoded there; true when it is a whole object. */
static bool take_object(const char *at, size_t most_bytes, struct buffer *found)
{
    struct object object = {0};
    uint32_t bits = 0;
    unsigned bit_count = 0;
    bool ends = false;
    at = skip_fillers(at);
    for (int digit = digit_of(*at); digit >= 0 && !ends && found->length_bytes < most_bytes;
         digit = digit_of(*at)) {
        buffer_append_byte(found, *at);
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFF;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            ends = take_byte(&object, (char)(bits >> bit_count & 0xFF));
        }
        at = skip_fillers(at + 1);
    }
    return ends;
}

char *pasted_text_find(const char *text, const char *prefix, size_t most_bytes)
{
    char *first = NULL;
    for (const char *at = text; *at != '\0'; at++) {
        const char *behind = match(at, prefix);
        if (behind == NULL) {
            continue;
        }
        struct buffer found;
        buffer_init(&found);
        buffer_append_text(&found, prefix);
        bool whole = take_object(behind, most_bytes, &found);
        if (whole || first == NULL) {
            memory_free(first);
            first = buffer_take(&found);
        }
        buffer_deinit(&found);
        if (whole) {
            break;
        }
    }
    return first;
}
