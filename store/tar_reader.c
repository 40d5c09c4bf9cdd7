#include "store/tar_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 512, MOST_EXTENSION_BYTES = 65536, PIECE_BYTES = 65536 };

/* A header, as POSIX has it; GNU's differs behind `magic`. */
struct header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char linkname[100];
    char magic[8];
    char names[64];
    char device[16];
    char prefix[155];
    char padding[12];
};
_Static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is a block");

enum result tar_reader_open(struct tar_reader *reader, const char *file, struct error *error)
{
    struct stat status;
    *reader = (struct tar_reader){.file = file};
    reader->descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (reader->descriptor < 0) {
        return error_set(error, errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO,
                         "%s can't be read: %s.", file, strerrordesc_np(errno));
    }
    if (fstat(reader->descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        tar_reader_close(reader);
        return error_set(error, RESULT_INVALID, "%s is no file; name the tar itself.", file);
    }
    reader->length_bytes = status.st_size;
    return RESULT_OK;
}

void tar_reader_close(struct tar_reader *reader)
{
    if (reader->descriptor >= 0) {
        (void)close(reader->descriptor);
    }
    reader->descriptor = -1;
}

void tar_reader_replace(struct tar_reader *reader, int descriptor)
{
    struct stat status;
    tar_reader_close(reader);
    reader->descriptor = descriptor;
    reader->length_bytes = fstat(descriptor, &status) == 0 ? status.st_size : 0;
    reader->next = 0;
}

void tar_reader_rewind(struct tar_reader *reader)
{
    reader->next = 0;
}

/* All of them, or false. */
static bool read_at(const struct tar_reader *reader, void *bytes, size_t count, int64_t at)
{
    size_t got = 0;
    while (got < count) {
        ssize_t more =
            pread(reader->descriptor, (char *)bytes + got, count - got, at + (int64_t)got);
        if (more < 0 && errno == EINTR) {
            continue;
        }
        if (more <= 0) {
            return false;
        }
        got += (size_t)more;
    }
    return true;
}

/* Octal digits, or GNU's base 256 for what is too large for them; -1: neither. */
static int64_t read_number(const char *field, size_t length)
{
    int64_t number = 0;
    size_t at = 0;
    if (((unsigned char)field[0] & 0x80) != 0) {
        for (at = 0; at < length; at++) {
            int64_t byte = at == 0 ? field[0] & 0x7f : (unsigned char)field[at];
            if (number > (INT64_MAX >> 8)) {
                return -1;
            }
            number = number * 256 + byte;
        }
        return number;
    }
    while (at < length && field[at] == ' ') {
        at++;
    }
    for (; at < length && field[at] >= '0' && field[at] <= '7'; at++) {
        number = number * 8 + (field[at] - '0');
    }
    return at == length || field[at] == ' ' || field[at] == '\0' ? number : -1;
}

static bool has_right_sum(const struct header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    const size_t from = offsetof(struct header, checksum);
    const size_t end = from + sizeof header->checksum;
    int64_t sum = 0;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        sum += i >= from && i < end ? ' ' : bytes[i];
    }
    return read_number(header->checksum, sizeof header->checksum) == sum;
}

static bool is_empty(const struct header *header)
{
    const char *bytes = (const char *)header;
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, BLOCK_BYTES - 1) == 0;
}

static enum result refuse(const struct tar_reader *reader, const char *path, const char *why,
                          struct error *error)
{
    return error_set(error, RESULT_INVALID, "%.80s is no backup: %.80s in it %s.", reader->file,
                     path, why);
}

static enum result tell_cut(const struct tar_reader *reader, struct error *error)
{
    return error_set(error, RESULT_INVALID,
                     "%.120s is cut or damaged: its end is missing. Take another copy of it.",
                     reader->file);
}

/* The path without "." and empty parts; false: it leaves the directory. */
static bool normalise(const char *path, char path_out[static TAR_READER_PATH_BYTES])
{
    size_t used = 0;
    if (path[0] == '/') {
        return false;
    }
    while (*path != '\0') {
        size_t length = strcspn(path, "/");
        if (length == 2 && strncmp(path, "..", 2) == 0) {
            return false;
        }
        if (length > 0 && !(length == 1 && path[0] == '.')) {
            used += (size_t)snprintf(path_out + used, TAR_READER_PATH_BYTES - used, "%s%.*s",
                                     used == 0 ? "" : "/", (int)length, path);
        }
        path += length + strspn(path + length, "/");
    }
    path_out[used] = '\0';
    return true;
}

