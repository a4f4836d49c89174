#include "registry/command/listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"

/* Connections that may wait to be accepted. */
#define BACKLOG 4096
/* A killed daemon's server process goes after it, and its sockets with it. */
#define BUSY_LIMIT_MS 3000
#define BUSY_STEP_US 20000

/* getaddrinfo takes any number and leaves bits of it out. */
static bool
is_port(const char *text)
{
    char *end;
    long port = strtol(text, &end, 10);

    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && port >= 1 &&
           port <= 65535;
}

/* Splits "host:port" or "[host]:port" in place; a host of "*" is any. */
static bool
split(const char **out_host, const char **out_port, char *address)
{
    char *colon = strrchr(address, ':');
    char *host = address;

    if (colon == NULL || !is_port(colon + 1))
        return false;
    *colon = '\0';
    if (host[0] == '[') {
        size_t length = strlen(host);

        if (host[length - 1] != ']')
            return false;
        host[length - 1] = '\0';
        host++;
    }
    *out_host = strcmp(host, "*") == 0 || *host == '\0' ? NULL : host;
    *out_port = colon + 1;
    return true;
}

static int
open_socket(const struct addrinfo *info)
{
    int on = 1;
    int fd =
        socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 ||
        listen(fd, BACKLOG) < 0) {
        int kept = errno;

        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

/* Waits a while for an address that is in use. */
static int
open_patiently(const struct addrinfo *info)
{
    int64_t until_ms = clock_monotonic_ms() + BUSY_LIMIT_MS;
    int fd;

    while ((fd = open_socket(info)) < 0 && errno == EADDRINUSE &&
           clock_monotonic_ms() < until_ms)
        usleep(BUSY_STEP_US);
    return fd;
}

static int
open_address(struct listeners *out, const char *address, struct error *err)
{
    struct arena *arena = arena_open();
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    const char *host;
    const char *port;
    int result = -1;
    int problem;

    if (!split(&host, &port, arena_text(arena, address))) {
        error_set(err, ERROR_USAGE, "listen: \"%s\" is not ADDRESS:PORT",
                  address);
        goto done;
    }
    problem = getaddrinfo(host, port, &hints, &found);
    if (problem != 0) {
        error_set(err, ERROR_USAGE, "listen: %s: %s", address,
                  gai_strerror(problem));
        goto done;
    }
    for (struct addrinfo *at = found; at != NULL; at = at->ai_next) {
        if (out->count == CONFIG_LISTEN_LIMIT)
            break;
        out->sockets[out->count] = open_patiently(at);
        if (out->sockets[out->count] < 0) {
            error_set(err, ERROR_INTERNAL, "listen: %s: %s", address,
                      strerror(errno));
            goto done;
        }
        out->count++;
    }
    result = 0;

done:
    if (found != NULL)
        freeaddrinfo(found);
    arena_free(arena);
    return result;
}

int
listeners_open(struct listeners *out, const char *addresses, struct error *err)
{
    struct arena *arena = arena_open();
    char *rest = arena_text(arena, addresses);
    char *address;
    int result = 0;

    out->count = 0;
    while (result == 0 && (address = strsep(&rest, ", ")) != NULL)
        if (*address != '\0')
            result = open_address(out, address, err);
    if (result == 0 && out->count == 0)
        result = error_set(err, ERROR_USAGE, "listen names no address");
    if (result < 0)
        listeners_close(out);
    arena_free(arena);
    return result;
}

void
listeners_close(struct listeners *listeners)
{
    for (int i = 0; i < listeners->count; i++)
        close(listeners->sockets[i]);
    listeners->count = 0;
}
