#include "registry/server.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "registry/census.h"
#include "registry/crew.h"
#include "registry/http/download.h"
#include "registry/http/meter.h"
#include "registry/http/tls.h"
#include "registry/loop.h"
#include "storage/base/clock.h"
#include "storage/db/listen.h"

#define LOOPS_MOST 64
#define WORKERS_PER_CORE 4
#define LISTEN_RETRY_MS 1000
/* A thread that had no turn for so long hangs. */
#define BEAT_LIMIT_MS 5000

struct job {
    struct task task; /* first: a task is cast back to its job */
    struct server *server;
    server_job *run;
    void *state;
    int64_t interval_ms;
    int64_t due_ms;
    const char *name;
    _Atomic int64_t last_at_ms; /* what became of it, for the meter */
    _Atomic int64_t last_ms;
    _Atomic int64_t runs;
    _Atomic int64_t failures;
    atomic_bool is_running;
};

struct server {
    struct server_options options;
    struct limits limits;
    struct router *router;
    struct census *census;
    struct tls *tls; /* NULL: plain */
    struct downloads *downloads;
    struct crew *workers;
    struct crew *io;
    struct loop_options loop_options;
    struct loop *loops[LOOPS_MOST];
    int loop_count;
    struct job jobs[SERVER_JOBS];
    int job_count;
    struct listen *listen; /* NULL: none, or it broke */
    int64_t listen_at_ms;  /* when to try again */
    int stop;              /* eventfd */
    atomic_bool is_stopped;
    atomic_int_least64_t retire_ms; /* 0: not asked to */
    bool is_retiring;               /* the loops know */
    atomic_int_least64_t beat_ms;   /* of the slowest thread */
};

/* While the server runs: a request asks. */
static void
read_gauges(struct meter_gauges *out, void *owner)
{
    struct server *server = owner;

    out->connections = census_count(server->census);
    crew_read(&out->workers, server->workers);
    crew_read(&out->io, server->io);
    out->certificate_ends_ms =
        server->tls != NULL ? tls_ends_ms(server->tls) : 0;
    out->job_count = server->job_count;
    for (int i = 0; i < server->job_count; i++) {
        const struct job *job = &server->jobs[i];

        out->jobs[i] = (struct meter_job){
            .name = job->name,
            .last_at_ms = atomic_load(&job->last_at_ms),
            .last_ms = atomic_load(&job->last_ms),
            .runs = atomic_load(&job->runs),
            .failures = atomic_load(&job->failures),
        };
    }
}

/* A service of a test has no meter. */
static void
show_gauges(struct server *server)
{
    struct meter *meter = server->options.service->meter;

    if (meter == NULL)
        return;
    meter->server = server;
    meter->read_gauges = read_gauges;
}

static void
post_worker(void *owner, struct task *task)
{
    struct server *server = owner;

    crew_post(server->workers, task);
}

static int
open_tls(struct server *server, struct error *err)
{
    const struct server_tls *tls = server->options.tls;

    if (tls == NULL)
        return 0;
    return tls_open(&server->tls,
                    &(struct tls_files){tls->certificate,
                                        tls->certificate_length, tls->key,
                                        tls->key_length},
                    err);
}

static int
fallback(int wanted, int otherwise)
{
    return wanted > 0 ? wanted : otherwise;
}

int
server_open(struct server **out, const struct server_options *options,
            struct error *err)
{
    struct server *server = xcalloc(1, sizeof(*server));
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);

    server->options = *options;
    server->options.loops = fallback(options->loops, cores);
    server->options.workers =
        fallback(options->workers, WORKERS_PER_CORE * cores);
    server->options.io_threads = fallback(options->io_threads, cores);
    if (server->options.loops > LOOPS_MOST)
        server->options.loops = LOOPS_MOST;
    server->limits = options->limits;
    limits_fill(&server->limits);
    server->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (server->stop < 0) {
        error_set_system(err, "server");
        goto fail;
    }
    if (open_tls(server, err) < 0)
        goto fail;
    server->router = router_open(options->routes);
    server->census = census_open((int)server->limits.connections,
                                 (int)server->limits.connections_per_address);
    server->downloads = downloads_open(post_worker, server);
    show_gauges(server);
    *out = server;
    return 0;

fail:
    server_free(server);
    return -1;
}

void
server_free(struct server *server)
{
    if (server == NULL)
        return;
    downloads_free(server->downloads);
    census_free(server->census);
    router_free(server->router);
    tls_free(server->tls);
    if (server->stop >= 0)
        close(server->stop);
    free(server);
}

