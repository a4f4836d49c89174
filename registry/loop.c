#include "registry/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "registry/http/connection.h"
#include "registry/http/meter.h"
#include "registry/http/proxy.h"
#include "storage/base/arena.h"
#include "storage/base/clock.h"

#define TICK_MS 100
#define TURN_EVENTS 64  /* before new ones are looked for */
#define TURN_ACCEPTS 16 /* before other events have their turn */
#define LISTENERS 16
#define SURPLUS_CONNECTIONS 64 /* a loop tells this many that it is full */

struct loop {
    struct host host;
    const struct loop_options *options;
    pthread_t thread;
    bool has_thread;
    struct event *tick;
    struct event *mail;
    struct event *listeners[LISTENERS];
    int listener_count;
    bool is_full;         /* of descriptors: accepts again at the next tick */
    int wake;             /* eventfd: there is mail */
    pthread_mutex_t lock; /* over the mailbox */
    struct task *first;
    struct task **last;
    struct task stop;
    struct task retire;
    int64_t stop_ms; /* how long requests may take to finish */
    int64_t retire_ms;
    atomic_int_least64_t beat_ms; /* of the last tick */
    atomic_bool is_done;
    int64_t deadline_ms; /* then they are reset; 0: not stopping */
};

static void
post_mail(struct loop *loop, struct task *task)
{
    uint64_t one = 1;
    bool was_empty;
    ssize_t n;

    task->next = NULL;
    pthread_mutex_lock(&loop->lock);
    was_empty = loop->first == NULL;
    *loop->last = task;
    loop->last = &task->next;
    pthread_mutex_unlock(&loop->lock);
    if (was_empty) {
        n = write(loop->wake, &one, sizeof(one));
        (void)n; /* a counter that is full wakes as well */
    }
}

static void
post(struct host *host, enum place place, struct task *task)
{
    struct loop *loop = host->owner;

    switch (place) {
    case PLACE_LOOP:
        post_mail(loop, task);
        break;
    case PLACE_WORKER:
        crew_post(loop->options->workers, task);
        break;
    case PLACE_IO:
        crew_post(loop->options->io, task);
        break;
    }
}

static void
release(struct host *host, const char *address)
{
    struct loop *loop = host->owner;

    census_remove(loop->options->census, address);
}

/* Ends the loop once it stops and nothing is left. */
static void
end_if_done(struct loop *loop)
{
    if (loop->deadline_ms != 0 && loop->host.connection_count == 0)
        event_base_loopbreak(loop->host.base);
}

static void
on_mail(evutil_socket_t fd, short what, void *state)
{
    struct loop *loop = state;
    struct task *task;
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));

    (void)what;
    (void)n;
    pthread_mutex_lock(&loop->lock);
    task = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    pthread_mutex_unlock(&loop->lock);
    while (task != NULL) {
        struct task *next = task->next; /* run may post or free the task */

        task->run(task, NULL);
        task = next;
    }
    end_if_done(loop);
}

static void
set_listening(struct loop *loop, bool wanted)
{
    for (int i = 0; i < loop->listener_count; i++) {
        if (wanted)
            event_add(loop->listeners[i], NULL);
        else
            event_del(loop->listeners[i]);
    }
}

static void
on_tick(evutil_socket_t fd, short what, void *state)
{
    struct loop *loop = state;

    (void)fd;
    (void)what;
    atomic_store(&loop->beat_ms, clock_monotonic_ms());
    connection_tick(&loop->host);
    if (loop->is_full && loop->deadline_ms == 0) {
        loop->is_full = false;
        set_listening(loop, true);
    }
    if (loop->deadline_ms != 0 && clock_monotonic_ms() > loop->deadline_ms)
        connection_reset(&loop->host);
    end_if_done(loop);
}

/* An IPv4 client of an IPv6 socket is written as the IPv4 client it is. */
static void
write_address(char out[INET6_ADDRSTRLEN], const struct sockaddr_storage *peer)
{
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
    const struct sockaddr_in *four = (const struct sockaddr_in *)peer;

    memcpy(out, "local", sizeof("local"));
    if (peer->ss_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, out, INET6_ADDRSTRLEN);
    else if (peer->ss_family == AF_INET6 &&
             IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, INET6_ADDRSTRLEN);
    else if (peer->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &six->sin6_addr, out, INET6_ADDRSTRLEN);
}

/*
 * One that is over a limit is told so, unless there are many of them or it
 * speaks TLS, where nothing can be said before a handshake.
 */
static void
refuse(struct loop *loop, int fd, const char *address, const struct error *err)
{
    meter_add(loop->host.service->meter, METER_CONNECTIONS_REFUSED, 1);
    if (loop->options->tls != NULL ||
        loop->host.connection_count >
            loop->host.limits->connections + SURPLUS_CONNECTIONS)
        close(fd);
    else
        connection_open_refused(&loop->host, fd, address, err);
}

static void
admit(struct loop *loop, int fd, const struct sockaddr_storage *peer)
{
    char address[INET6_ADDRSTRLEN];
    struct error err;
    int one = 1;

    meter_add(loop->host.service->meter, METER_CONNECTIONS, 1);
    write_address(address, peer);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (census_add(loop->options->census, address,
                   proxy_is_trusted(loop->host.trusted_proxies, address),
                   &err) < 0)
        refuse(loop, fd, address, &err);
    else
        connection_open(&loop->host, fd, loop->options->tls, address);
}

