#include "store/sealed_file.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/memory.h"
#include "support/test_support.h"

static const struct sealed_stream_cost cheap = {1, 8};
static const char words[] = "some words";

static int file_of(const void *bytes, size_t length)
{
    int file = memfd_create("file", MFD_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), (ssize_t)length);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return file;
}

static size_t length_of(int file)
{
    return (size_t)lseek(file, 0, SEEK_END);
}

static char *content_of(int file)
{
    size_t length = length_of(file);
    char *bytes = memory_allocate(length + 1, 1);
    assert_int_equal(pread(file, bytes, length, 0), (ssize_t)length);
    return bytes;
}

/* The pattern of that length, sealed. */
static char *seal(size_t length, size_t *length_out)
{
    struct error error = {""};
    char *plain = memory_allocate(length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        plain[i] = (char)(i * 31 >> 3);
    }
    int from = file_of(plain, length);
    int to = file_of("", 0);
    assert_int_equal(sealed_file_write(from, to, words, &cheap, "FILE", &error), RESULT_OK);
    char *sealed = content_of(to);
    *length_out = length_of(to);
    (void)close(from);
    (void)close(to);
    memory_free(plain);
    return sealed;
}

static enum result unseal(const char *sealed, size_t length, const char *passphrase, int to,
                          struct error *error)
{
    struct sealed_stream *stream = NULL;
    int from = file_of(sealed, length);
    enum result result = sealed_file_open(from, passphrase, "FILE", &stream, error);
    if (result == RESULT_OK) {
        result = sealed_file_read(from, to, stream, "FILE", error);
    }
    sealed_stream_destroy(&stream);
    (void)close(from);
    return result;
}

static const size_t lengths[] = {0,
                                 1,
                                 SEALED_STREAM_PIECE_BYTES - 1,
                                 SEALED_STREAM_PIECE_BYTES,
                                 SEALED_STREAM_PIECE_BYTES + 1,
                                 (size_t)3 * SEALED_STREAM_PIECE_BYTES,
                                 3 * SEALED_STREAM_PIECE_BYTES + 4711};

static void sealed_file__is_what_was_sealed_whatever_its_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct error error = {""};
        size_t length = 0;
        char *sealed = seal(lengths[i], &length);
        int to = file_of("", 0);
        assert_int_equal(unseal(sealed, length, words, to, &error), RESULT_OK);
        assert_int_equal(length_of(to), lengths[i]);
        char *opened = content_of(to);
        for (size_t at = 0; at < lengths[i]; at++) {
            assert_int_equal(opened[at], (char)(at * 31 >> 3));
        }
        assert_int_equal(length, SEALED_STREAM_HEAD_BYTES + lengths[i] +
                                     (lengths[i] / SEALED_STREAM_PIECE_BYTES + 1) *
                                         SEALED_STREAM_ADDED_BYTES);
        (void)close(to);
        memory_free(opened);
        memory_free(sealed);
    }
}

static void sealed_file__misses_whatever_was_cut_off(void **state)
{
    const size_t piece = SEALED_STREAM_PIECE_BYTES + SEALED_STREAM_ADDED_BYTES;
    size_t length = 0;
    char *sealed = seal((size_t)2 * SEALED_STREAM_PIECE_BYTES, &length);
    const size_t cuts[] = {0,
                           12,
                           SEALED_STREAM_HEAD_BYTES - 1,
                           SEALED_STREAM_HEAD_BYTES,
                           SEALED_STREAM_HEAD_BYTES + 1,
                           SEALED_STREAM_HEAD_BYTES + piece - 1,
                           SEALED_STREAM_HEAD_BYTES + piece,
                           SEALED_STREAM_HEAD_BYTES + 2 * piece,
                           length - 1};
    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct error error = {""};
        int to = file_of("", 0);
        assert_int_equal(unseal(sealed, cuts[i], words, to, &error), RESULT_INVALID);
        assert_string_equal(error.message, "FILE is cut or damaged. Take another copy of it.");
        (void)close(to);
    }
    memory_free(sealed);
}

static void sealed_file__takes_nothing_behind_its_end(void **state)
{
    struct error error = {""};
    size_t length = 0;
    char *sealed = seal(100, &length);
    char *longer = memory_allocate(length + 1, 1);
    int to = file_of("", 0);
    (void)state;
    memcpy(longer, sealed, length);
    assert_int_equal(unseal(longer, length + 1, words, to, &error), RESULT_INVALID);
    (void)close(to);
    memory_free(longer);
    memory_free(sealed);
}

static void sealed_file__says_what_is_wrong(void **state)
{
    struct error error = {""};
    size_t length = 0;
    char *sealed = seal(100, &length);
    int to = file_of("", 0);
    (void)state;
    assert_int_equal(unseal(sealed, length, "other words", to, &error), RESULT_UNAUTHORIZED);
    assert_non_null(strstr(error.message, "That is not the passphrase of FILE"));
    sealed[sizeof "hearthchat*\n" - 1] = 2;
    assert_int_equal(unseal(sealed, length, words, to, &error), RESULT_UNSUPPORTED);
    assert_non_null(strstr(error.message, "newer hearthchat"));
    sealed[sizeof "hearthchat*\n" - 1] = 1;
    sealed[SEALED_STREAM_HEAD_BYTES + 50] ^= 1;
    assert_int_equal(unseal(sealed, length, words, to, &error), RESULT_INVALID);
    assert_int_equal(length_of(to), 0);
    (void)close(to);
    memory_free(sealed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_file__is_what_was_sealed_whatever_its_length),
        cmocka_unit_test(sealed_file__misses_whatever_was_cut_off),
        cmocka_unit_test(sealed_file__takes_nothing_behind_its_end),
        cmocka_unit_test(sealed_file__says_what_is_wrong),
    };
    return signing_start() != RESULT_OK ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