static void
run_job(struct task *task, struct db *db)
{
    struct job *job = (struct job *)task;
    struct arena *arena = arena_open();
    int64_t began_ms = clock_monotonic_ms();
    struct error err;

    if (job->run(db, arena, job->state, &err) < 0) {
        atomic_fetch_add(&job->failures, 1);
        if (db != NULL)
            db_rollback(db);
        log_error(&job->server->options.service->log, "job", &err);
    }
    arena_free(arena);
    atomic_store(&job->last_ms, clock_monotonic_ms() - began_ms);
    atomic_store(&job->last_at_ms, clock_now_ms());
    atomic_fetch_add(&job->runs, 1);
    atomic_store(&job->is_running, false);
}

void
server_every(struct server *server, const char *name, int64_t interval_ms,
             server_job *run, void *state)
{
    struct job *job = &server->jobs[server->job_count];

    if (server->job_count == SERVER_JOBS)
        abort(); /* a mistake in the program */
    server->job_count++;
    job->task.run = run_job;
    job->server = server;
    job->name = name;
    job->run = run;
    job->state = state;
    job->interval_ms = interval_ms;
}

static void
begin_job(struct job *job)
{
    if (atomic_exchange(&job->is_running, true))
        return; /* it is longer than its interval */
    crew_post(job->server->workers, &job->task);
}

/* Begins the jobs that are due; returns when the next one is. */
static int64_t
run_jobs(struct server *server, int64_t now_ms)
{
    int64_t next_ms = now_ms + LISTEN_RETRY_MS;

    for (int i = 0; i < server->job_count; i++) {
        struct job *job = &server->jobs[i];

        if (job->due_ms <= now_ms) {
            job->due_ms = now_ms + job->interval_ms;
            begin_job(job);
        }
        if (job->due_ms < next_ms)
            next_ms = job->due_ms;
    }
    return next_ms;
}

static void
hear(void *state, const char *channel, const char *payload)
{
    struct server *server = state;
    struct access_change change;

    (void)channel;
    if (!access_change_parse(&change, payload))
        memset(&change, 0, sizeof(change)); /* whatever it was: ask all */
    downloads_change(server->downloads, &change);
}

/* Hears changes, and keeps the schema's level as long as it hears. */
static int
open_kept(struct listen **out, const struct server *server, struct error *err)
{
    static const char *const channels[] = {"access", NULL};
    struct listen *listening;

    if (listen_open(&listening, server->options.database->conninfo, channels,
                    err) < 0)
        return -1;
    if (listen_keep_level(listening, err) < 0) {
        listen_free(listening);
        return -1;
    }
    *out = listening;
    return 0;
}

/*
 * What was said while nobody listened may have concerned anybody.  A database
 * out of reach is tried again; one at another level is not served from.
 */
static int
open_listen(struct server *server, int64_t now_ms, struct error *err)
{
    const struct access_change all = {0};

    if (server->options.database == NULL || server->listen != NULL ||
        now_ms < server->listen_at_ms)
        return 0;
    server->listen_at_ms = now_ms + LISTEN_RETRY_MS;
    if (open_kept(&server->listen, server, err) < 0) {
        server->listen = NULL;
        if (err->code == ERROR_CONFLICT)
            return -1;
        log_error(&server->options.service->log, "listen", err);
        return 0;
    }
    downloads_change(server->downloads, &all);
    return 0;
}

static void
read_listen(struct server *server)
{
    struct error err;

    if (listen_read(server->listen, hear, server, &err) == 0)
        return;
    log_error(&server->options.service->log, "listen", &err);
    listen_free(server->listen);
    server->listen = NULL;
}

/* The oldest of the loops' last turns; this thread has one just now. */
static void
take_beat(struct server *server)
{
    int64_t beat_ms = clock_monotonic_ms();

    for (int i = 0; i < server->loop_count; i++)
        if (!loop_is_done(server->loops[i]) &&
            loop_beat_ms(server->loops[i]) < beat_ms)
            beat_ms = loop_beat_ms(server->loops[i]);
    atomic_store(&server->beat_ms, beat_ms);
}

static void
begin_retiring(struct server *server)
{
    uint64_t count;
    ssize_t n = read(server->stop, &count, sizeof(count));

    (void)n; /* it was ready */
    if (server->is_retiring)
        return;
    server->is_retiring = true;
    for (int i = 0; i < server->loop_count; i++)
        loop_retire(server->loops[i], atomic_load(&server->retire_ms));
}

