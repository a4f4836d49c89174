#include "storage/db/program.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is kept of a program's output, for its last line. */
#define OUTPUT_BYTES 4096

/* Where distributions and PostgreSQL itself put the programs. */
static const char *const places[] = {
    "/usr/lib/postgresql/[0-9]*/bin",
    "/usr/pgsql-[0-9]*/bin",
    "/usr/lib64/pgsql/bin",
    "/usr/local/pgsql/bin",
    "/usr/local/bin",
    "/usr/bin",
};

/* Never the caller's: PGOPTIONS and the like would change what is started. */
static char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin",
                                    "LC_ALL=C", "TZ=UTC", NULL};

/* Becomes the account for good; false when root cannot be given up. */
static bool
become(const struct program_account *account)
{
    if (geteuid() != 0)
        return true;
    return setgroups(0, NULL) == 0 &&
           setresgid(account->gid, account->gid, account->gid) == 0 &&
           setresuid(account->uid, account->uid, account->uid) == 0;
}

static void
reset_signals(void)
{
    sigset_t none;

    for (int i = 1; i < SIGRTMIN; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: only returns when something failed, with errno. */
static void
execute(const char *const *argv, const struct program_account *account,
        int output)
{
    int nothing = open("/dev/null", O_RDONLY);

    reset_signals();
    setsid();
    umask(077);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        return;
    if (!become(account) || chdir("/") < 0)
        return;
    /* POSIX promises that execve changes neither array. */
    execve(argv[0], (char *const *)argv, environment);
}

int
program_start(pid_t *out, const char *const *argv,
              const struct program_account *account, int output,
              struct error *err)
{
    int failure[2]; /* closed by exec, or carries errno */
    int number = 0;
    pid_t pid;

    if (pipe2(failure, O_CLOEXEC) < 0)
        return error_set_system(err, "pipe");
    pid = fork();
    if (pid == 0) {
        ssize_t written;

        execute(argv, account, output);
        number = errno;
        written = write(failure[1], &number, sizeof(number));
        _exit(written == sizeof(number) ? 127 : 126);
    }
    close(failure[1]);
    if (pid > 0 && read(failure[0], &number, sizeof(number)) > 0) {
        waitpid(pid, NULL, 0);
        pid = -1;
        errno = number;
    }
    close(failure[0]);
    if (pid < 0)
        return error_set_system(err, argv[0]);
    *out = pid;
    return 0;
}

/* Reads to the end; keeps the last OUTPUT_BYTES - 1 and ends them. */
static void
drain(char out[OUTPUT_BYTES], int fd)
{
    size_t kept = 0;
    ssize_t n;

    for (;;) {
        if (kept > OUTPUT_BYTES / 2) {
            size_t drop = kept - OUTPUT_BYTES / 2;

            memmove(out, out + drop, kept - drop);
            kept -= drop;
        }
        n = read(fd, out + kept, OUTPUT_BYTES / 2 - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        kept += (size_t)n;
    }
    out[kept] = '\0';
}

static const char *
last_line(char *text)
{
    size_t length = strlen(text);
    char *newline;

    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    newline = strrchr(text, '\n');
    return newline != NULL ? newline + 1 : text;
}

static int
wait_for(int *status, pid_t pid, struct error *err)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return error_set_system(err, "wait");
    return 0;
}

/* Runs it to its end with its output in out. */
static int
capture(char out[OUTPUT_BYTES], const char *const *argv,
        const struct program_account *account, struct error *err)
{
    int output[2];
    int status;
    int result;
    pid_t pid = -1;

    if (pipe2(output, O_CLOEXEC) < 0)
        return error_set_system(err, "pipe");
    result = program_start(&pid, argv, account, output[1], err);
    close(output[1]);
    if (result == 0)
        drain(out, output[0]);
    close(output[0]);
    if (result < 0 || wait_for(&status, pid, err) < 0)
        return -1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        error_set(err, ERROR_INTERNAL, "%s", last_line(out));
        return error_set_cause(err, "%s: status %d", argv[0], status);
    }
    return 0;
}

int
program_run(const char *const *argv, const struct program_account *account,
            struct error *err)
{
    char output[OUTPUT_BYTES] = "";

    return capture(output, argv, account, err);
}

/* The version of the programs in folder; 0 when there are none. */
static int
version_of(struct arena *arena, const char *folder)
{
    const char *path = arena_format(arena, "%s/postgres", folder);
    const char *const argv[] = {path, "-V", NULL};
    const struct program_account account = {geteuid(), getegid()};
    char output[OUTPUT_BYTES] = "";
    struct error err;
    const char *word;

    if (access(path, X_OK) < 0 || capture(output, argv, &account, &err) < 0)
        return 0;
    word = strpbrk(output, "0123456789"); /* postgres (PostgreSQL) 15.8 */
    return word != NULL ? (int)strtol(word, NULL, 10) : 0;
}

int
program_find(const char **out_folder, struct arena *arena, int version,
             int oldest, struct error *err)
{
    int best = 0;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        glob_t found = {0};

        glob(places[i], 0, NULL, &found);
        for (size_t j = 0; j < found.gl_pathc; j++) {
            int is = version_of(arena, found.gl_pathv[j]);

            if (is <= best || is < oldest || (version != 0 && is != version))
                continue;
            best = is;
            *out_folder = arena_text(arena, found.gl_pathv[j]);
        }
        globfree(&found);
    }
    if (best > 0)
        return 0;
    if (version != 0)
        return error_set(err, ERROR_NOT_FOUND,
                         "PostgreSQL %d, which made the data, is not "
                         "installed: apt-get install postgresql-%d",
                         version, version);
    return error_set(err, ERROR_NOT_FOUND,
                     "PostgreSQL %d or newer is not installed: apt-get "
                     "install postgresql",
                     oldest);
}

/* In the child: the length of the first folder's path that is shut, or 0. */
static size_t
find_shut(const char *path)
{
    size_t length = strlen(path);
    char copy[4096];

    if (length >= sizeof(copy))
        return length;
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(copy, path, i);
        copy[i] = '\0';
        if (access(copy, X_OK) < 0)
            return i;
    }
    return 0;
}

int
program_check_path(const char *path, const struct program_account *account,
                   struct error *err)
{
    int answer[2];
    size_t length = 0;
    ssize_t n;
    pid_t pid;

    if (pipe2(answer, O_CLOEXEC) < 0)
        return error_set_system(err, "pipe");
    pid = fork();
    if (pid == 0) {
        length = become(account) ? find_shut(path) : strlen(path);
        n = write(answer[1], &length, sizeof(length));
        _exit(n == sizeof(length) ? 0 : 1);
    }
    close(answer[1]);
    n = pid > 0 ? read(answer[0], &length, sizeof(length)) : -1;
    close(answer[0]);
    if (pid < 0 || n != sizeof(length))
        return error_set_system(err, "fork");
    waitpid(pid, NULL, 0);
    if (length == 0)
        return 0;
    return error_set(err, ERROR_FORBIDDEN,
                     "user %d cannot enter %.*s, which is on the way to the "
                     "data in %s: chmod o+x it, or choose another folder",
                     (int)account->uid, (int)length, path, path);
}
