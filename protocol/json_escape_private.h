/* Whether any of eight bytes of text can't stand in JSON as it is.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_JSON_ESCAPE_PRIVATE_H
#define HEARTHCHAT_PROTOCOL_JSON_ESCAPE_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t json_escape_eight(const char *text)
{
    uint64_t bytes = 0;
    memcpy(&bytes, text, sizeof bytes);
    return bytes;
}

/* Of these is any below 0x20, a quotation mark or a backslash? In those of `ones` that are less
 * than what is taken off, the highest bit comes up; in others beyond ASCII too, which don't count.
 * Behind the first that is any, others may be marked that are none. 0: none is. */
static inline uint64_t json_escape_mark(const char *text)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t bytes = json_escape_eight(text);
    uint64_t quotes = bytes ^ ones * '"';
    uint64_t backslashes = bytes ^ ones * '\\';
    uint64_t less = (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones);
    return less & ~bytes & ones << 7;
}

static inline bool json_escape_is_any(const char *text)
{
    return json_escape_mark(text) != 0;
}

/* How many bytes of the text, of which there are `length_bytes`, can be passed at once: up to the
 * first that is any, or to the last eight. */
static inline size_t json_escape_pass(const char *text, size_t length_bytes)
{
    size_t at = 0;
    uint64_t mark = 0;
    while (length_bytes - at > sizeof mark && (mark = json_escape_mark(text + at)) == 0) {
        at += sizeof mark;
    }
    const bool is_first_lowest = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    return at + (mark != 0 && is_first_lowest ? (size_t)__builtin_ctzll(mark) / 8 : 0);
}

/* … or beyond ASCII? */
static inline bool json_escape_is_any_special(const char *text)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    return (json_escape_eight(text) & ones << 7) != 0 || json_escape_is_any(text);
}

#endif
