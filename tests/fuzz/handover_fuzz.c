/*
 * WEIGHD_HANDOVER, and LISTEN_FDS as a supervisor sets it, out of the same
 * bytes: whatever they say, every number taken is a socket's.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "registry/command/handover.h"
#include "registry/command/supervisor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Stream sockets for the numbers to find: 3 to 9, where they are free. */
static void
open_sockets(void)
{
    static int is_open;
    int pair[2];

    for (; is_open < 4; is_open++)
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
            abort();
}

static void
check_socket(int fd)
{
    socklen_t length = sizeof(int);
    int type;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
        type != SOCK_STREAM)
        abort();
}

static void
check_listeners(const struct listeners *listeners)
{
    if (listeners->count < 0 || listeners->count > CONFIG_LISTEN_LIMIT)
        abort();
    for (int i = 0; i < listeners->count; i++)
        check_socket(listeners->sockets[i]);
}

static void
take_handover(const char *text)
{
    struct keeper keeper = {.log = {-1}};
    struct listeners listeners;
    struct error err;

    setenv("WEIGHD_HANDOVER", text, 1);
    if (handover_take(&listeners, &keeper, &err) < 0)
        return;
    check_listeners(&listeners);
    for (int i = 0; i < KEEPER_CHILDREN; i++)
        if (keeper.children[i].state != KEEPER_NONE) {
            check_socket(keeper.children[i].channel);
            if (keeper.children[i].pid < 1)
                abort();
        }
    if (getenv("WEIGHD_HANDOVER") != NULL)
        abort();
}

static void
take_listeners(const char *text)
{
    struct listeners listeners;
    struct error err;

    setenv("LISTEN_FDS", text, 1);
    if (supervisor_take_listeners(&listeners, &err) == 0)
        check_listeners(&listeners);
    setenv("WATCHDOG_USEC", text, 1);
    if (supervisor_watchdog_ms() < 0)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);

    open_sockets();
    take_handover(text);
    take_handover(arena_format(arena, "%d:%s", (int)getpid(), text));
    setenv("LISTEN_PID", arena_format(arena, "%d", (int)getpid()), 1);
    take_listeners(text);
    arena_free(arena);
    return 0;
}
