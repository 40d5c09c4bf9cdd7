/* ULIDs: event ids, request ids, client ids (§1).
 *
 * Thread: a struct ulid_source belongs to one thread; the rest: any.
 */
#ifndef HEARTHCHAT_PROTOCOL_ULID_H
#define HEARTHCHAT_PROTOCOL_ULID_H

#include <stdbool.h>
#include <stdint.h>

#define ULID_TEXT_BYTES 27 /* 26 + NUL */
#define ULID_BYTES 16      /* their order is that of the texts */

/* Mints ids that grow within one millisecond, and never go back when the wall clock does. */
struct ulid_source {
    int64_t last_ms;
    uint8_t random[10];
};

/* 26 characters of upper-case Crockford base32, the first 0-7. */
bool ulid_is_valid(const char *text);

/* A valid id as its 128 bits, and back. */
void ulid_to_bytes(const char *text, uint8_t bytes_out[static ULID_BYTES]);
void ulid_from_bytes(const uint8_t bytes[static ULID_BYTES], char text_out[static ULID_TEXT_BYTES]);

/* The next id at `wall_ms`. Zero-initialise the source. */
void ulid_mint(struct ulid_source *source, int64_t wall_ms, char text_out[static ULID_TEXT_BYTES]);

#endif
