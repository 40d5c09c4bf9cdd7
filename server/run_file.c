#include "server/run_file.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "protocol/canonical.h"
#include "protocol/json_members.h"
#include "store/data_directory.h"

enum { MOST_FILE_BYTES = 4096 };

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
    memory_free(text);
    memory_free(path);
    return result;
}

void run_file_remove(const char *data_directory)
{
    char *path = memory_format("%s/run.json", data_directory);
    (void)unlink(path);
    memory_free(path);
}

static bool is_alive(int64_t pid)
{
    return kill((pid_t)pid, 0) == 0 || errno == EPERM;
}

enum result run_file_find(const char *data_directory, char **ui_out)
{
    char *path = memory_format("%s/run.json", data_directory);
    char *bytes = NULL;
    size_t length = 0;
    json_t *run = NULL;
    const char *ui = NULL;
    int64_t pid = 0;
    enum result result = RESULT_NOT_FOUND;
    if (data_directory_read_file(path, MOST_FILE_BYTES, &bytes, &length) == RESULT_OK &&
        canonical_parse(bytes, length, CANONICAL_MOST_NESTING, &run, NULL) == RESULT_OK &&
        json_members_integer(run, "pid", 1, INT32_MAX, &pid) && is_alive(pid) &&
        json_members_string(run, "ui", &ui, NULL)) {
        *ui_out = memory_duplicate_string(ui);
        result = RESULT_OK;
    }
    json_decref(run);
    memory_free(bytes);
    memory_free(path);
    return result;
}
