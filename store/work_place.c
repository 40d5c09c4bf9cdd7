#include "store/work_place_private.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/memory.h"

void work_place_remove(const char *path)
{
    DIR *listing = opendir(path);
    const struct dirent *entry = NULL;
    while (listing != NULL &&
           (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            char *inner = memory_format("%s/%s", path, entry->d_name);
            if (unlink(inner) != 0 && (errno == EISDIR || errno == EPERM)) {
                work_place_remove(inner); // NOLINT(misc-no-recursion): our own few levels
            }
            memory_free(inner);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    (void)rmdir(path);
}

/* Places of that name whose process is gone: it was killed in the middle. */
static void remove_abandoned(const char *directory, const char *name)
{
    DIR *listing = opendir(directory);
    const struct dirent *entry = NULL;
    size_t length = strlen(name);
    while (listing != NULL &&
           (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        bool is_place = strncmp(entry->d_name, name, length) == 0 && entry->d_name[length] == '-';
        pid_t pid = is_place ? (pid_t)strtol(entry->d_name + length + 1, NULL, 10) : 0;
        if (pid > 0 && (pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH))) {
            char *place = memory_format("%s/%s", directory, entry->d_name);
            work_place_remove(place);
            memory_free(place);
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
}

char *work_place_make(const char *directory, const char *name, struct error *error)
{
    char *place = memory_format("%s/%s-%ld", directory, name, (long)getpid());
    remove_abandoned(directory, name);
    if (mkdir(place, 0700) != 0) {
        (void)error_set(error, RESULT_IO, "%s can't be made: %s.", place, strerrordesc_np(errno));
        memory_free(place);
        return NULL;
    }
    return place;
}
