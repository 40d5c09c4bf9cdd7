#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/data_directory.h"
#include "store/log_copy_private.h"
#include "store/sealed_file.h"
#include "store/work_place_private.h"

extern char **environ;

/* The parts of a data directory that are copied as they are. */
static const char *const plain_parts[] = {"keys", "tls", "blobs", "hearthchat.ini"};

enum { PLAIN_PARTS = sizeof plain_parts / sizeof plain_parts[0] };

/* Its output is ours alone, so that it ends when we don't read on. */
static int spawn_tar(const char *const *arguments, int output, pid_t *child_out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawnp(child_out, "tar", &actions, &attributes,
                              (char *const *)(uintptr_t)arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return failed;
}

/* tar, which every Debian has: the plain parts from where they are, the log from the stage. The
 * directory itself comes first, for its mode; no link leads out of what is unpacked. */
static int start_tar(const char *data_directory, const char *stage, int output, pid_t *child_out)
{
    const char *arguments[PLAIN_PARTS + 16] = {"tar",
                                               "--create",
                                               "--file=-",
                                               "--format=gnu",
                                               "--dereference",
                                               "--hard-dereference",
                                               "--mode=u+rw,go=",
                                               "--directory",
                                               data_directory,
                                               "--no-recursion",
                                               ".",
                                               "--recursion"};
    size_t count = 12;
    for (size_t i = 0; i < PLAIN_PARTS; i++) {
        char *path = memory_format("%s/%s", data_directory, plain_parts[i]);
        if (access(path, F_OK) == 0) {
            arguments[count++] = plain_parts[i];
        }
        memory_free(path);
    }
    arguments[count++] = "--directory";
    arguments[count++] = stage;
    arguments[count++] = "communities";
    arguments[count] = NULL;
    return spawn_tar(arguments, output, child_out);
}

static enum result tell_unwritten(const char *file, struct error *error)
{
    return error_set(error, RESULT_IO, "The backup %s can't be written; is there room?", file);
}

static enum result wait_for_tar(pid_t child, const char *file, struct error *error)
{
    int status = 0;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? RESULT_OK
               : tell_unwritten(file, error);
}

static enum result write_clear(const char *data_directory, const char *stage, int target,
                               const char *file, struct error *error)
{
    pid_t child = 0;
    return start_tar(data_directory, stage, target, &child) == 0 ? wait_for_tar(child, file, error)
                                                                 : tell_unwritten(file, error);
}

static enum result write_sealed(const char *data_directory, const char *stage, int target,
                                const char *passphrase, const char *file, struct error *error)
{
    int ends[2];
    pid_t child = 0;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return tell_unwritten(file, error);
    }
    int failed = start_tar(data_directory, stage, ends[1], &child);
    (void)close(ends[1]);
    enum result result = failed != 0 ? tell_unwritten(file, error)
                                     : sealed_file_write(ends[0], target, passphrase,
                                                         &sealed_stream_cost, file, error);
    (void)close(ends[0]);
    enum result packed = failed != 0 ? result : wait_for_tar(child, file, NULL);
    return result == RESULT_OK && packed != RESULT_OK ? tell_unwritten(file, error) : result;
}

static enum result stage_log(const char *data_directory, const char *stage, struct error *error)
{
    struct node_id community_id;
    char *inner = memory_format("%s/communities", stage);
    enum result result =
        mkdir(inner, 0700) == 0
            ? RESULT_OK
            : error_set(error, RESULT_IO, "%s can't be made: %s.", inner, strerrordesc_np(errno));
    if (result == RESULT_OK &&
        data_directory_find_community(data_directory, &community_id) == RESULT_OK) {
        char *from = data_directory_community_path(data_directory, &community_id);
        char *to = data_directory_community_path(stage, &community_id);
        char *from_file = memory_format("%s/events.sqlite", from);
        char *to_file = memory_format("%s/events.sqlite", to);
        result = mkdir(to, 0700) == 0 ? log_copy_make(from_file, to_file, error)
                                      : error_set(error, RESULT_IO, "%s can't be made: %s.", to,
                                                  strerrordesc_np(errno));
        memory_free(from);
        memory_free(to);
        memory_free(from_file);
        memory_free(to_file);
    }
    memory_free(inner);
    return result;
}

static enum result tell_taken(const char *file, struct error *error)
{
    return error_set(error, RESULT_EXISTS,
                     "%s is there already; name a file that is not there yet.", file);
}

/* What is written lasts; then it gets its name, and nothing that has it is replaced. */
static enum result give_name(int target, const char *part, const char *file, struct error *error)
{
    if (fsync(target) != 0) {
        return tell_unwritten(file, error);
    }
    if (renameat2(AT_FDCWD, part, AT_FDCWD, file, RENAME_NOREPLACE) != 0) {
        int reason = errno;
        if (reason == EEXIST || access(file, F_OK) == 0) {
            return tell_taken(file, error);
        }
        /* Some file systems of networks can't do it in one step. */
        if ((reason != EINVAL && reason != ENOSYS) || rename(part, file) != 0) {
            return tell_unwritten(file, error);
        }
    }
    const char *slash = strrchr(file, '/');
    char *above = slash == NULL ? memory_duplicate_string(".")
                                : memory_duplicate(file, (size_t)(slash - file) + 1);
    int directory = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        (void)fsync(directory);
        (void)close(directory);
    }
    memory_free(above);
    return RESULT_OK;
}

static enum result write_part(const char *data_directory, const char *part, const char *file,
                              const char *passphrase, struct error *error)
{
    /* It will hold the device's key, so it is nobody else's. */
    int target = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (target < 0) {
        return error_set(error, RESULT_IO, "%s can't be written: %s.", file,
                         strerrordesc_np(errno));
    }
    char *stage = work_place_make(data_directory, "backup", error);
    enum result result = stage == NULL ? RESULT_IO : stage_log(data_directory, stage, error);
    if (result == RESULT_OK) {
        result = passphrase == NULL
                     ? write_clear(data_directory, stage, target, file, error)
                     : write_sealed(data_directory, stage, target, passphrase, file, error);
    }
    if (stage != NULL) {
        work_place_remove(stage);
    }
    memory_free(stage);
    result = result == RESULT_OK ? give_name(target, part, file, error) : result;
    (void)close(target);
    if (result != RESULT_OK) {
        (void)unlink(part);
    }
    return result;
}

enum result backup_run(const char *data_directory, const char *file, const char *passphrase,
                       struct error *error)
{
    if (access(file, F_OK) == 0) {
        return tell_taken(file, error);
    }
    char *part = memory_format("%s.part-%ld", file, (long)getpid());
    enum result result = write_part(data_directory, part, file, passphrase, error);
    memory_free(part);
    return result;
}
