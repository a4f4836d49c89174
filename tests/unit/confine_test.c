#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/shelter.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "tests/check.h"

/* Runs attempt in a confined child; what it returned, or -1. */
static int
in_confinement(const struct confine_rules *rules, int (*attempt)(const char *),
               const char *path)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        struct error err;

        if (confine_enter(rules, &err) < 0)
            _exit(99);
        _exit(attempt(path));
    }
    CHECK(child > 0);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Each attempt exits with 0 when it got through, else with errno. */
static int
write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    return fd < 0 ? errno : 0;
}

static int
read_file(const char *path)
{
    return open(path, O_RDONLY) < 0 ? errno : 0;
}

static int
run_program(const char *path)
{
    execl(path, path, (char *)NULL);
    return errno;
}

static int
make_socket(const char *path)
{
    (void)path;
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
}

TEST(a_confined_process_reaches_its_folders_alone)
{
    char folder[] = "/tmp/weigh-confine-XXXXXX";
    char inside[64];
    struct error err;
    struct confine_rules rules = {.need_landlock = true};

    CHECK(mkdtemp(folder) != NULL);
    snprintf(inside, sizeof(inside), "%s/a", folder);
    rules.read_write[0] = folder;
    rules.read_only[0] = "/etc";
    CHECK(in_confinement(&rules, write_file, inside) == 0);
    CHECK(in_confinement(&rules, read_file, "/etc/passwd") == 0);
    CHECK(in_confinement(&rules, read_file, "/usr/bin/env") == EACCES);
    CHECK(in_confinement(&rules, write_file, "/etc/weigh") == EACCES);
    CHECK(file_remove_tree(folder, &err) == 0);
}

TEST(a_confined_process_starts_no_program)
{
    struct confine_rules rules = {.read_only = {"/"}};

    CHECK(in_confinement(&rules, run_program, "/bin/true") == EPERM);
}

TEST(a_confined_process_without_network_opens_no_socket)
{
    struct confine_rules rules = {.read_only = {"/"}};

    CHECK(in_confinement(&rules, make_socket, "") == EPERM);
    rules.network = true;
    CHECK(in_confinement(&rules, make_socket, "") == 0);
}

/* What a server child that was taken over might try. */

static int
trace_parent(const char *path)
{
    (void)path;
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) < 0 ? errno : 0;
}

static int
mount_folder(const char *path)
{
    return mount(path, path, NULL, MS_BIND, NULL) < 0 ? errno : 0;
}

static int
make_packet_socket(const char *path)
{
    (void)path;
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : 0;
}

static int
make_crypto_socket(const char *path)
{
    (void)path;
    return socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 ? errno : 0;
}

static int
make_namespace(const char *path)
{
    (void)path;
    return unshare(CLONE_NEWUSER) < 0 ? errno : 0;
}

/* The raw call, with nothing but a namespace asked for. */
static int
clone_namespace(const char *path)
{
    long child =
        syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);

    (void)path;
    if (child == 0)
        _exit(0);
    return child < 0 ? errno : 0;
}

static int
kill_parent(const char *path)
{
    (void)path;
    return kill(getppid(), 0) < 0 ? errno : 0;
}

static int
signal_parent(const char *path)
{
    (void)path;
    return syscall(SYS_tgkill, getppid(), getppid(), 0) < 0 ? errno : 0;
}

/* A socket whose input would end the parent by a signal of our choice. */
static int
own_socket_to_parent(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)path;
    return fcntl(fd, F_SETOWN, getppid()) < 0 ? errno : 0;
}

static int
choose_signal(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)path;
    return fcntl(fd, F_SETSIG, SIGKILL) < 0 ? errno : 0;
}

static int
own_socket_by_device(const char *path)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int owner = getppid();

    (void)path;
    return ioctl(fd, FIOSETOWN, &owner) < 0 ? errno : 0;
}

static int
limit_parent(const char *path)
{
    struct rlimit limit;

    (void)path;
    return prlimit(getppid(), RLIMIT_CPU, NULL, &limit) < 0 ? errno : 0;
}

