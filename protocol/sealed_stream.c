#include "protocol/sealed_stream.h"

#include <sodium.h>
#include <string.h>

#include "core/memory.h"

static const uint8_t magic[] = {'h', 'e', 'a', 'r', 't', 'h', 'c', 'h', 'a', 't', '*', '\n'};

/* In the order of the head's bytes; numbers are big-endian. */
enum {
    VERSION = 1,
    VERSION_AT = sizeof magic,
    PASSES_AT = VERSION_AT + 1,
    MEMORY_AT = PASSES_AT + 3,
    SALT_AT = MEMORY_AT + 4,
    STREAM_AT = SALT_AT + crypto_pwhash_argon2id_SALTBYTES,
    PROOF_AT = STREAM_AT + crypto_secretstream_xchacha20poly1305_HEADERBYTES,
    HEAD_BYTES = PROOF_AT + crypto_secretstream_xchacha20poly1305_ABYTES,
};
_Static_assert((int)HEAD_BYTES == SEALED_STREAM_HEAD_BYTES, "what the header says");
_Static_assert(crypto_secretstream_xchacha20poly1305_ABYTES == SEALED_STREAM_ADDED_BYTES,
               "what the header says");

const struct sealed_stream_cost sealed_stream_cost = {3, 262144};

struct sealed_stream {
    crypto_secretstream_xchacha20poly1305_state state;
    uint8_t bound[PROOF_AT]; /* the head that every piece is bound to */
};

static void write_number(uint8_t *bytes, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(number >> 8 * (count - 1 - i));
    }
}

static uint32_t read_number(const uint8_t *bytes, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        number = number << 8 | bytes[i];
    }
    return number;
}

bool sealed_stream_is_begun(const void *bytes, size_t length_bytes)
{
    return length_bytes >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

enum result sealed_stream_read_cost(const uint8_t head[static SEALED_STREAM_HEAD_BYTES],
                                    struct sealed_stream_cost *cost_out)
{
    if (!sealed_stream_is_begun(head, SEALED_STREAM_HEAD_BYTES)) {
        return RESULT_INVALID;
    }
    if (head[VERSION_AT] != VERSION) {
        return RESULT_UNSUPPORTED;
    }
    *cost_out = (struct sealed_stream_cost){read_number(head + PASSES_AT, MEMORY_AT - PASSES_AT),
                                            read_number(head + MEMORY_AT, SALT_AT - MEMORY_AT)};
    return cost_out->passes >= crypto_pwhash_argon2id_OPSLIMIT_MIN &&
                   cost_out->passes <= SEALED_STREAM_MOST_PASSES &&
                   cost_out->memory_kib >= crypto_pwhash_argon2id_MEMLIMIT_MIN / 1024 &&
                   cost_out->memory_kib <= SEALED_STREAM_MOST_MEMORY_KIB
               ? RESULT_OK
               : RESULT_INVALID;
}

static enum result derive(const char *passphrase, const struct sealed_stream_cost *cost,
                          const uint8_t *salt,
                          uint8_t key_out[static crypto_secretstream_xchacha20poly1305_KEYBYTES])
{
    return crypto_pwhash(key_out, crypto_secretstream_xchacha20poly1305_KEYBYTES, passphrase,
                         strlen(passphrase), salt, cost->passes, (size_t)cost->memory_kib * 1024,
                         crypto_pwhash_ALG_ARGON2ID13) == 0
               ? RESULT_OK
               : RESULT_FULL;
}

/* The proof is a piece with nothing in it. */
enum result sealed_stream_seal(const char *passphrase, const struct sealed_stream_cost *cost,
                               uint8_t head_out[static SEALED_STREAM_HEAD_BYTES],
                               struct sealed_stream **stream_out)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    memcpy(head_out, magic, sizeof magic);
    head_out[VERSION_AT] = VERSION;
    write_number(head_out + PASSES_AT, MEMORY_AT - PASSES_AT, cost->passes);
    write_number(head_out + MEMORY_AT, SALT_AT - MEMORY_AT, cost->memory_kib);
    randombytes_buf(head_out + SALT_AT, STREAM_AT - SALT_AT);
    enum result result = derive(passphrase, cost, head_out + SALT_AT, key);
    if (result == RESULT_OK) {
        struct sealed_stream *stream = memory_allocate(1, sizeof *stream);
        (void)crypto_secretstream_xchacha20poly1305_init_push(&stream->state, head_out + STREAM_AT,
                                                              key);
        memcpy(stream->bound, head_out, sizeof stream->bound);
        sealed_stream_push(stream, NULL, 0, false, head_out + PROOF_AT);
        *stream_out = stream;
    }
    sodium_memzero(key, sizeof key);
    return result;
}

enum result sealed_stream_open(const char *passphrase,
                               const uint8_t head[static SEALED_STREAM_HEAD_BYTES],
                               struct sealed_stream **stream_out)
{
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    struct sealed_stream_cost cost;
    uint8_t nothing = 0;
    bool is_last = false;
    enum result result = sealed_stream_read_cost(head, &cost);
    if (result == RESULT_OK) {
        result = derive(passphrase, &cost, head + SALT_AT, key);
    }
    if (result == RESULT_OK) {
        struct sealed_stream *stream = memory_allocate(1, sizeof *stream);
        memcpy(stream->bound, head, sizeof stream->bound);
        if (crypto_secretstream_xchacha20poly1305_init_pull(&stream->state, head + STREAM_AT,
                                                            key) != 0 ||
            sealed_stream_pull(stream, head + PROOF_AT, SEALED_STREAM_ADDED_BYTES, &nothing,
                               &is_last) != RESULT_OK) {
            sealed_stream_destroy(&stream);
            result = RESULT_UNAUTHORIZED;
        }
        *stream_out = stream;
    }
    sodium_memzero(key, sizeof key);
    return result;
}

void sealed_stream_destroy(struct sealed_stream **stream)
{
    if (*stream != NULL) {
        sodium_memzero(*stream, sizeof **stream);
        memory_free(*stream);
    }
    *stream = NULL;
}

void sealed_stream_push(struct sealed_stream *stream, const void *piece, size_t length_bytes,
                        bool is_last, uint8_t *sealed_out)
{
    (void)crypto_secretstream_xchacha20poly1305_push(
        &stream->state, sealed_out, NULL, piece, length_bytes, stream->bound, sizeof stream->bound,
        is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
                : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
}

enum result sealed_stream_pull(struct sealed_stream *stream, const uint8_t *sealed,
                               size_t length_bytes, uint8_t *piece_out, bool *is_last_out)
{
    uint8_t tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(&stream->state, piece_out, NULL, &tag, sealed,
                                                   length_bytes, stream->bound,
                                                   sizeof stream->bound) != 0) {
        return RESULT_INVALID;
    }
    *is_last_out = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    return RESULT_OK;
}
