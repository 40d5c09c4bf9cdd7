#include "store/data_directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/damaged_files.h"

static char *under_home(const char *variable, const char *fallback, const char *rest)
{
    const char *base = getenv(variable); // NOLINT(concurrency-mt-unsafe): nothing sets variables
    const char *home = getenv("HOME");   // NOLINT(concurrency-mt-unsafe)
    if (base != NULL && base[0] == '/') {
        return memory_format("%s/%s", base, rest);
    }
    return home == NULL || home[0] == '\0' ? NULL : memory_format("%s/%s/%s", home, fallback, rest);
}

char *data_directory_default(void)
{
    return under_home("XDG_DATA_HOME", ".local/share", "hearthnet");
}

char *data_directory_default_configuration(void)
{
    return under_home("XDG_CONFIG_HOME", ".config", "hearthnet/hearthchat.ini");
}

static bool make_directories(char *path)
{
    if (path[0] == '\0') {
        errno = ENOENT;
        return false;
    }
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
            *at = '/';
            if (!made) {
                return false;
            }
        }
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

enum result data_directory_prepare(const char *path, struct error *error)
{
    struct stat status;
    char *copy = memory_duplicate_string(path);
    bool made = make_directories(copy);
    int reason = errno;
    memory_free(copy);
    if (!made) {
        return error_set(error, RESULT_IO, "The data directory %s can't be made: %s.", path,
                         strerrordesc_np(reason));
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode) || access(path, W_OK | X_OK) != 0) {
        return error_set(error, RESULT_IO,
                         "The data directory %s can't be written; choose another with --data.",
                         path);
    }
    if ((status.st_mode & 0077) != 0) {
        return error_set(error, RESULT_IO, "Others can look into %s; run: chmod 700 '%s'", path,
                         path);
    }
    return RESULT_OK;
}

/* Where the file is; the caller frees. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL   ? memory_duplicate_string(".")
           : slash == path ? memory_duplicate_string("/")
                           : memory_duplicate(path, (size_t)(slash - path));
}

char *data_directory_path(const char *directory, const char *relative)
{
    char *path = memory_format("%s/%s", directory, relative);
    char *above = directory_of(path);
    (void)make_directories(above); /* whoever opens the file reports what is wrong */
    memory_free(above);
    return path;
}

enum result data_directory_lock(const char *directory, int *lock_out, struct error *error)
{
    char *path = data_directory_path(directory, "lock");
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    memory_free(path);
    if (descriptor < 0) {
        return error_set(error, RESULT_IO, "The lock file in %s can't be made: %s.", directory,
                         strerrordesc_np(errno));
    }
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        (void)close(descriptor);
        return error_set(error, RESULT_BUSY,
                         "Another node is running on %s; stop it first, or use its tab.",
                         directory);
    }
    *lock_out = descriptor;
    return RESULT_OK;
}

void data_directory_unlock(int lock)
{
    (void)close(lock);
}

static bool write_all(int descriptor, const char *bytes, size_t length_bytes)
{
    while (length_bytes > 0) {
        ssize_t written = write(descriptor, bytes, length_bytes);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        length_bytes -= (size_t)written;
    }
    return true;
}

static void sync_directory_of(const char *path)
{
    char *directory = directory_of(path);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        (void)close(descriptor);
    }
    memory_free(directory);
}

enum result data_directory_write_file(const char *path, const void *bytes, size_t length_bytes,
                                      struct error *error)
{
    char *temporary = memory_format("%s.new", path);
    char *above = directory_of(path);
    (void)make_directories(above); /* what is wrong with it, open() says */
    memory_free(above);
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written =
        descriptor >= 0 && write_all(descriptor, bytes, length_bytes) && fsync(descriptor) == 0;
    int reason = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (written && rename(temporary, path) != 0) {
        written = false;
        reason = errno;
    }
    if (written) {
        sync_directory_of(path);
    } else {
        (void)unlink(temporary);
    }
    memory_free(temporary);
    return written
               ? RESULT_OK
               : error_set(error, reason == ENOSPC || reason == EDQUOT ? RESULT_FULL : RESULT_IO,
                           "%s can't be written: %s.", path, strerrordesc_np(reason));
}

