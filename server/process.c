#include "server/process.h"

#include <errno.h>
#include <link.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/limits.h"

void process_prepare(void)
{
    const struct rlimit no_core = {0, 0};
    struct rlimit descriptors = {0, 0};
    (void)umask(0077);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur < LIMITS_DESCRIPTORS) {
        descriptors.rlim_cur =
            descriptors.rlim_max < LIMITS_DESCRIPTORS ? descriptors.rlim_max : LIMITS_DESCRIPTORS;
        (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    }
}

/* Of what can be written copies may differ from the file. */
static int forget_pages(struct dl_phdr_info *object, size_t size, void *context)
{
    const uintptr_t page_bytes = *(const uintptr_t *)context;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        uintptr_t begin = (object->dlpi_addr + part->p_vaddr) / page_bytes * page_bytes;
        uintptr_t end = object->dlpi_addr + part->p_vaddr + part->p_memsz;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0) {
            (void)madvise((void *)begin, end - begin, MADV_DONTNEED); /* else it stays */
        }
    }
    return 0;
}

void process_settle(void)
{
    long bytes = sysconf(_SC_PAGESIZE);
    uintptr_t page_bytes = bytes < 1 ? 4096 : (uintptr_t)bytes;
    (void)dl_iterate_phdr(forget_pages, &page_bytes);
}

size_t process_afford_connections(size_t wanted)
{
    struct rlimit descriptors = {0, 0};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0 || descriptors.rlim_cur >= LIMITS_DESCRIPTORS) {
        return wanted;
    }
    size_t all = (size_t)descriptors.rlim_cur;
    size_t own = all / 2 < LIMITS_OWN_DESCRIPTORS ? all / 2 : LIMITS_OWN_DESCRIPTORS;
    size_t afforded = wanted * (all - own) / (LIMITS_DESCRIPTORS - LIMITS_OWN_DESCRIPTORS);
    return afforded == 0 ? 1 : afforded;
}

/* What the libraries of a running node ask of the kernel, on this system and on others of its kind
 * (names that a machine does not have are passed over). */
static const char *const needed[] = {
    /* memory */
    "brk", "madvise", "mlock", "mlock2", "mremap", "munlock", "munmap", "membarrier",
    /* files */
    "access", "chmod", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3",
    "faccessat", "faccessat2", "fadvise64", "fallocate", "fchmod", "fchmodat", "fchown", "fchown32",
    "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64", "fstatfs", "fsync",
    "ftruncate", "ftruncate64", "getcwd", "getdents64", "_llseek", "lseek", "lstat", "lstat64",
    "mkdir", "mkdirat", "newfstatat", "open", "openat", "pipe2", "pread64", "preadv", "pwrite64",
    "pwritev", "read", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2",
    "rmdir", "sendfile", "sendfile64", "stat", "stat64", "statfs", "statx", "sync_file_range",
    "umask", "unlink", "unlinkat", "write", "writev",
    /* the network */
    "accept", "accept4", "bind", "connect", "epoll_create1", "epoll_ctl", "epoll_pwait",
    "epoll_wait", "eventfd2", "getpeername", "getsockname", "getsockopt", "listen", "poll", "ppoll",
    "pselect6", "recv", "recvfrom", "recvmmsg", "recvmsg", "select", "_newselect", "send",
    "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socketpair", "ioctl",
    /* threads, time, signals */
    "arch_prctl", "clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "clone", "clone3", "exit", "exit_group", "futex", "futex_time64",
    "futex_waitv", "get_robust_list", "getcpu", "getpid", "getppid", "getrandom", "getrlimit",
    "getrusage", "gettid", "gettimeofday", "nanosleep", "prctl", "prlimit64", "restart_syscall",
    "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
    "rt_sigtimedwait_time64", "sched_getaffinity", "sched_getparam", "sched_getscheduler",
    "sched_yield", "set_robust_list", "setpriority", "set_tid_address", "sigaltstack", "sysinfo",
    "tgkill", "time", "timer_create", "timer_delete", "timer_settime", "ugetrlimit", "uname",
    /* who we are, never who else we might be */
    "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getuid", "getuid32"};

/* One call, when that argument has that value in the bits of the mask. */
static int allow_if(scmp_filter_ctx filter, int number, unsigned argument, scmp_datum_t mask,
                    scmp_datum_t value)
{
    const struct scmp_arg_cmp condition = {
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &condition);
}

static int allow_socket_families(scmp_filter_ctx filter)
{
    static const scmp_datum_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    int status = 0;
    for (size_t i = 0; i < sizeof families / sizeof families[0] && status == 0; i++) {
        status = allow_if(filter, SCMP_SYS(socket), 0, UINT32_MAX, families[i]);
    }
    return status;
}

/* Libraries may be loaded; nothing that was written is ever run. */
static int allow_memory(scmp_filter_ctx filter)
{
    static const scmp_datum_t combinations[] = {0, PROT_WRITE, PROT_EXEC};
    static const char *const maps[] = {"mmap", "mmap2"};
    int status = allow_if(filter, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
    for (size_t i = 0; i < 2; i++) {
        int number = seccomp_syscall_resolve_name(maps[i]);
        for (size_t j = 0; j < 3 && status == 0 && number >= 0; j++) {
            status = allow_if(filter, number, 2, PROT_WRITE | PROT_EXEC, combinations[j]);
        }
    }
    return status;
}

static int allow_needed(scmp_filter_ctx filter)
{
    int status = 0;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && status == 0; i++) {
        int number = seccomp_syscall_resolve_name(needed[i]);
        if (number != __NR_SCMP_ERROR && number >= 0) {
            status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
        }
    }
    return status;
}

enum result process_confine(struct error *error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int status = filter == NULL ? -1 : allow_needed(filter);
    status = status != 0 ? status : allow_socket_families(filter);
    status = status != 0 ? status : allow_memory(filter);
    status = status != 0 ? status : seccomp_load(filter);
    if (filter != NULL) {
        seccomp_release(filter);
    }
    return status == 0 ? RESULT_OK
                       : error_set(error, RESULT_UNSUPPORTED,
                                   "This system has no seccomp filters: set [process] confine = "
                                   "false, and let systemd confine the node instead.");
}
