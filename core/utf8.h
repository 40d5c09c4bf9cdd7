/* What is text: UTF-8 as the standard has it, without surrogates, overlong forms, or anything above
 * U+10FFFF.
 *
 * Thread: any. A NUL is a character like others here; text that ends at a NUL holds none.
 */
#ifndef HEARTHCHAT_CORE_UTF8_H
#define HEARTHCHAT_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many of the bytes, 1 to 4, are the character that begins there; 0: none does. */
size_t utf8_measure(const char *bytes, size_t length_bytes);

/* The same, and which one it is; what is no character is U+FFFD. */
size_t utf8_decode(const char *bytes, size_t length_bytes, uint32_t *character_out);

/* Writes a character of at most U+10FFFF that is no surrogate; returns how many bytes. */
size_t utf8_encode(uint32_t character, char bytes_out[static 4]);

bool utf8_is_valid(const char *bytes, size_t length_bytes);

/* The same for text up to its NUL. */
bool utf8_is_text(const char *text);

/* Text that comes in pieces. All zero: nothing came yet, or whole characters did. */
struct utf8_stream {
    uint8_t awaited;  /* bytes that the last character still lacks */
    uint8_t from, to; /* what the next of them may be */
};

/* False, as soon as a byte says so: whatever comes behind it makes no text of it. */
bool utf8_stream_take(struct utf8_stream *stream, const char *bytes, size_t length_bytes);

/* Puts a '?' in place of every byte that belongs to no character. */
void utf8_mend(char *text);

#endif
