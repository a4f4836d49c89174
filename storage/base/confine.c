#include "storage/base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that Debian 12's header does not know yet (ABI 2, 3 and 5). */
#define FS_REFER (1ULL << 13)
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)

#define FILE_RIGHTS                                                            \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |            \
     LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE | FS_IOCTL_DEV)
#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_RIGHTS                                                           \
    (READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE |                             \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |          \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |               \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | FS_REFER | FS_TRUNCATE)

/* What threads, memory, files and clocks need; no way to start a program. */
static const char *const calls[] = {
    "access",
    "arch_prctl",
    "brk",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "close_range",
    "copy_file_range",
    "dup",
    "dup2",
    "dup3",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd2",
    "exit",
    "exit_group",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchmod",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "getcwd",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "gettid",
    "gettimeofday",
    "getuid",
    "link",
    "linkat",
    "lseek",
    "lstat",
    "madvise",
    "membarrier",
    "memfd_create",
    "mkdir",
    "mkdirat",
    "mlock",
    "mlock2",
    "mmap",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    "nanosleep",
    "newfstatat",
    "open",
    "openat",
    "pause",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "prctl",
    "pread64",
    "preadv",
    "preadv2",
    "pselect6",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "restart_syscall",
    "rmdir",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_yield",
    "select",
    "sendfile",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    "splice",
    "stat",
    "statfs",
    "statx",
    "symlinkat",
    "sync_file_range",
    "sysinfo",
    "tee",
    "time",
    "timerfd_create",
    "timerfd_settime",
    "umask",
    "uname",
    "unlink",
    "unlinkat",
    "utimensat",
    "wait4",
    "write",
    "writev",
};

/* Sockets that are there already may always be used; new ones need network. */
static const char *const used_sockets[] = {
    "accept",  "accept4",  "getpeername", "getsockname", "getsockopt",
    "listen",  "recvfrom", "recvmmsg",    "recvmsg",     "sendmmsg",
    "sendmsg", "sendto",   "setsockopt",  "shutdown",    "socketpair",
};
static const char *const new_sockets[] = {"connect", "bind"};
static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

/* Not F_SETOWN and F_SETSIG, which have the kernel signal another process. */
static const int file_commands[] = {
    F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,     F_SETFD,     F_GETFL,
    F_SETFL,     F_GETLK,         F_SETLK,     F_SETLKW,    F_OFD_GETLK,
    F_OFD_SETLK, F_OFD_SETLKW,    F_ADD_SEALS, F_GET_SEALS,
};
/* Neither FIOSETOWN, which does the same, nor what a terminal would type. */
static const unsigned long devices[] = {
    TCGETS,  TIOCGWINSZ, FIONBIO,      FIONREAD,
    FIOCLEX, FIONCLEX,   SIOCGIFINDEX, SIOCGIFNAME,
};

/* A new user namespace would bring privileges with it. */
#define NAMESPACES                                                             \
    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |               \
     CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static uint64_t
known_rights(int abi)
{
    uint64_t rights =
        FILE_RIGHTS | WRITE_RIGHTS | LANDLOCK_ACCESS_FS_MAKE_CHAR |
        LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
        LANDLOCK_ACCESS_FS_MAKE_SYM;

    if (abi < 2)
        rights &= ~FS_REFER;
    if (abi < 3)
        rights &= ~FS_TRUNCATE;
    if (abi < 5)
        rights &= ~FS_IOCTL_DEV;
    return rights;
}

static int
allow_path(int ruleset, const char *path, uint64_t rights, struct error *err)
{
    struct landlock_path_beneath_attr beneath = {0};
    struct stat status;
    int result = 0;

    beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0)
        return errno == ENOENT ? 0 : error_set_system(err, path);
    if (fstat(beneath.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
        rights &= FILE_RIGHTS;
    beneath.allowed_access = rights;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                &beneath, 0) < 0)
        result = error_set_system(err, "landlock");
    close(beneath.parent_fd);
    return result;
}

/* The version of Landlock that the kernel has, below 1 for none. */
static int
find_landlock(void)
{
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                        LANDLOCK_CREATE_RULESET_VERSION);
}