enum result data_directory_read_file(const char *path, size_t limit_bytes, char **bytes_out,
                                     size_t *length_bytes_out)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return errno == ENOENT ? RESULT_NOT_FOUND : RESULT_IO;
    }
    char *bytes = memory_allocate(limit_bytes + 2, 1);
    size_t length = 0;
    ssize_t got = 1;
    while (got > 0 && length <= limit_bytes) {
        got = read(descriptor, bytes + length, limit_bytes + 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    (void)close(descriptor);
    if (got < 0 || length > limit_bytes) {
        memory_free(bytes);
        return got < 0 ? RESULT_IO : RESULT_FULL;
    }
    *bytes_out = bytes;
    *length_bytes_out = length;
    return RESULT_OK;
}

static bool has_log(const char *communities, const char *name)
{
    char *path = memory_format("%s/%s/events.sqlite", communities, name);
    bool there = access(path, F_OK) == 0;
    memory_free(path);
    return there;
}

static enum result find_community(const char *directory, bool with_log,
                                  struct node_id *community_id_out)
{
    enum result result = RESULT_NOT_FOUND;
    char *path = memory_format("%s/communities", directory);
    DIR *listing = opendir(path);
    if (listing != NULL) {
        const struct dirent *entry = NULL;
        while (result != RESULT_OK &&
               (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
            result = has_log(path, entry->d_name) == with_log
                         ? node_id_parse(entry->d_name, community_id_out)
                         : RESULT_NOT_FOUND;
        }
        (void)closedir(listing);
    }
    memory_free(path);
    return result == RESULT_OK ? RESULT_OK : RESULT_NOT_FOUND;
}

enum result data_directory_find_community(const char *directory, struct node_id *community_id_out)
{
    return find_community(directory, true, community_id_out);
}

enum result data_directory_find_lost(const char *directory, struct node_id *community_id_out)
{
    return find_community(directory, false, community_id_out);
}

char *data_directory_community_path(const char *directory, const struct node_id *community_id)
{
    char id[NODE_ID_TEXT_BYTES];
    node_id_format(community_id, id);
    return memory_format("%s/communities/%s", directory, id);
}

char *data_directory_joining_path(const char *directory)
{
    return memory_format("%s/communities/joining", directory);
}

void data_directory_discard_joining(const char *directory)
{
    char *path = data_directory_joining_path(directory);
    DIR *listing = opendir(path);
    if (listing != NULL) {
        const struct dirent *entry = NULL;
        while ((entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        }
        (void)closedir(listing);
        (void)rmdir(path);
    }
    memory_free(path);
}

/* Into a directory that is there without its log: that comes last, and makes it one with a log. */
static bool move_log(const char *from, const char *to)
{
    static const char *const names[] = {"events.sqlite-wal", "events.sqlite"};
    bool moved = true;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && moved; i++) {
        char *old_path = memory_format("%s/%s", from, names[i]);
        char *new_path = memory_format("%s/%s", to, names[i]);
        moved = rename(old_path, new_path) == 0 || (i == 0 && errno == ENOENT);
        memory_free(old_path);
        memory_free(new_path);
    }
    return moved;
}

enum result data_directory_adopt_joining(const char *directory, const struct node_id *community_id,
                                         const struct clock *clock, struct error *error)
{
    char aside[DAMAGED_FILES_NAME_BYTES];
    char *from = data_directory_joining_path(directory);
    char *to = data_directory_community_path(directory, community_id);
    enum result result = RESULT_OK;
    bool adopted = rename(from, to) == 0;
    if (!adopted && (errno == ENOTEMPTY || errno == EEXIST) && !has_log(to, ".")) {
        /* SQLite would take what is left of the old log for a part of the new one. */
        result = damaged_files_set_aside(to, clock, aside, error);
        adopted = result == RESULT_OK && move_log(from, to);
    }
    if (!adopted && result == RESULT_OK) {
        result = error_set(error, RESULT_IO, "The joined community can't be kept: %s.",
                           strerrordesc_np(errno));
    } else if (adopted) {
        sync_directory_of(to);
        char *log = memory_format("%s/events.sqlite", to);
        sync_directory_of(log);
        memory_free(log);
    }
    memory_free(from);
    memory_free(to);
    return result;
}
