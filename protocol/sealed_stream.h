/* A file sealed with a passphrase: Argon2id makes the key, secretstream (XChaCha20-Poly1305) seals
 * piece by piece, so that nobody holds the whole.
 *
 * The file is a head, whose last part proves the passphrase, and pieces of
 * SEALED_STREAM_PIECE_BYTES, the last one shorter or as long, and marked as the last: what is cut
 * off is missed. Each piece is bound to the head and to its place.
 * Thread: any; sealed_stream_seal() and sealed_stream_open() take a second and the memory that the
 * head says. A struct sealed_stream is its owner's; sealed_stream_destroy() wipes it.
 */
#ifndef HEARTHCHAT_PROTOCOL_SEALED_STREAM_H
#define HEARTHCHAT_PROTOCOL_SEALED_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/result.h"

#define SEALED_STREAM_HEAD_BYTES 77
#define SEALED_STREAM_PIECE_BYTES 65536
#define SEALED_STREAM_ADDED_BYTES 17 /* to each piece */
#define SEALED_STREAM_MOST_PASSPHRASE_BYTES 1024

/* What a guess at the passphrase costs. Of a file that anybody may have made no more is taken. */
#define SEALED_STREAM_MOST_PASSES 16
#define SEALED_STREAM_MOST_MEMORY_KIB 524288
struct sealed_stream_cost {
    uint32_t passes;
    uint32_t memory_kib;
};

/* libsodium's MODERATE: three passes over 256 MiB. A machine with 1 GiB can do that beside a node,
 * and must be able to: a backup is restored on what is left. */
extern const struct sealed_stream_cost sealed_stream_cost;

struct sealed_stream;

/* Whether a file that begins with these bytes is one, or one that was cut. */
bool sealed_stream_is_begun(const void *bytes, size_t length_bytes);

/* RESULT_UNSUPPORTED: of a newer version. RESULT_INVALID: no head, or one that asks for more than
 * is taken. */
enum result sealed_stream_read_cost(const uint8_t head[static SEALED_STREAM_HEAD_BYTES],
                                    struct sealed_stream_cost *cost_out);

/* A fresh one. RESULT_FULL: there is not that much memory. */
enum result sealed_stream_seal(const char *passphrase, const struct sealed_stream_cost *cost,
                               uint8_t head_out[static SEALED_STREAM_HEAD_BYTES],
                               struct sealed_stream **stream_out);

/* The one of that head. RESULT_UNAUTHORIZED: that is not its passphrase, or the head is damaged.
 * RESULT_FULL, and what sealed_stream_read_cost() says. */
enum result sealed_stream_open(const char *passphrase,
                               const uint8_t head[static SEALED_STREAM_HEAD_BYTES],
                               struct sealed_stream **stream_out);

/* Takes NULL and sets NULL. */
void sealed_stream_destroy(struct sealed_stream **stream);

/* The next piece: length_bytes + SEALED_STREAM_ADDED_BYTES are written. */
void sealed_stream_push(struct sealed_stream *stream, const void *piece, size_t length_bytes,
                        bool is_last, uint8_t *sealed_out);

/* And back: length_bytes - SEALED_STREAM_ADDED_BYTES are written. RESULT_INVALID: it is not what
 * was sealed there; nothing behind it opens. */
enum result sealed_stream_pull(struct sealed_stream *stream, const uint8_t *sealed,
                               size_t length_bytes, uint8_t *piece_out, bool *is_last_out);

#endif
