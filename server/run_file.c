#include "server/run_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 4096 };

/* On a full disk the next run.json takes the room of the one before: it stays under the name that
 * the next is written under, and nobody reads it there. */
static bool keep_room(const char *path)
{
    char *next = memory_format("%s.new", path);
    bool kept = rename(path, next) == 0;
    memory_free(next);
    return kept;
}

enum result run_file_write(const char *data_directory, const char *ui_host, uint16_t ui_port,
                           uint16_t peer_port, const struct node_id *node_id, struct error *error)
{
    char id[NODE_ID_TEXT_BYTES];
    node_id_format(node_id, id);
    bool v6 = strcmp(ui_host, "::1") == 0;
    char *path = data_directory_path(data_directory, "run.json");
    char *text = memory_format(
        "{\"pid\":%d,\"ui\":\"http://%s:%u\",\"peer_port\":%u,\"node_id\":\"%s\"}\n", (int)getpid(),
        v6 ? "[::1]" : "127.0.0.1", (unsigned)ui_port, (unsigned)peer_port, id);
    enum result result = data_directory_write_file(path, text, strlen(text), error);
    if (result == RESULT_FULL && keep_room(path)) {
        result = data_directory_write_file(path, text, strlen(text), error);
    }
    memory_free(text);
    memory_free(path);
    return result;
}

void run_file_remove(const char *data_directory)
{
    char *path = memory_format("%s/run.json", data_directory);
    (void)keep_room(path);
    memory_free(path);
}

/* Whether that process has the directory's lock open: a number of a process that was killed may be
 * another's by now. Where the system doesn't tell, who is alive is believed. */
static bool holds_lock(const char *data_directory, int64_t pid)
{
    struct stat lock;
    struct stat file;
    char *path = memory_format("%s/lock", data_directory);
    char *listed = memory_format("/proc/%lld/fd", (long long)pid);
    DIR *listing = stat(path, &lock) == 0 ? opendir(listed) : NULL;
    const struct dirent *entry = NULL;
    bool holds = listing == NULL && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
    while (listing != NULL && !holds &&
           (entry = readdir(listing)) != NULL) { // NOLINT(concurrency-mt-unsafe): own stream
        holds = fstatat(dirfd(listing), entry->d_name, &file, 0) == 0 &&
                file.st_dev == lock.st_dev && file.st_ino == lock.st_ino;
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    memory_free(path);
    memory_free(listed);
    return holds;
}

enum result run_file_find(const char *data_directory, struct run_file *run_out)
{
    char *path = memory_format("%s/run.json", data_directory);
    char *bytes = NULL;
    size_t length = 0;
    json_t *run = NULL;
    const char *ui = NULL;
    int64_t pid = 0;
    int64_t peer_port = 0;
    enum result result = RESULT_NOT_FOUND;
    if (data_directory_read_file(path, MOST_FILE_BYTES, &bytes, &length) == RESULT_OK &&
        canonical_parse(bytes, length, CANONICAL_MOST_NESTING, &run, NULL) == RESULT_OK &&
        json_members_integer(run, "pid", 1, INT32_MAX, &pid) &&
        json_members_string(run, "ui", &ui, NULL) && strlen(ui) < RUN_FILE_UI_BYTES &&
        json_members_integer(run, "peer_port", 0, UINT16_MAX, &peer_port) &&
        holds_lock(data_directory, pid)) {
        *run_out = (struct run_file){.pid = (pid_t)pid, .peer_port = (uint16_t)peer_port};
        (void)snprintf(run_out->ui, sizeof run_out->ui, "%s", ui);
        result = RESULT_OK;
    }
    json_decref(run);
    memory_free(bytes);
    memory_free(path);
    return result;
}
