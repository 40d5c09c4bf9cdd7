#include "store/sealed_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/signing.h"

enum { MOST_SEALED_BYTES = SEALED_STREAM_PIECE_BYTES + SEALED_STREAM_ADDED_BYTES };

/* A piece as it is, and sealed. */
struct pieces {
    uint8_t open[SEALED_STREAM_PIECE_BYTES];
    uint8_t sealed[MOST_SEALED_BYTES];
};

static void release_pieces(struct pieces *pieces)
{
    signing_wipe(pieces->open, sizeof pieces->open);
    memory_free(pieces);
}

/* As many as there are, up to `count`. False: reading failed. */
static bool read_all(int from, uint8_t *bytes, size_t count, size_t *got_out)
{
    *got_out = 0;
    while (*got_out < count) {
        ssize_t more = read(from, bytes + *got_out, count - *got_out);
        if (more == 0) {
            return true;
        }
        if (more < 0 && errno != EINTR) {
            return false;
        }
        *got_out += more > 0 ? (size_t)more : 0;
    }
    return true;
}

static enum result write_all(int to, const uint8_t *bytes, size_t count, const char *file,
                             struct error *error)
{
    while (count > 0) {
        ssize_t written = write(to, bytes, count);
        if (written < 0 && errno != EINTR) {
            return error_set(error, errno == ENOSPC || errno == EDQUOT ? RESULT_FULL : RESULT_IO,
                             "%s can't be written: %s.", file, strerrordesc_np(errno));
        }
        bytes += written > 0 ? written : 0;
        count -= written > 0 ? (size_t)written : 0;
    }
    return RESULT_OK;
}

static enum result tell_unread(const char *file, struct error *error)
{
    return error_set(error, RESULT_IO, "%s can't be read: %s.", file, strerrordesc_np(errno));
}

static enum result tell_memory(uint32_t memory_kib, struct error *error)
{
    return error_set(error, RESULT_FULL,
                     "A passphrase takes %u MiB of memory, which are not free. End other programs, "
                     "and try again.",
                     memory_kib / 1024);
}

/* Only the last piece is shorter than all others; it may be empty. */
static enum result seal_pieces(int from, int to, struct sealed_stream *stream, const char *file,
                               struct error *error)
{
    struct pieces *pieces = memory_allocate(1, sizeof *pieces);
    enum result result = RESULT_OK;
    bool is_last = false;
    while (result == RESULT_OK && !is_last) {
        size_t length = 0;
        if (!read_all(from, pieces->open, sizeof pieces->open, &length)) {
            result = tell_unread("What is to be sealed", error);
            break;
        }
        is_last = length < sizeof pieces->open;
        sealed_stream_push(stream, pieces->open, length, is_last, pieces->sealed);
        result = write_all(to, pieces->sealed, length + SEALED_STREAM_ADDED_BYTES, file, error);
    }
    release_pieces(pieces);
    return result;
}

enum result sealed_file_write(int from, int to, const char *passphrase,
                              const struct sealed_stream_cost *cost, const char *file,
                              struct error *error)
{
    uint8_t head[SEALED_STREAM_HEAD_BYTES];
    struct sealed_stream *stream = NULL;
    enum result result = sealed_stream_seal(passphrase, cost, head, &stream);
    if (result != RESULT_OK) {
        return tell_memory(cost->memory_kib, error);
    }
    result = write_all(to, head, sizeof head, file, error);
    if (result == RESULT_OK) {
        result = seal_pieces(from, to, stream, file, error);
    }
    sealed_stream_destroy(&stream);
    return result;
}

bool sealed_file_is(int descriptor)
{
    uint8_t head[SEALED_STREAM_HEAD_BYTES];
    ssize_t length = pread(descriptor, head, sizeof head, 0);
    return length > 0 && sealed_stream_is_begun(head, (size_t)length);
}

static enum result tell_damage(const char *file, struct error *error)
{
    return error_set(error, RESULT_INVALID, "%.120s is cut or damaged. Take another copy of it.",
                     file);
}

enum result sealed_file_open(int from, const char *passphrase, const char *file,
                             struct sealed_stream **stream_out, struct error *error)
{
    uint8_t head[SEALED_STREAM_HEAD_BYTES];
    struct sealed_stream_cost cost = {0};
    size_t length = 0;
    if (!read_all(from, head, sizeof head, &length)) {
        return tell_unread(file, error);
    }
    enum result result =
        length == sizeof head ? sealed_stream_read_cost(head, &cost) : RESULT_INVALID;
    if (result == RESULT_OK) {
        result = sealed_stream_open(passphrase, head, stream_out);
    }
    if (result == RESULT_INVALID) {
        return tell_damage(file, error);
    }
    if (result == RESULT_UNSUPPORTED) {
        return error_set(error, result,
                         "%.120s is of a newer hearthchat: restore it with that version.", file);
    }
    if (result == RESULT_UNAUTHORIZED) {
        return error_set(error, result,
                         "That is not the passphrase of %.80s: type it as it was given. If it is "
                         "the right one, the file is damaged: take another copy of it.",
                         file);
    }
    return result == RESULT_FULL ? tell_memory(cost.memory_kib, error) : result;
}

enum result sealed_file_read(int from, int to, struct sealed_stream *stream, const char *file,
                             struct error *error)
{
    struct pieces *pieces = memory_allocate(1, sizeof *pieces);
    enum result result = RESULT_OK;
    bool is_last = false;
    size_t length = 0;
    while (result == RESULT_OK && !is_last) {
        if (!read_all(from, pieces->sealed, sizeof pieces->sealed, &length)) {
            result = tell_unread(file, error);
        } else if (sealed_stream_pull(stream, pieces->sealed, length, pieces->open, &is_last) !=
                   RESULT_OK) {
            result = tell_damage(file, error);
        } else {
            result = write_all(to, pieces->open, length - SEALED_STREAM_ADDED_BYTES,
                               "What it holds", error);
        }
    }
    /* Nothing stands behind the last piece. */
    if (result == RESULT_OK && (!read_all(from, pieces->sealed, 1, &length) || length > 0)) {
        result = tell_damage(file, error);
    }
    release_pieces(pieces);
    return result;
}
