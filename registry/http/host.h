/*
 * host: what a connection needs from the server around it.
 *
 * One a loop.  A task is moved between the three kinds of thread by post: its
 * run is called once, on a worker with that worker's database connection, on
 * an IO thread or on this loop.  Whoever posts a task leaves what belongs to
 * it alone until it comes back.
 */
#ifndef REGISTRY_HTTP_HOST_H
#define REGISTRY_HTTP_HOST_H

#include <event2/event.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/limits.h"
#include "registry/http/router.h"
#include "registry/service.h"
#include "storage/db/db.h"

#define HOST_SCRATCH_BYTES 262144

enum place {
    PLACE_LOOP,
    PLACE_WORKER,
    PLACE_IO,
};

struct task {
    struct task *next;
    void (*run)(struct task *task, struct db *db); /* db: on a worker alone */
    /*
     * Not NULL: called in place of run, on a worker or an IO thread, with
     * whatever others wait just then, so that they can share a round trip, a
     * system call or a wake-up.  A crew's tasks share one run_many.
     */
    void (*run_many)(struct task **tasks, int count, struct db *db);
    uint64_t order; /* the crew's own */
};

struct connection;
struct downloads;

struct host {
    struct event_base *base;
    const struct service *service;
    const struct limits *limits;
    const struct router *router;
    const struct prompt *prompts; /* NULL: none */
    struct downloads *downloads;
    const char *spool_folder;
    const char *trusted_proxies; /* NULL: none */
    char *scratch; /* HOST_SCRATCH_BYTES, for one call at a time */
    struct connection *connections; /* all of this loop's */
    int connection_count;
    atomic_bool is_stopping; /* each answer is its connection's last */
    atomic_bool is_retiring; /* a connection not told so is kept for one more */
    void (*post)(struct host *host, enum place place, struct task *task);
    /* Gives back what an accepted connection from address counted for. */
    void (*release)(struct host *host, const char *address);
    void *owner; /* the loop */
};

#endif
