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
 */
static inline bool json_escape_is_any(const char *text)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t bytes = json_escape_eight(text);
    uint64_t quotes = bytes ^ ones * '"';
    uint64_t backslashes = bytes ^ ones * '\\';
    uint64_t less = (bytes - ones * 0x20) | (quotes - ones) | (backslashes - ones);
    return (less & ~bytes & ones << 7) != 0;
}

/* … or beyond ASCII? */
static inline bool json_escape_is_any_special(const char *text)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    return (json_escape_eight(text) & ones << 7) != 0 || json_escape_is_any(text);
}

#endif