/* What pax says of the entry behind it: times and the like are left out; a path, a size or a sparse
 * file would change what the header itself says. */
static bool changes_nothing(const struct tar_reader *reader, const struct tar_entry *entry)
{
    static const char *const heavy[] = {" path=", " size=", " linkpath=", " GNU.sparse"};
    char records[MOST_EXTENSION_BYTES];
    if (entry->size_bytes > MOST_EXTENSION_BYTES ||
        !read_at(reader, records, (size_t)entry->size_bytes, entry->at)) {
        return false;
    }
    for (size_t i = 0; i < sizeof heavy / sizeof heavy[0]; i++) {
        if (memmem(records, (size_t)entry->size_bytes, heavy[i], strlen(heavy[i])) != NULL) {
            return false;
        }
    }
    return true;
}

/* Entry and what follows it, by a header that is whole. */
static enum result read_entry(struct tar_reader *reader, const struct header *header,
                              struct tar_entry *entry, struct error *error)
{
    char path[TAR_READER_PATH_BYTES];
    bool has_prefix =
        memcmp(header->magic, "ustar", sizeof "ustar") == 0 && header->prefix[0] != '\0';
    (void)snprintf(path, sizeof path, "%.155s%s%.100s", has_prefix ? header->prefix : "",
                   has_prefix ? "/" : "", header->name);
    entry->at = reader->next + BLOCK_BYTES;
    entry->size_bytes = read_number(header->size, sizeof header->size);
    entry->is_directory = header->type == '5' || (header->type == '\0' && path[0] != '\0' &&
                                                  path[strlen(path) - 1] == '/');
    if (entry->size_bytes < 0 || entry->size_bytes > reader->length_bytes - entry->at) {
        return tell_cut(reader, error);
    }
    if (!normalise(path, entry->path)) {
        return refuse(reader, path, "leads out of the directory", error);
    }
    reader->next = entry->at + (entry->size_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    return RESULT_OK;
}

enum result tar_reader_next(struct tar_reader *reader, struct tar_entry *entry_out,
                            struct error *error)
{
    for (;;) {
        struct header header;
        if (!read_at(reader, &header, sizeof header, reader->next)) {
            return reader->next == 0 ? refuse(reader, "nothing", "is a tar's", error)
                                     : tell_cut(reader, error);
        }
        if (is_empty(&header)) {
            return RESULT_NOT_FOUND;
        }
        if (!has_right_sum(&header)) {
            return reader->next == 0
                       ? error_set(error, RESULT_INVALID,
                                   "%.120s is no tar; if it is packed, unpack it first.",
                                   reader->file)
                       : tell_cut(reader, error);
        }
        enum result result = read_entry(reader, &header, entry_out, error);
        bool is_extension = header.type == 'x' || header.type == 'g';
        if (result != RESULT_OK) {
            return result;
        }
        if (!is_extension && strchr("05", header.type) == NULL) { /* finds the NUL, too */
            return refuse(reader, entry_out->path, "is neither a file nor a directory", error);
        }
        if (!is_extension) {
            return RESULT_OK;
        }
        if (!changes_nothing(reader, entry_out)) {
            return refuse(reader, entry_out->path, "is stored in a way that no backup is", error);
        }
    }
}

enum result tar_reader_copy(const struct tar_reader *reader, const struct tar_entry *entry,
                            int target, struct error *error)
{
    char piece[PIECE_BYTES];
    for (int64_t done = 0; done < entry->size_bytes;) {
        int64_t left = entry->size_bytes - done;
        size_t count = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        if (!read_at(reader, piece, count, entry->at + done)) {
            return tell_cut(reader, error);
        }
        for (size_t written = 0; written < count;) {
            ssize_t more = write(target, piece + written, count - written);
            if (more < 0 && errno != EINTR) {
                return error_set(
                    error, errno == ENOSPC || errno == EDQUOT ? RESULT_FULL : RESULT_IO,
                    "%.80s can't be unpacked: %s.", entry->path, strerrordesc_np(errno));
            }
            written += more > 0 ? (size_t)more : 0;
        }
        done += (int64_t)count;
    }
    return RESULT_OK;
}