static int
enter_landlock(const struct confine_rules *rules, struct error *err)
{
    struct landlock_ruleset_attr attr = {0};
    int result = -1;
    int ruleset;
    int abi = find_landlock();

    if (abi < 1 && rules->need_landlock)
        return error_set_system(err, "this kernel has no Landlock");
    if (abi < 1)
        return 0;
    attr.handled_access_fs = known_rights(abi);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0)
        return error_set_system(err, "landlock");
    for (int i = 0; i < CONFINE_PATHS && rules->read_write[i] != NULL; i++)
        if (allow_path(ruleset, rules->read_write[i],
                       WRITE_RIGHTS & known_rights(abi), err) < 0)
            goto done;
    for (int i = 0; i < CONFINE_PATHS && rules->read_only[i] != NULL; i++)
        if (allow_path(ruleset, rules->read_only[i], READ_RIGHTS, err) < 0)
            goto done;
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0) {
        error_set_system(err, "landlock");
        goto done;
    }
    result = 0;

done:
    close(ruleset);
    return result;
}

static int
allow_calls(scmp_filter_ctx filter, const char *const *names, size_t count,
            struct error *err)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        /* A name that this architecture or libseccomp lacks is no call. */
        if (number == __NR_SCMP_ERROR || number < 0)
            continue;
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) < 0)
            return error_set(err, ERROR_INTERNAL, "seccomp: %s", names[i]);
    }
    return 0;
}

/*
 * Calls whose arguments matter.  clone3 hides its flags in memory, so it is
 * said to be missing, and libraries use clone.  Signals go to ourselves alone:
 * the parent and PostgreSQL may run as the same user.
 */
static int
allow_some(scmp_filter_ctx filter, bool network, struct error *err)
{
    int failed =
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               SCMP_A0(SCMP_CMP_MASKED_EQ, NAMESPACES, 0));
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                               SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    for (size_t i = 0; i < sizeof(file_commands) / sizeof(file_commands[0]);
         i++)
        failed |= seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
            SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)file_commands[i], 0));
    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        failed |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)devices[i], 0));
    /* Of this process: another's limit on its time would end it. */
    failed |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                               SCMP_A0(SCMP_CMP_EQ, 0, 0));
    for (size_t i = 0; network && i < sizeof(families) / sizeof(families[0]);
         i++)
        failed |= seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
    return failed == 0 ? 0 : error_set(err, ERROR_INTERNAL, "seccomp: rules");
}

static int
enter_seccomp(const struct confine_rules *rules, struct error *err)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int result = -1;

    if (filter == NULL)
        return error_set(err, ERROR_INTERNAL, "seccomp is not there");
    if (allow_calls(filter, calls, sizeof(calls) / sizeof(calls[0]), err) < 0)
        goto done;
    if (allow_calls(filter, used_sockets,
                    sizeof(used_sockets) / sizeof(used_sockets[0]), err) < 0)
        goto done;
    if (rules->network &&
        allow_calls(filter, new_sockets,
                    sizeof(new_sockets) / sizeof(new_sockets[0]), err) < 0)
        goto done;
    if (allow_some(filter, rules->network, err) < 0)
        goto done;
    if (seccomp_load(filter) < 0) {
        error_set_system(err, "seccomp");
        goto done;
    }
    result = 0;

done:
    seccomp_release(filter);
    return result;
}

bool
confine_has_landlock(void)
{
    return find_landlock() >= 1;
}

int
confine_find_user(uid_t *out_uid, gid_t *out_gid, const char *user,
                  struct error *err)
{
    const struct passwd *entry = getpwnam(user);

    if (entry == NULL)
        return error_set(err, ERROR_USAGE,
                         "there is no account \"%s\" to run as: make one "
                         "(useradd --system %s) or name another with --user",
                         user, user);
    if (entry->pw_uid == 0)
        return error_set(err, ERROR_USAGE, "\"%s\" is root itself", user);
    *out_uid = entry->pw_uid;
    *out_gid = entry->pw_gid;
    return 0;
}

int
confine_become(const char *user, struct error *err)
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (geteuid() != 0)
        return 0;
    if (confine_find_user(&uid, &gid, user, err) < 0)
        return -1;
    if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return error_set_system(err, user);
    return 0;
}

int
confine_enter(const struct confine_rules *rules, struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set_system(err, "no_new_privs");
    if (enter_landlock(rules, err) < 0)
        return -1;
    return enter_seccomp(rules, err);
}
