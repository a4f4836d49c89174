#include "registry/command/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PASSED 3 /* SD_LISTEN_FDS_START */
#define MESSAGE_BYTES 128

/* A decimal number without a sign; false for anything else. */
static bool
read_number(int64_t *out, const char *text, int64_t most)
{
    char *end;
    long long number;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    errno = 0;
    number = strtoll(text, &end, 10);
    if (*end != '\0' || errno != 0 || number > most)
        return false;
    *out = number;
    return true;
}

static void
say(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path != NULL ? strlen(path) : 0;
    ssize_t n;
    int fd;

    if (length < 2 || length >= sizeof(address.sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* an abstract name */
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    n = sendto(fd, message, strlen(message), MSG_NOSIGNAL,
               (const struct sockaddr *)&address,
               (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
    (void)n; /* a supervisor that does not listen is its own affair */
    close(fd);
}

void
supervisor_say_ready(void)
{
    char message[MESSAGE_BYTES];

    snprintf(message, sizeof(message), "READY=1\nMAINPID=%d", (int)getpid());
    say(message);
}

void
supervisor_say_reloading(void)
{
    char message[MESSAGE_BYTES];
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
             (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    say(message);
}

void
supervisor_say_stopping(void)
{
    say("STOPPING=1");
}

void
supervisor_say_alive(void)
{
    say("WATCHDOG=1");
}

/* True when the variable is not set or names this process. */
static bool
is_for_us(const char *variable, bool when_unset)
{
    const char *text = getenv(variable);
    int64_t pid;

    if (text == NULL)
        return when_unset;
    return read_number(&pid, text, INT_MAX) && pid == getpid();
}

int64_t
supervisor_watchdog_ms(void)
{
    int64_t microseconds;

    if (!is_for_us("WATCHDOG_PID", true) ||
        !read_number(&microseconds, getenv("WATCHDOG_USEC"), INT64_MAX) ||
        microseconds < 3000)
        return 0;
    return microseconds / 3000;
}

static int
check_listener(int fd, struct error *err)
{
    int type = 0;
    int is_listening = 0;
    socklen_t length = sizeof(int);

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &length) < 0 ||
        type != SOCK_STREAM || is_listening == 0)
        return error_set(err, ERROR_USAGE,
                         "LISTEN_FDS: %d is no listening stream socket", fd);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
        return error_set_system(err, "LISTEN_FDS");
    return 0;
}

int
supervisor_take_listeners(struct listeners *out, struct error *err)
{
    const char *text = getenv("LISTEN_FDS");
    int64_t count = 0;

    out->count = 0;
    if (text == NULL || !is_for_us("LISTEN_PID", false))
        return 0;
    if (!read_number(&count, text, CONFIG_LISTEN_LIMIT))
        return error_set(err, ERROR_USAGE,
                         "LISTEN_FDS is not a number up to %d",
                         CONFIG_LISTEN_LIMIT);
    for (int i = 0; i < (int)count; i++)
        if (check_listener(FIRST_PASSED + i, err) < 0)
            return -1;
    for (int i = 0; i < (int)count; i++)
        out->sockets[i] = FIRST_PASSED + i;
    out->count = (int)count;
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    return 0;
}
