/* A disk that loses what was not synced, and fails on command: preloaded into a node under test.
 *
 * Every write to a file named events.sqlite* waits in memory until the file is synced; only then it
 * goes into an image of that file in $POWER_CUT_IMAGES. After kill -9 the images are what a power
 * cut would have left. While $POWER_CUT_CONTROL holds "full" or "error", writes, respectively
 * syncs, fail with ENOSPC, respectively EIO; "kill N" kills the node at the Nth step, which is
 * before a sync, after one, or at a write.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_FILES = 16, MOST_DESCRIPTORS = 4096 };

struct change {
    bool truncates;
    off_t offset;
    size_t length;
    struct change *next;
    char bytes[];
};

struct tracked {
    dev_t device;
    ino_t inode;
    int image;
    struct change *first;
    struct change **last;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct tracked files[MOST_FILES];
static size_t file_count;
static struct tracked *by_descriptor[MOST_DESCRIPTORS];

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))

static void read_order(char text_out[static 16])
{
    memset(text_out, 0, 16);
    const char *path = getenv("POWER_CUT_CONTROL"); // NOLINT(concurrency-mt-unsafe)
    int control =
        path == NULL ? -1 : REAL("open64", int (*)(const char *, int, ...))(path, O_RDONLY);
    if (control >= 0) {
        (void)!read(control, text_out, 15);
        (void)close(control);
    }
}

static bool is_ordered(const char *what)
{
    char text[16];
    read_order(text);
    return strncmp(text, what, strlen(what)) == 0;
}

static void pass_step(void)
{
    static atomic_long steps; /* since it was ordered to kill */
    char text[16];
    read_order(text);
    if (strncmp(text, "kill ", 5) == 0 && ++steps == strtol(text + 5, NULL, 10)) {
        (void)kill(getpid(), SIGKILL);
    }
}

static void copy_content(int from, int to)
{
    char bytes[65536];
    ssize_t got = 0;
    off_t at = 0;
    while ((got = pread64(from, bytes, sizeof bytes, at)) > 0) {
        (void)!REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off_t))(to, bytes,
                                                                              (size_t)got, at);
        at += got;
    }
}

/* The file begins as it is: what was there before the first write is on the disk. */
static void track(int descriptor, const char *path)
{
    struct stat status;
    char image[PATH_MAX];
    const char *name = strrchr(path, '/');
    const char *directory = getenv("POWER_CUT_IMAGES"); // NOLINT(concurrency-mt-unsafe)
    if (descriptor < 0 || descriptor >= MOST_DESCRIPTORS || directory == NULL || name == NULL ||
        strncmp(name, "/events.sqlite", 14) != 0 || strstr(name, "-shm") != NULL ||
        fstat(descriptor, &status) != 0) {
        return;
    }
    pthread_mutex_lock(&lock);
    struct tracked *file = NULL;
    for (size_t i = 0; i < file_count; i++) {
        if (files[i].device == status.st_dev && files[i].inode == status.st_ino) {
            file = &files[i];
        }
    }
    if (file == NULL && file_count < MOST_FILES) {
        file = &files[file_count++];
        (void)snprintf(image, sizeof image, "%s%s", directory, name);
        file->device = status.st_dev;
        file->inode = status.st_ino;
        file->image = REAL("open64", int (*)(const char *, int, ...))(
            image, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        file->first = NULL;
        file->last = &file->first;
        copy_content(descriptor, file->image);
    }
    by_descriptor[descriptor] = file;
    pthread_mutex_unlock(&lock);
}

static int open_with(const char *function, const char *path, int flags, mode_t mode)
{
    int descriptor = REAL(function, int (*)(const char *, int, ...))(path, flags, mode);
    track(descriptor, path);
    return descriptor;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_with("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_with("open64", path, flags, mode);
}

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) {
        pthread_mutex_lock(&lock);
        by_descriptor[descriptor] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return REAL("close", int (*)(int))(descriptor);
}

static struct tracked *tracked_by(int descriptor)
{
    return descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? by_descriptor[descriptor] : NULL;
}

static void note(struct tracked *file, bool truncates, const void *bytes, size_t length,
                 off_t offset)
{
    struct change *change = malloc(sizeof *change + length);
    *change = (struct change){.truncates = truncates, .offset = offset, .length = length};
    if (length > 0) {
        memcpy(change->bytes, bytes, length);
    }
    pthread_mutex_lock(&lock);
    *file->last = change;
    file->last = &change->next;
    pthread_mutex_unlock(&lock);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset)
{
    struct tracked *file = tracked_by(descriptor);
    if (file != NULL) {
        pass_step();
    }
    if (file != NULL && is_ordered("full")) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t written = REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off_t))(
        descriptor, bytes, length, offset);
    if (file != NULL && written > 0) {
        note(file, false, bytes, (size_t)written, offset);
    }
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset)
{
    return pwrite64(descriptor, bytes, length, offset);
}

int ftruncate64(int descriptor, off_t length)
{
    struct tracked *file = tracked_by(descriptor);
    int status = REAL("ftruncate64", int (*)(int, off_t))(descriptor, length);
    if (file != NULL && status == 0) {
        note(file, true, NULL, 0, length);
    }
    return status;
}

int ftruncate(int descriptor, off_t length)
{
    return ftruncate64(descriptor, length);
}

static int sync_with(const char *function, int descriptor)
{
    struct tracked *file = tracked_by(descriptor);
    if (file != NULL) {
        pass_step();
    }
    if (file != NULL && is_ordered("error")) {
        errno = EIO;
        return -1;
    }
    int status = REAL(function, int (*)(int))(descriptor);
    if (file == NULL || status != 0) {
        return status;
    }
    pthread_mutex_lock(&lock);
    while (file->first != NULL) {
        struct change *change = file->first;
        file->first = change->next;
        if (change->truncates) {
            (void)!REAL("ftruncate64", int (*)(int, off_t))(file->image, change->offset);
        } else {
            (void)!REAL("pwrite64", ssize_t(*)(int, const void *, size_t, off_t))(
                file->image, change->bytes, change->length, change->offset);
        }
        free(change);
    }
    file->last = &file->first;
    pthread_mutex_unlock(&lock);
    pass_step();
    return 0;
}

int fsync(int descriptor)
{
    return sync_with("fsync", descriptor);
}

int fdatasync(int descriptor)
{
    return sync_with("fdatasync", descriptor);
}
