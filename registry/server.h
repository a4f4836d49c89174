/*
 * server: the loops, workers and IO threads of one daemon, and their life.
 *
 * One event loop a core takes connections from shared listening sockets;
 * workers run handlers, each with a database connection; IO threads write and
 * hash bodies.  server_open starts no thread, so the process can shut itself
 * in before server_run does.  The caller owns listeners, service and options'
 * texts, which outlive the server.
 */
#ifndef REGISTRY_SERVER_H
#define REGISTRY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/limits.h"
#include "registry/http/meter.h"
#include "registry/http/route.h"
#include "registry/service.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

#define SERVER_JOBS METER_JOBS /* periodic ones, at most */

struct server;

/* A certificate with its chain, and its key, both PEM. */
struct server_tls {
    const char *certificate;
    size_t certificate_length;
    const char *key;
    size_t key_length;
};

struct server_options {
    const int *listeners; /* listening sockets */
    int listener_count;
    const struct server_tls *tls;      /* NULL: plain HTTP */
    const struct route *const *routes; /* all_routes */
    const struct prompt *prompts;      /* all_prompts; NULL: none */
    /* Of each worker, and of the one who listens; NULL: none, for tests. */
    const struct db_options *database;
    const struct service *service;
    int loops; /* 0: one a core */
    int workers;
    int io_threads;
    struct limits limits;            /* zeros: the defaults */
    const char *spool_folder;        /* for files that are unlinked at once */
    const char *trusted_proxies;     /* addresses with commas; may be NULL */
    void (*on_serving)(void *state); /* once all threads run; may be NULL */
    void *state;                     /* for on_serving */
};

/* The caller frees *out with server_free. */
int server_open(struct server **out, const struct server_options *options,
                struct error *err);
void
server_free(struct server *server); /* NULL is allowed; not while it runs */

/*
 * A job that a worker runs each interval_ms, never twice at once, and a last
 * time when all requests are done at the stop.  Before server_run.  A job's
 * error is logged; its name, a static text, is what GET /metrics calls it.
 */
typedef int server_job(struct db *db, struct arena *arena, void *state,
                       struct error *err);
void server_every(struct server *server, const char *name, int64_t interval_ms,
                  server_job *job, void *state);

/*
 * Serves until server_stop: then takes no more connections, lets requests
 * under way finish for at most limits.stop_ms, runs the jobs once more and
 * returns.  -1 when the threads or the database could not be had.
 */
int server_run(struct server *server, struct error *err);

/* From any thread, and from a signal handler. */
void server_stop(struct server *server);

/*
 * Leaves its place to another that listens on the same sockets: takes no more
 * connections, ends the kept ones with their next answer, and lets server_run
 * return once none is left, after retire_ms at the latest.  A stop may follow.
 * From any thread, once.
 */
void server_retire(struct server *server, int64_t retire_ms);

/* Whether all loops and the one that watches had a turn of late. */
bool server_is_alive(struct server *server);

/* For new connections; those there are keep what they have. */
int server_reload_tls(struct server *server, const struct server_tls *tls,
                      struct error *err);

#endif
