#include "server/process.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/limits.h"
#include "support/test_support.h"

/* What the attempt gave, in a process of its own that was confined before. */
static int attempt(int (*what)(void))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        struct error error = {""};
        if (process_confine(&error) != RESULT_OK) {
            _exit(101);
        }
        errno = 0;
        int refused = what() < 0 && errno == EPERM;
        _exit(refused ? 7 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int run_a_program(void)
{
    char program[] = "/bin/true";
    char *const arguments[] = {program, NULL};
    return execv(program, arguments);
}

static int look_into_a_process(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? -1 : 0;
}

static int map_writable_code(void)
{
    void *at = mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? -1 : 0;
}

static int make_memory_executable(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? 0 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static int open_a_raw_socket(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0);
}

static int become_somebody_else(void)
{
    return (int)syscall(SYS_setuid, getuid()); /* of this thread alone: all others are free */
}

static int change_the_root(void)
{
    return chroot("/");
}

static int read_a_file(void)
{
    return open("/proc/self/status", O_RDONLY) >= 0 ? -1 : 0; /* errno is 0: not refused */
}

static void process_confine__refuses_what_no_node_needs(void **state)
{
    (void)state;
    assert_int_equal(attempt(run_a_program), 7);
    assert_int_equal(attempt(look_into_a_process), 7);
    assert_int_equal(attempt(map_writable_code), 7);
    assert_int_equal(attempt(make_memory_executable), 7);
    assert_int_equal(attempt(open_a_raw_socket), 7);
    assert_int_equal(attempt(become_somebody_else), 7);
    assert_int_equal(attempt(change_the_root), 7);
    assert_int_equal(attempt(read_a_file), 0);
}

static int prepared(void)
{
    struct rlimit core = {1, 1};
    struct rlimit descriptors = {0, 0};
    (void)getrlimit(RLIMIT_CORE, &core);
    (void)getrlimit(RLIMIT_NOFILE, &descriptors);
    bool most =
        descriptors.rlim_cur >= LIMITS_DESCRIPTORS || descriptors.rlim_cur == descriptors.rlim_max;
    return core.rlim_cur == 0 && core.rlim_max == 0 && umask(0) == 0077 && most ? 7 : 0;
}

static void process_prepare__leaves_no_core_and_no_readable_file(void **state)
{
    int status = 0;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        process_prepare();
        _exit(prepared());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* Everything that others can open, each of its threads beyond its bound for a moment, and what a
 * call takes to find a name. */
static size_t all_that_others_open(void)
{
    enum { PER_CALL = 4 };
    return process_afford_connections(LIMITS_PEER_CONNECTIONS) +
           process_afford_connections(LIMITS_LOCAL_CONNECTIONS) +
           4 * process_afford_connections(LIMITS_CONNECTIONS_SLACK) +
           PER_CALL * process_afford_connections(LIMITS_OUTWARD_CONNECTIONS);
}

static void process_afford_connections__sets_the_nodes_own_aside(void **state)
{
    struct rlimit before = {0, 0};
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (rlim_t limit = 128; limit <= LIMITS_DESCRIPTORS; limit *= 2) {
        const struct rlimit few = {limit, before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        size_t own = limit == 128 ? 64 : LIMITS_OWN_DESCRIPTORS;
        assert_in_range(all_that_others_open(), 1, limit - own);
        assert_int_equal(process_afford_connections(1), 1);
    }
    assert_int_equal(process_afford_connections(1000), 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

/* Of files, as part of this process. */
static long count_mapped_kb(void)
{
    char line[160];
    long all_kb = 0;
    long anonymous_kb = 0;
    FILE *file = fopen("/proc/self/smaps_rollup", "r"); /* statm is not exact */
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        all_kb = strncmp(line, "Rss:", 4) == 0 ? strtol(line + 4, NULL, 10) : all_kb;
        anonymous_kb =
            strncmp(line, "Anonymous:", 10) == 0 ? strtol(line + 10, NULL, 10) : anonymous_kb;
    }
    assert_int_equal(fclose(file), 0);
    return all_kb - anonymous_kb;
}

/* Of each page of what can't be written: wherever it begins, which may be between two objects. */
static __attribute__((no_sanitize("address"))) int read_all(struct dl_phdr_info *object,
                                                            size_t size, void *sum)
{
    enum { STEP_BYTES = 4096 };
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        bool readable = part->p_type == PT_LOAD && (part->p_flags & (PF_W | PF_R)) == PF_R;
        for (size_t at = 0; readable && at < part->p_memsz; at += STEP_BYTES) {
            *(unsigned *)sum += *(const uint8_t *)(object->dlpi_addr + part->p_vaddr + at);
        }
    }
    return 0;
}

static void process_settle__keeps_what_is_used_alone(void **state)
{
    static int written;
    (void)state;
    unsigned sum = 0;
    written = 7;
    (void)dl_iterate_phdr(read_all, &sum);
    long before_kb = count_mapped_kb();
    process_settle();
    long after_kb = count_mapped_kb();
    print_message("%ld kB of files, then %ld (%u)\n", before_kb, after_kb, sum);
    assert_in_range(after_kb, 1, before_kb / 2);
    assert_int_equal(written, 7);
    assert_int_equal(attempt(run_a_program), 7); /* what is gone comes back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_confine__refuses_what_no_node_needs),
        cmocka_unit_test(process_prepare__leaves_no_core_and_no_readable_file),
        cmocka_unit_test(process_settle__keeps_what_is_used_alone),
        cmocka_unit_test(process_afford_connections__sets_the_nodes_own_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
