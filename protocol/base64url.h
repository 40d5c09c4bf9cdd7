/* base64url without padding (RFC 4648 §5), strict: §1's rules for what a parser refuses.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_BASE64URL_H
#define HEARTHCHAT_PROTOCOL_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buffer.h"
#include "core/result.h"

void base64url_encode(const void *bytes, size_t length_bytes, struct buffer *text);

/* Appends the bytes. RESULT_INVALID for padding, another alphabet, or trailing bits that are not
 * zero. */
enum result base64url_decode(const char *text, size_t length_bytes, struct buffer *bytes);

/* The same of what is public, like what is below: they take a time that depends on the bytes, and
 * much less of it than libsodium's. */
void base64url_encode_public(const void *bytes, size_t length_bytes, struct buffer *text);
enum result base64url_decode_public(const char *text, size_t length_bytes, struct buffer *bytes);

/* The characters of `count` public bytes and a NUL: (8 * count + 5) / 6 + 1 bytes. */
void base64url_encode_exact(const uint8_t *bytes, size_t count, char *text_out);

/* How many digits the text begins with; and whether all of it is what base64url_decode_public()
 * takes, to which it gives *bytes_out bytes. */
size_t base64url_span_public(const char *text, size_t length_bytes);
bool base64url_measure_public(const char *text, size_t length_bytes, size_t *bytes_out);

/* Exactly `count` bytes from exactly the characters that they take, nothing behind them. */
bool base64url_decode_exact(const char *text, uint8_t *bytes_out, size_t count);

#endif
