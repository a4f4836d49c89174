#include "registry/command/keeper.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/clock.h"
#include "storage/base/file.h"

/* Beyond what a child was given to finish: its last jobs and its end. */
#define KILL_AFTER_MS 5000
/* A child serves by then: workers have connected, or could not. */
#define START_MS 120000
/* A child that takes no order for so long does not work. */
#define ORDER_SECONDS 5

struct keeper_child *
keeper_find(struct keeper *keeper, enum keeper_state state)
{
    for (int i = 0; i < KEEPER_CHILDREN; i++)
        if (keeper->children[i].state == state)
            return &keeper->children[i];
    return NULL;
}

bool
keeper_is_empty(const struct keeper *keeper)
{
    for (int i = 0; i < KEEPER_CHILDREN; i++)
        if (keeper->children[i].state != KEEPER_NONE)
            return false;
    return true;
}

static void
close_channel(struct keeper_child *child)
{
    if (child->channel >= 0)
        close(child->channel);
    child->channel = -1;
}

void
keeper_adopt(struct keeper *keeper, enum keeper_state state, pid_t pid,
             int channel)
{
    struct keeper_child *child = keeper_find(keeper, KEEPER_NONE);
    const struct timeval most = {.tv_sec = ORDER_SECONDS};

    if (child == NULL)
        return;
    setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
    *child = (struct keeper_child){.state = state,
                                   .pid = pid,
                                   .channel = channel,
                                   .began_ms = clock_monotonic_ms()};
}

int
keeper_start(struct keeper *keeper, keeper_life *life, void *state,
             struct error *err)
{
    pid_t self = getpid();
    int pair[2];
    pid_t child;

    if (keeper_find(keeper, KEEPER_NONE) == NULL)
        return error_set(err, ERROR_BUSY,
                         "too many servers still finish their requests");
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set_system(err, "socket pair");
    child = fork();
    if (child < 0) {
        close(pair[0]);
        close(pair[1]);
        return error_set_system(err, "fork");
    }
    if (child == 0) {
        close(pair[0]);
        for (int i = 0; i < KEEPER_CHILDREN; i++)
            if (keeper->children[i].state != KEEPER_NONE)
                close_channel(&keeper->children[i]);
        life(state, pair[1], self);
        _exit(1);
    }
    close(pair[1]);
    keeper_adopt(keeper, KEEPER_STARTING, child, pair[0]);
    keeper_find(keeper, KEEPER_STARTING)->deadline_ms =
        clock_monotonic_ms() + START_MS;
    return 0;
}

void
keeper_order(struct keeper *keeper, struct keeper_child *child,
             enum child_order order, const struct server_tls *tls)
{
    struct child_message message = {.order = order};
    struct error err;

    if (child->channel < 0)
        return;
    if (tls != NULL) {
        message.first_length = (uint32_t)tls->certificate_length;
        message.second_length = (uint32_t)tls->key_length;
    }
    if (file_write_all(child->channel, &message, sizeof(message), &err) == 0 &&
        (tls == NULL || (file_write_all(child->channel, tls->certificate,
                                        tls->certificate_length, &err) == 0 &&
                         file_write_all(child->channel, tls->key,
                                        tls->key_length, &err) == 0)))
        return;
    log_error(&keeper->log, "order", &err);
    close_channel(child);
}

static void
set_deadline(struct keeper_child *child, int64_t after_ms)
{
    child->state = KEEPER_LEAVING;
    child->deadline_ms = clock_monotonic_ms() + after_ms + KILL_AFTER_MS;
}

void
keeper_promote(struct keeper *keeper, int64_t drain_ms)
{
    struct keeper_child *old = keeper_find(keeper, KEEPER_SERVING);
    struct keeper_child *fresh = keeper_find(keeper, KEEPER_STARTING);

    if (old != NULL) {
        keeper_order(keeper, old, CHILD_RETIRE, NULL);
        set_deadline(old, drain_ms);
    }
    fresh->state = KEEPER_SERVING;
    fresh->deadline_ms = 0;
}

void
keeper_limit_leaving(struct keeper *keeper, int64_t drain_ms)
{
    for (int i = 0; i < KEEPER_CHILDREN; i++)
        if (keeper->children[i].state == KEEPER_LEAVING)
            set_deadline(&keeper->children[i], drain_ms);
}

static void
kill_child(const struct keeper *keeper, const struct keeper_child *child,
           const char *why)
{
    log_write(&keeper->log, "server killed",
              json_pack("{s:i, s:s}", "pid", (int)child->pid, "why", why));
    kill(child->pid, SIGKILL);
}

void
keeper_ping(struct keeper *keeper, int64_t every_ms, int64_t hang_ms)
{
    struct keeper_child *child = keeper_find(keeper, KEEPER_SERVING);

    if (child == NULL)
        return;
    if (hang_ms > 0 && child->silent_ms >= hang_ms) {
        kill_child(keeper, child, "it hangs");
        child->silent_ms = 0;
        return;
    }
    child->silent_ms += every_ms;
    keeper_order(keeper, child, CHILD_PING, NULL);
}

void
keeper_stop(struct keeper *keeper, int64_t stop_ms)
{
    for (int i = 0; i < KEEPER_CHILDREN; i++) {
        struct keeper_child *child = &keeper->children[i];

        if (child->state == KEEPER_NONE)
            continue;
        keeper_order(keeper, child, CHILD_STOP, NULL);
        set_deadline(child, stop_ms);
    }
}

void
keeper_poll(const struct keeper *keeper, struct pollfd *fds)
{
    for (int i = 0; i < KEEPER_CHILDREN; i++) {
        const struct keeper_child *child = &keeper->children[i];

        fds[i] = (struct pollfd){
            .fd = child->state != KEEPER_NONE ? child->channel : -1,
            .events = POLLIN};
    }
}

char
keeper_read(struct keeper_child *child)
{
    char byte = 0;
    ssize_t n = read(child->channel, &byte, 1);

    if (n == 1) {
        if (byte == CHILD_ALIVE)
            child->silent_ms = 0;
        return byte;
    }
    if (n == 0 || errno != EINTR)
        close_channel(child);
    return 0;
}

void
keeper_tick(struct keeper *keeper)
{
    int64_t now_ms = clock_monotonic_ms();

    for (int i = 0; i < KEEPER_CHILDREN; i++) {
        struct keeper_child *child = &keeper->children[i];

        if (child->state == KEEPER_NONE || child->deadline_ms == 0 ||
            now_ms < child->deadline_ms)
            continue;
        kill_child(keeper, child,
                   child->state == KEEPER_STARTING ? "it does not come to serve"
                                                   : "it does not end");
        child->deadline_ms = 0;
    }
}

void
keeper_reap(struct keeper *keeper, struct keeper_child *out_was)
{
    *out_was = (struct keeper_child){.state = KEEPER_NONE};
    for (int i = 0; i < KEEPER_CHILDREN; i++) {
        struct keeper_child *child = &keeper->children[i];
        int status;

        if (child->state == KEEPER_NONE ||
            waitpid(child->pid, &status, WNOHANG) != child->pid)
            continue;
        log_write(&keeper->log, "server stopped",
                  json_pack("{s:i, s:i}", "status",
                            WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            "signal",
                            WIFSIGNALED(status) ? WTERMSIG(status) : 0));
        close_channel(child);
        *out_was = *child;
        child->state = KEEPER_NONE;
        return;
    }
}
