/* What hides how long a payload is (§24.3): its length, itself, and zeros up to one of few lengths.
 *
 * Thread: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_PADDING_H
#define HEARTHCHAT_PROTOCOL_PADDING_H

#include "core/buffer.h"
#include "core/result.h"

#define PADDING_LENGTH_BYTES 4
#define PADDING_LEAST_BYTES 256

/* P(length): Padmé, and PADDING_LEAST_BYTES at least. */
size_t padding_measure(size_t length_bytes);

/* Appends the payload, padded. */
void padding_add(const void *payload, size_t length_bytes, struct buffer *padded);

/* The payload within. RESULT_INVALID: it is not padded as padding_add() does it. */
enum result padding_strip(const void *padded, size_t padded_bytes, const char **payload_out,
                          size_t *length_bytes_out);

#endif