/* Calls that no server needs; without arguments they would fail otherwise. */
static const long refused_calls[] = {
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_kill,
    SYS_tkill,
    SYS_rt_sigqueueinfo,
    SYS_execve,
    SYS_execveat,
    SYS_mount,
    SYS_umount2,
    SYS_move_mount,
    SYS_open_tree,
    SYS_fsopen,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_bpf,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_userfaultfd,
    SYS_perf_event_open,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_sethostname,
    SYS_acct,
    SYS_quotactl,
    SYS_setuid,
    SYS_setresuid,
    SYS_setgid,
    SYS_setgroups,
    SYS_capset,
    SYS_fchown,
    SYS_fchownat,
    SYS_mknodat,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_personality,
    SYS_syslog,
    SYS_setpriority,
    SYS_shmget,
    SYS_mq_open,
    SYS_migrate_pages,
    SYS_timer_create,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
    SYS_chown,
    SYS_mknod,
    SYS_iopl,
    SYS_modify_ldt,
#endif
};

static int
make_other_calls(const char *path)
{
    (void)path;
    for (size_t i = 0; i < sizeof(refused_calls) / sizeof(refused_calls[0]);
         i++)
        if (syscall(refused_calls[i], 0, 0, 0, 0, 0, 0) != -1 || errno != EPERM)
            return (int)(100 + i);
    return 0;
}

static int
make_other_sockets(const char *path)
{
    static const int refused[] = {AF_PACKET,    AF_ALG, AF_VSOCK, AF_KEY,
                                  AF_BLUETOOTH, AF_CAN, AF_TIPC,  AF_XDP};

    (void)path;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (socket(refused[i], SOCK_RAW, 0) >= 0 || errno != EPERM)
            return (int)(100 + i);
    return 0;
}

static int
read_through_link(const char *path)
{
    if (symlinkat("/etc/shadow", AT_FDCWD, path) < 0)
        return errno;
    return open(path, O_RDONLY) < 0 ? errno : 0;
}

static int
may_gain_privileges(const char *path)
{
    (void)path;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 1;
}

static void *
do_nothing(void *state)
{
    return state;
}

static int
start_thread(const char *path)
{
    pthread_t thread;

    (void)path;
    return pthread_create(&thread, NULL, do_nothing, NULL) != 0 ||
           pthread_join(thread, NULL) != 0;
}

static int
make_network_socket(const char *path)
{
    return make_socket(path) != 0 || socket(AF_INET6, SOCK_STREAM, 0) < 0 ||
           socket(AF_UNIX, SOCK_STREAM, 0) < 0;
}

/* The rules of the real child, on a folder of the test's own. */
struct scene {
    char folder[40];
    char blobs[64];
    char spool[64];
    char inside[80];
    char beside[64];
    struct confine_rules rules;
};

static void
set_scene(struct scene *scene)
{
    struct config config = {.blobs = scene->blobs};
    struct error err;

    strcpy(scene->folder, "/tmp/weigh-confine-XXXXXX");
    CHECK(mkdtemp(scene->folder) != NULL);
    snprintf(scene->blobs, sizeof(scene->blobs), "%s/blobs", scene->folder);
    snprintf(scene->spool, sizeof(scene->spool), "%s/spool", scene->folder);
    snprintf(scene->inside, sizeof(scene->inside), "%s/a", scene->blobs);
    snprintf(scene->beside, sizeof(scene->beside), "%s/secret", scene->folder);
    CHECK(file_make_folder(scene->blobs, 0700, &err) == 0);
    CHECK(file_make_folder(scene->spool, 0700, &err) == 0);
    CHECK(file_write(scene->beside, "key", 3, 0644, &err) == 0);
    shelter_fill_rules(&scene->rules, &config, scene->spool);
    scene->rules.need_landlock = true;
}

