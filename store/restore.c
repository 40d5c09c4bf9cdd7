#include "store/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/signing.h"
#include "store/data_directory.h"
#include "store/device_key.h"
#include "store/sealed_file.h"
#include "store/tar_reader.h"
#include "store/work_place_private.h"

static const char key_path[] = "keys/device.ed25519";

static bool is_any_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

/* What a node leaves that found nothing to run with. */
static bool is_left_over(const char *name)
{
    static const char *const names[] = {".", "..", "lock", "run.json", "run.json.new", NULL};
    return is_any_of(name, names);
}

/* With `removes`, what is left over goes. RESULT_EXISTS: there is something else. */
static enum result examine_place(const char *directory, bool removes, struct error *error)
{
    enum result result = RESULT_OK;
    char *key = memory_format("%s/%s", directory, key_path);
    DIR *listing = opendir(directory);
    const struct dirent *entry = NULL;
    if (listing == NULL && errno != ENOENT) {
        result = error_set(error, RESULT_IO, "%s can't be looked into: %s.", directory,
                           strerrordesc_np(errno));
    } else if (access(key, F_OK) == 0) {
        result = error_set(error, RESULT_EXISTS,
                           "There are keys in %s already; they are left as they are. Name another "
                           "directory with --data.",
                           directory);
    }
    while (listing != NULL && result == RESULT_OK &&
           (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        if (!is_left_over(entry->d_name)) {
            result = error_set(error, RESULT_EXISTS,
                               "%.120s is not empty: there is %.40s. Name another directory with "
                               "--data.",
                               directory, entry->d_name);
        } else if (removes && entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(listing), entry->d_name, 0);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    memory_free(key);
    return result;
}

/* What the tar's paths have before those of the data directory: "" or "…/". */
static enum result find_top(struct tar_reader *tar, char top_out[static TAR_READER_PATH_BYTES],
                            struct error *error)
{
    struct tar_entry entry;
    size_t found = 0;
    enum result result = RESULT_OK;
    const size_t key_length = sizeof key_path - 1;
    while ((result = tar_reader_next(tar, &entry, error)) == RESULT_OK) {
        size_t length = strlen(entry.path);
        if (!entry.is_directory && length >= key_length &&
            strcmp(entry.path + length - key_length, key_path) == 0 &&
            (length == key_length || entry.path[length - key_length - 1] == '/')) {
            (void)snprintf(top_out, TAR_READER_PATH_BYTES, "%.*s", (int)(length - key_length),
                           entry.path);
            found++;
        }
    }
    if (result != RESULT_NOT_FOUND || found == 1) {
        return result == RESULT_NOT_FOUND ? RESULT_OK : result;
    }
    return error_set(error, RESULT_INVALID, "%.120s is no backup of a node: there %s in it.",
                     tar->file, found == 0 ? "is no keys/device.ed25519" : "is more than one key");
}

/* Whether it is part of a backup. The word of the log's last life is not: this is another one. */
static bool is_wanted(const char *path)
{
    static const char *const tops[] = {"keys",           "tls",         "blobs",
                                       "hearthchat.ini", "communities", NULL};
    char top[TAR_READER_PATH_BYTES];
    const char *name = strrchr(path, '/');
    (void)snprintf(top, sizeof top, "%.*s", (int)strcspn(path, "/"), path);
    return is_any_of(top, tops) && !(strcmp(top, "communities") == 0 && name != NULL &&
                                     (strcmp(name, "/life") == 0 || strstr(name, "-shm") != NULL));
}

static enum result unpack_file(const struct tar_reader *tar, const struct tar_entry *entry,
                               const char *path, struct error *error)
{
    int target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0 && (errno == EEXIST || errno == ENOTDIR || errno == EISDIR)) {
        return error_set(error, RESULT_INVALID, "%.80s is no backup: %.80s is in it twice.",
                         tar->file, entry->path);
    }
    if (target < 0) {
        return error_set(error, errno == ENOSPC ? RESULT_FULL : RESULT_IO,
                         "%.120s can't be written: %s.", path, strerrordesc_np(errno));
    }
    enum result result = tar_reader_copy(tar, entry, target, error);
    (void)close(target); /* what it can't say now, the sync of all of it does */
    return result;
}

static enum result unpack(struct tar_reader *tar, const char *top, const char *place,
                          struct error *error)
{
    struct tar_entry entry;
    const size_t top_length = strlen(top);
    enum result result = RESULT_OK;
    while (result == RESULT_OK && (result = tar_reader_next(tar, &entry, error)) == RESULT_OK) {
        if (strncmp(entry.path, top, top_length) != 0 || !is_wanted(entry.path + top_length)) {
            continue;
        }
        char *path = data_directory_path(place, entry.path + top_length);
        if (!entry.is_directory) {
            result = unpack_file(tar, &entry, path, error);
        } else if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            result = error_set(error, RESULT_IO, "%.120s can't be made: %s.", path,
                               strerrordesc_np(errno));
        }
        memory_free(path);
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

static enum result check_key(const char *place, const char *file, struct error *error)
{
    struct signing_key key;
    if (device_key_load(place, &key, NULL) != RESULT_OK) {
        return error_set(error, RESULT_INVALID, "%.120s is no backup: the key in it is damaged.",
                         file);
    }
    signing_key_deinit(&key);
    return RESULT_OK;
}

/* All of it is on the disk before it has its name. */
static enum result move(const char *place, const char *directory, const char *above,
                        struct error *error)
{
    int descriptor = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = descriptor >= 0 && syncfs(descriptor) == 0;
    int reason = errno;
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (!synced) {
        return error_set(error, reason == ENOSPC ? RESULT_FULL : RESULT_IO,
                         "What was unpacked can't be written: %s.", strerrordesc_np(reason));
    }
    enum result result = examine_place(directory, true, error);
    if (result == RESULT_OK && rename(place, directory) != 0) {
        result = error_set(error, RESULT_IO, "%.120s can't be put in its place: %s.", directory,
                           strerrordesc_np(errno));
    }
    descriptor = result == RESULT_OK ? open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        (void)close(descriptor);
    }
    return result;
}

/* The directory that has it, with its '/'; the caller frees. */
static char *find_above(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return slash == NULL ? memory_duplicate_string("./")
                         : memory_duplicate(directory, (size_t)(slash - directory) + 1);
}

static enum result restore(struct tar_reader *tar, const char *directory, struct error *error)
{
    char top[TAR_READER_PATH_BYTES] = "";
    const char *slash = strrchr(directory, '/');
    const char *name = slash == NULL ? directory : slash + 1;
    char *above = find_above(directory);
    char *place_name = memory_format(".%s-restore", name);
    char *place = NULL;
    enum result result = find_top(tar, top, error);
    if (result == RESULT_OK) {
        memory_free(data_directory_path(above, name)); /* makes what lies above */
        place = work_place_make(above, place_name, error);
        result = place == NULL ? RESULT_IO : RESULT_OK;
    }
    if (result == RESULT_OK) {
        tar_reader_rewind(tar);
        result = unpack(tar, top, place, error);
    }
    result = result == RESULT_OK ? check_key(place, tar->file, error) : result;
    result = result == RESULT_OK ? move(place, directory, above, error) : result;
    if (place != NULL && result != RESULT_OK) {
        work_place_remove(place);
    }
    memory_free(above);
    memory_free(place_name);
    memory_free(place);
    return result;
}

/* A file that goes with its descriptor, beside the place; what lies above is made. */
static int open_nameless(const char *directory)
{
    char *above = find_above(directory);
    char *path = data_directory_path(above, ".hearthchat-restore-XXXXXX");
    int descriptor = open(above, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor < 0) { /* not every file system has such */
        descriptor = mkostemp(path, O_CLOEXEC);
        (void)unlink(path);
    }
    memory_free(above);
    memory_free(path);
    return descriptor;
}

/* Has the reader read what was sealed. */
static enum result unseal(struct tar_reader *tar, const char *directory, restore_ask *ask,
                          void *context, struct error *error)
{
    char passphrase[SEALED_STREAM_MOST_PASSPHRASE_BYTES + 1] = "";
    struct sealed_stream *stream = NULL;
    int target = -1;
    enum result result = ask(context, passphrase, error);
    if (result == RESULT_OK) {
        result = sealed_file_open(tar->descriptor, passphrase, tar->file, &stream, error);
    }
    signing_wipe(passphrase, sizeof passphrase);
    if (result == RESULT_OK && (target = open_nameless(directory)) < 0) {
        result = error_set(error, RESULT_IO, "What is beside %.120s can't be written: %s.",
                           directory, strerrordesc_np(errno));
    }
    if (result == RESULT_OK) {
        result = sealed_file_read(tar->descriptor, target, stream, tar->file, error);
    }
    sealed_stream_destroy(&stream);
    if (result == RESULT_OK) {
        tar_reader_replace(tar, target);
    } else if (target >= 0) {
        (void)close(target);
    }
    return result;
}

enum result restore_run(const char *file, const char *directory, restore_ask *ask, void *context,
                        struct error *error)
{
    struct tar_reader tar;
    char *real = realpath(directory, NULL); /* a link is kept, and where it leads is filled */
    const char *target = real == NULL ? directory : real;
    enum result result = examine_place(target, false, error);
    if (result == RESULT_OK) {
        result = tar_reader_open(&tar, file, error);
    }
    if (result == RESULT_OK) {
        if (sealed_file_is(tar.descriptor)) {
            result = unseal(&tar, target, ask, context, error);
        }
        result = result == RESULT_OK ? restore(&tar, target, error) : result;
        tar_reader_close(&tar);
    }
    memory_free(real);
    return result;
}
