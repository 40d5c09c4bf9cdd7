#include "store/damaged_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/wall_clock.h"

static const char prefix[] = "events.sqlite.damaged-";
static const char journal[] = "-wal";

enum { SUFFIX_CHARS = 4 };

static bool is_there(const char *directory, const char *name, const char *suffix)
{
    char *path = memory_format("%s/%s%s", directory, name, suffix);
    bool there = access(path, F_OK) == 0;
    memory_free(path);
    return there;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(char *const *)right, *(char *const *)left);
}

/* The name of the log that a directory's entry is, or is alone of; NULL: of none. */
static char *read_name(const char *directory, const char *entry)
{
    size_t length = strlen(entry);
    const char *suffix = length > SUFFIX_CHARS ? entry + length - SUFFIX_CHARS : "";
    if (strncmp(entry, prefix, sizeof prefix - 1) != 0 || strcmp(suffix, "-shm") == 0) {
        return NULL;
    }
    if (strcmp(suffix, journal) != 0) {
        return memory_duplicate_string(entry);
    }
    char *name = memory_duplicate(entry, length - SUFFIX_CHARS);
    if (is_there(directory, name, "")) {
        memory_free(name);
        return NULL;
    }
    return name;
}

void damaged_files_list(const char *directory, struct damaged_files *files_out)
{
    DIR *listing = opendir(directory);
    const struct dirent *entry = NULL;
    *files_out = (struct damaged_files){0};
    while (listing != NULL &&
           (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        char *name = read_name(directory, entry->d_name);
        if (name != NULL) {
            files_out->names =
                memory_resize(files_out->names, files_out->count + 1, sizeof(char *));
            files_out->names[files_out->count++] = name;
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    if (files_out->count > 1) {
        qsort(files_out->names, files_out->count, sizeof(char *), compare_names);
    }
}

void damaged_files_deinit(struct damaged_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        memory_free(files->names[i]);
    }
    memory_free(files->names);
    *files = (struct damaged_files){0};
}

bool damaged_files_is_any_in_place(const char *directory)
{
    return is_there(directory, "events.sqlite", "") ||
           is_there(directory, "events.sqlite", journal);
}

/* A name that is not taken: of the day and the time. */
static void choose_name(const char *directory, const struct clock *clock,
                        char name_out[static DAMAGED_FILES_NAME_BYTES])
{
    char now[WALL_CLOCK_TEXT_BYTES];
    bool taken = true;
    wall_clock_format(clock_wall_ms(clock) / 1000, now);
    for (char *at = strchr(now, ':'); at != NULL; at = strchr(at, ':')) {
        *at = '-';
    }
    for (int i = 1; taken; i++) {
        (void)snprintf(name_out, DAMAGED_FILES_NAME_BYTES, i == 1 ? "%s%s" : "%s%s.%d", prefix, now,
                       i);
        taken = is_there(directory, name_out, "") || is_there(directory, name_out, journal);
    }
}

static bool move(const char *directory, const char *name, const char *suffix)
{
    char *old_path = memory_format("%s/events.sqlite%s", directory, suffix);
    char *new_path = memory_format("%s/%s%s", directory, name, suffix);
    bool moved = rename(old_path, new_path) == 0 || errno == ENOENT;
    memory_free(old_path);
    memory_free(new_path);
    return moved;
}

/* The journal first: without it the log would be another one. */
enum result damaged_files_set_aside(const char *directory, const struct clock *clock,
                                    char name_out[static DAMAGED_FILES_NAME_BYTES],
                                    struct error *error)
{
    char *shared = memory_format("%s/events.sqlite-shm", directory);
    bool is_alone = !is_there(directory, "events.sqlite", "");
    choose_name(directory, clock, name_out);
    bool moved = move(directory, name_out, journal) && move(directory, name_out, "");
    enum result result =
        moved ? RESULT_OK
              : error_set(error, RESULT_IO, "The damaged log can't be set aside in %s: %s.",
                          directory, strerrordesc_np(errno));
    (void)unlink(shared); /* SQLite makes it again */
    memory_free(shared);
    if (is_alone) {
        size_t length = strlen(name_out);
        (void)snprintf(name_out + length, DAMAGED_FILES_NAME_BYTES - length, "%s", journal);
    }
    return result;
}