static void
on_accept(evutil_socket_t fd, short what, void *state)
{
    struct loop *loop = state;

    (void)what;
    for (int turn = 0; turn < TURN_ACCEPTS; turn++) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof(peer);
        int client = accept4(fd, (struct sockaddr *)&peer, &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (client >= 0) {
            admit(loop, client, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) {
            loop->is_full = true;
            set_listening(loop, false);
        }
        if (errno != ECONNABORTED && errno != EINTR)
            return;
    }
}

static void
run_stop(struct task *task, struct db *db)
{
    struct loop *loop =
        (struct loop *)((char *)task - offsetof(struct loop, stop));

    (void)db;
    set_listening(loop, false);
    atomic_store(&loop->host.is_stopping, true);
    atomic_store(&loop->host.is_retiring, false);
    loop->deadline_ms = clock_monotonic_ms() + loop->stop_ms;
    connection_stop(&loop->host);
}

static void
run_retire(struct task *task, struct db *db)
{
    struct loop *loop =
        (struct loop *)((char *)task - offsetof(struct loop, retire));

    (void)db;
    set_listening(loop, false);
    atomic_store(&loop->host.is_retiring, true);
    atomic_store(&loop->host.is_stopping, true);
    loop->deadline_ms = clock_monotonic_ms() + loop->retire_ms;
}

/* An event that makes itself due again leaves the others their turn. */
static struct event_base *
open_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config != NULL && event_config_set_max_dispatch_interval(
                              config, NULL, TURN_EVENTS, 0) == 0)
        base = event_base_new_with_config(config);
    if (config != NULL)
        event_config_free(config);
    return base;
}

static int
open_events(struct loop *loop, struct error *err)
{
    const struct loop_options *options = loop->options;
    struct timeval tick = {.tv_usec = TICK_MS * 1000L};

    loop->host.base = open_base();
    loop->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (loop->host.base == NULL || loop->wake < 0)
        return error_set_system(err, "event loop");
    loop->mail = event_new(loop->host.base, loop->wake, EV_READ | EV_PERSIST,
                           on_mail, loop);
    loop->tick = event_new(loop->host.base, -1, EV_PERSIST, on_tick, loop);
    for (; loop->listener_count < options->listener_count &&
           loop->listener_count < LISTENERS;
         loop->listener_count++)
        loop->listeners[loop->listener_count] =
            event_new(loop->host.base, options->listeners[loop->listener_count],
                      EV_READ | EV_PERSIST, on_accept, loop);
    event_add(loop->mail, NULL);
    event_add(loop->tick, &tick);
    set_listening(loop, true);
    return 0;
}

static void *
run(void *state)
{
    struct loop *loop = state;

    event_base_dispatch(loop->host.base);
    atomic_store(&loop->is_done, true);
    return NULL;
}

int
loop_open(struct loop **out, const struct loop_options *options,
          struct error *err)
{
    struct loop *loop = xcalloc(1, sizeof(*loop));

    loop->host = options->host;
    loop->host.scratch = xcalloc(1, HOST_SCRATCH_BYTES);
    loop->host.post = post;
    loop->host.release = release;
    loop->host.owner = loop;
    loop->options = options;
    loop->last = &loop->first;
    loop->wake = -1;
    loop->stop.run = run_stop;
    loop->retire.run = run_retire;
    atomic_store(&loop->beat_ms, clock_monotonic_ms());
    pthread_mutex_init(&loop->lock, NULL);
    if (open_events(loop, err) < 0)
        goto fail;
    if (pthread_create(&loop->thread, NULL, run, loop) != 0) {
        error_set(err, ERROR_INTERNAL, "no thread for a loop");
        goto fail;
    }
    loop->has_thread = true;
    pthread_setname_np(loop->thread, "loop");
    *out = loop;
    return 0;

fail:
    loop_free(loop);
    return -1;
}

void
loop_stop(struct loop *loop, int64_t stop_ms)
{
    loop->stop_ms = stop_ms; /* the mailbox's lock hands it over */
    post_mail(loop, &loop->stop);
}

void
loop_retire(struct loop *loop, int64_t retire_ms)
{
    loop->retire_ms = retire_ms; /* the mailbox's lock hands it over */
    post_mail(loop, &loop->retire);
}

int64_t
loop_beat_ms(struct loop *loop)
{
    return atomic_load(&loop->beat_ms);
}

bool
loop_is_done(struct loop *loop)
{
    return atomic_load(&loop->is_done);
}

static void
free_event(struct event *event)
{
    if (event != NULL)
        event_free(event);
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL)
        return;
    if (loop->has_thread)
        pthread_join(loop->thread, NULL);
    free_event(loop->mail);
    free_event(loop->tick);
    for (int i = 0; i < loop->listener_count; i++)
        free_event(loop->listeners[i]);
    if (loop->host.base != NULL)
        event_base_free(loop->host.base);
    if (loop->wake >= 0)
        close(loop->wake);
    pthread_mutex_destroy(&loop->lock);
    free(loop->host.scratch);
    free(loop);
}
