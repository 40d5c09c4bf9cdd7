/* Whatever the file is: reading it ends, and every entry that is given out stays inside the
 * directory and inside the file. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "store/tar_reader.h"

static void check_path(const char *path)
{
    FUZZ_ASSERT(path[0] != '/');
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        FUZZ_ASSERT(length > 0);
        FUZZ_ASSERT(strncmp(path, "..", length) != 0 || length > 2);
        path += length;
        path += *path == '/' ? 1 : 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char path[32];
    struct tar_reader reader;
    struct tar_entry entry;
    struct error error = {""};
    enum result result = RESULT_OK;
    size_t entries = 0;
    int file = memfd_create("tar", MFD_CLOEXEC);
    FUZZ_ASSERT(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    FUZZ_ASSERT(tar_reader_open(&reader, path, &error) == RESULT_OK);
    while ((result = tar_reader_next(&reader, &entry, &error)) == RESULT_OK) {
        check_path(entry.path);
        FUZZ_ASSERT(entry.size_bytes >= 0 && entry.at + entry.size_bytes <= (int64_t)length);
        FUZZ_ASSERT(++entries <= length / 512);
    }
    FUZZ_ASSERT(result == RESULT_NOT_FOUND ||
                (result == RESULT_INVALID && error.message[0] != '\0'));
    tar_reader_close(&reader);
    (void)close(file);
    return 0;
}