static bool
is_done(const struct server *server)
{
    if (!server->is_retiring)
        return false;
    for (int i = 0; i < server->loop_count; i++)
        if (!loop_is_done(server->loops[i]))
            return false;
    return true;
}

/* The main thread's part, until the stop: jobs and notifications. */
static int
watch(struct server *server, struct error *err)
{
    while (!is_done(server)) {
        int64_t now_ms = clock_monotonic_ms();
        struct pollfd fds[2] = {{.fd = server->stop, .events = POLLIN},
                                {.fd = -1, .events = POLLIN}};
        int64_t wait_ms;

        if (open_listen(server, now_ms, err) < 0)
            return -1;
        take_beat(server);
        wait_ms = run_jobs(server, now_ms) - now_ms;
        if (server->listen != NULL)
            fds[1].fd = listen_fd(server->listen);
        if (poll(fds, 2, (int)wait_ms) < 0 && errno != EINTR)
            return error_set_system(err, "poll");
        if (atomic_load(&server->is_stopped))
            return 0;
        if (fds[0].revents != 0)
            begin_retiring(server);
        if (fds[1].revents != 0)
            read_listen(server);
    }
    return 0;
}

static int
start(struct server *server, struct error *err)
{
    const struct server_options *options = &server->options;

    server->loop_options = (struct loop_options){
        .listeners = options->listeners,
        .listener_count = options->listener_count,
        .tls = server->tls,
        .census = server->census,
        .host = {.service = options->service,
                 .limits = &server->limits,
                 .router = server->router,
                 .prompts = options->prompts,
                 .downloads = server->downloads,
                 .spool_folder = options->spool_folder,
                 .trusted_proxies = options->trusted_proxies},
    };
    if (crew_open(&server->workers, "worker", options->workers,
                  options->database, err) < 0 ||
        crew_open(&server->io, "io", options->io_threads, NULL, err) < 0)
        return -1;
    server->loop_options.workers = server->workers;
    server->loop_options.io = server->io;
    for (; server->loop_count < options->loops; server->loop_count++)
        if (loop_open(&server->loops[server->loop_count], &server->loop_options,
                      err) < 0)
            return -1;
    return 0;
}

/* Loops first, since they post to the crews; the jobs see all that was done. */
static void
finish(struct server *server)
{
    for (int i = 0; i < server->loop_count; i++)
        loop_stop(server->loops[i], server->limits.stop_ms);
    for (int i = 0; i < server->loop_count; i++)
        loop_free(server->loops[i]);
    server->loop_count = 0;
    crew_free(server->io);
    server->io = NULL;
    if (server->workers != NULL) {
        crew_drain(server->workers);
        for (int i = 0; i < server->job_count; i++)
            begin_job(&server->jobs[i]);
    }
    crew_free(server->workers);
    server->workers = NULL;
    listen_free(server->listen);
    server->listen = NULL;
}

static void
say_serving(struct server *server)
{
    take_beat(server);
    if (server->options.on_serving != NULL)
        server->options.on_serving(server->options.state);
}

int
server_run(struct server *server, struct error *err)
{
    int result = open_listen(server, clock_monotonic_ms(), err);

    if (result == 0)
        result = start(server, err);
    if (result == 0) {
        say_serving(server);
        result = watch(server, err);
    }
    finish(server);
    return result;
}

static void
wake(struct server *server)
{
    uint64_t one = 1;
    ssize_t n = write(server->stop, &one, sizeof(one));

    (void)n; /* a counter that is full says the same */
}

void
server_stop(struct server *server)
{
    atomic_store(&server->is_stopped, true);
    wake(server);
}

void
server_retire(struct server *server, int64_t retire_ms)
{
    atomic_store(&server->retire_ms, retire_ms);
    wake(server);
}

bool
server_is_alive(struct server *server)
{
    return clock_monotonic_ms() - atomic_load(&server->beat_ms) < BEAT_LIMIT_MS;
}

int
server_reload_tls(struct server *server, const struct server_tls *tls,
                  struct error *err)
{
    if (server->tls == NULL)
        return error_set(err, ERROR_USAGE, "the server speaks plain HTTP");
    return tls_set(server->tls,
                   &(struct tls_files){tls->certificate,
                                       tls->certificate_length, tls->key,
                                       tls->key_length},
                   err);
}
