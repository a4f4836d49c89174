#include "registry/command/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/arena.h"

#define VARIABLE "WEIGHD_HANDOVER"
#define TEXT_BYTES 512
#define TRIAL_SECONDS 10
#define ARGUMENT_LIMIT 1024

/* Reads a number that ends with the mark and goes behind it. */
static bool
read_number(int *out, const char **text, char mark)
{
    char *end;
    long number;

    if (**text < '0' || **text > '9')
        return false;
    number = strtol(*text, &end, 10);
    if (*end != mark || number < 1 || number > INT_MAX)
        return false;
    *out = (int)number;
    *text = end + (mark != '\0');
    return true;
}

/* Whether fd is a socket, as it should be; it stays in this program then. */
static bool
keep_socket(int fd)
{
    int type;
    socklen_t length = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
           type == SOCK_STREAM && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* "PID:" then "sFD," and "cPID/FD," or "lPID/FD," of children. */
static bool
read_items(struct listeners *listeners, struct keeper *keeper, const char *at)
{
    int children = 0;
    int pid;
    int fd;

    while (*at != '\0') {
        char kind = *at++;

        if (kind == 's') {
            if (listeners->count == CONFIG_LISTEN_LIMIT ||
                !read_number(&fd, &at, ',') || !keep_socket(fd))
                return false;
            listeners->sockets[listeners->count++] = fd;
            continue;
        }
        if ((kind != 'c' && kind != 'l') || ++children > KEEPER_CHILDREN ||
            !read_number(&pid, &at, '/') || !read_number(&fd, &at, ',') ||
            !keep_socket(fd))
            return false;
        keeper_adopt(keeper, kind == 'c' ? KEEPER_SERVING : KEEPER_LEAVING, pid,
                     fd);
    }
    return true;
}

int
handover_take(struct listeners *listeners, struct keeper *keeper,
              struct error *err)
{
    const char *text = getenv(VARIABLE);
    const char *at = text;
    int pid;

    listeners->count = 0;
    if (text == NULL)
        return 0;
    if (strlen(text) >= TEXT_BYTES || !read_number(&pid, &at, ':'))
        return error_set(err, ERROR_USAGE, VARIABLE " is malformed");
    if (pid == getpid() && !read_items(listeners, keeper, at))
        return error_set(err, ERROR_USAGE, VARIABLE " is malformed");
    unsetenv(VARIABLE);
    return 0;
}

static const char *
write_items(struct arena *arena, const struct listeners *listeners,
            const struct keeper *keeper)
{
    const char *text = arena_format(arena, "%d:", (int)getpid());

    for (int i = 0; i < listeners->count; i++)
        text = arena_format(arena, "%ss%d,", text, listeners->sockets[i]);
    for (int i = 0; i < KEEPER_CHILDREN; i++) {
        const struct keeper_child *child = &keeper->children[i];

        if (child->state != KEEPER_NONE && child->channel >= 0)
            text = arena_format(arena, "%s%c%d/%d,", text,
                                child->state == KEEPER_SERVING ? 'c' : 'l',
                                (int)child->pid, child->channel);
    }
    return text;
}

/* Whether the descriptors of sockets and children outlive an exec. */
static void
set_kept(const struct listeners *listeners, const struct keeper *keeper,
         bool is_kept)
{
    int flags = is_kept ? 0 : FD_CLOEXEC;

    for (int i = 0; i < listeners->count; i++)
        fcntl(listeners->sockets[i], F_SETFD, flags);
    for (int i = 0; i < KEEPER_CHILDREN; i++)
        if (keeper->children[i].state != KEEPER_NONE &&
            keeper->children[i].channel >= 0)
            fcntl(keeper->children[i].channel, F_SETFD, flags);
}

/* The new program reads its configuration and says its version, no more. */
static int
try_program(const char *program, char *const *arguments, struct error *err)
{
    char *argv[ARGUMENT_LIMIT + 2] = {arguments[0], "--version"};
    int count = 1;
    int status = -1;
    pid_t child;

    for (; arguments[count] != NULL; count++) {
        if (count == ARGUMENT_LIMIT)
            return error_set(err, ERROR_USAGE, "too many arguments");
        argv[count + 1] = arguments[count];
    }
    child = fork();
    if (child < 0)
        return error_set_system(err, "fork");
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

        dup2(nowhere, STDOUT_FILENO);
        alarm(TRIAL_SECONDS);
        execv(program, argv);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(err, ERROR_USAGE,
                     "%s does not start with this configuration", program);
}

int
handover_run(const char *program, char *const *arguments,
             const struct listeners *listeners, struct keeper *keeper,
             struct error *err)
{
    struct arena *arena;

    if (try_program(program, arguments, err) < 0)
        return -1;
    arena = arena_open();
    setenv(VARIABLE, write_items(arena, listeners, keeper), 1);
    set_kept(listeners, keeper, true);
    execv(program, arguments);
    error_set_system(err, program);
    set_kept(listeners, keeper, false);
    unsetenv(VARIABLE);
    arena_free(arena);
    return -1;
}