TEST(a_server_child_reaches_no_file_but_its_own)
{
    struct scene scene;
    struct error err;

    set_scene(&scene);
    CHECK(in_confinement(&scene.rules, write_file, scene.inside) == 0);
    CHECK(in_confinement(&scene.rules, read_file, scene.beside) == EACCES);
    CHECK(in_confinement(&scene.rules, write_file, scene.beside) == EACCES);
    CHECK(in_confinement(&scene.rules, write_file, "/tmp/weigh-out") == EACCES);
    CHECK(in_confinement(&scene.rules, write_file, "/etc/passwd") == EACCES);
    CHECK(in_confinement(&scene.rules, read_file, "/etc/shadow") == EACCES);
    CHECK(in_confinement(&scene.rules, read_file, "/etc/group") == EACCES);
    CHECK(in_confinement(&scene.rules, read_file, "/proc/1/environ") == EACCES);
    strcat(scene.inside, ".link");
    CHECK(in_confinement(&scene.rules, read_through_link, scene.inside) != 0);
    CHECK(file_remove_tree(scene.folder, &err) == 0);
}

TEST(a_server_child_gains_nothing_and_touches_no_other_process)
{
    struct scene scene;
    struct error err;

    set_scene(&scene);
    CHECK(in_confinement(&scene.rules, may_gain_privileges, "") == 0);
    CHECK(in_confinement(&scene.rules, run_program, "/bin/true") == EPERM);
    CHECK(in_confinement(&scene.rules, trace_parent, "") == EPERM);
    CHECK(in_confinement(&scene.rules, mount_folder, scene.blobs) == EPERM);
    CHECK(in_confinement(&scene.rules, make_packet_socket, "") == EPERM);
    CHECK(in_confinement(&scene.rules, make_crypto_socket, "") == EPERM);
    CHECK(in_confinement(&scene.rules, make_namespace, "") == EPERM);
    CHECK(in_confinement(&scene.rules, clone_namespace, "") == EPERM);
    CHECK(in_confinement(&scene.rules, kill_parent, "") == EPERM);
    CHECK(in_confinement(&scene.rules, signal_parent, "") == EPERM);
    CHECK(in_confinement(&scene.rules, own_socket_to_parent, "") == EPERM);
    CHECK(in_confinement(&scene.rules, choose_signal, "") == EPERM);
    CHECK(in_confinement(&scene.rules, own_socket_by_device, "") == EPERM);
    CHECK(in_confinement(&scene.rules, limit_parent, "") == EPERM);
    CHECK(in_confinement(&scene.rules, make_other_calls, "") == 0);
    CHECK(in_confinement(&scene.rules, make_other_sockets, "") == 0);
    CHECK(in_confinement(&scene.rules, start_thread, "") == 0);
    CHECK(in_confinement(&scene.rules, make_network_socket, "") == 0);
    CHECK(file_remove_tree(scene.folder, &err) == 0);
}

/* A thread that goes in, one that it starts there, and what both met. */
struct walk {
    const struct scene *scene;
    int entered;
    int own;     /* errno of the secret's opening, 0 when it opened */
    int started; /* the same in the second thread */
};

static void *
read_beside(void *state)
{
    struct walk *walk = state;

    walk->started = read_file(walk->scene->beside);
    return NULL;
}

static void *
walk_in(void *state)
{
    struct walk *walk = state;
    struct error err;
    pthread_t thread;

    walk->entered = confine_enter(&walk->scene->rules, &err);
    walk->own = read_file(walk->scene->beside);
    if (pthread_create(&thread, NULL, read_beside, walk) == 0)
        pthread_join(thread, NULL);
    return NULL;
}

TEST(a_confinement_holds_for_its_thread_and_those_that_it_starts)
{
    struct scene scene;
    struct walk walk = {.scene = &scene};
    struct error err;
    pthread_t thread;

    set_scene(&scene);
    CHECK(pthread_create(&thread, NULL, walk_in, &walk) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(walk.entered == 0);
    CHECK(walk.own == EACCES && walk.started == EACCES);
    /* Which is why it is entered with one thread: others go free. */
    CHECK(read_file(scene.beside) == 0);
    CHECK(file_remove_tree(scene.folder, &err) == 0);
}

TEST(an_account_that_is_missing_is_named)
{
    struct error err;
    uid_t uid;
    gid_t gid;

    CHECK(confine_find_user(&uid, &gid, "no-such-account", &err) < 0);
    CHECK(strstr(err.message, "no-such-account") != NULL);
    CHECK(confine_find_user(&uid, &gid, "root", &err) < 0);
}
