/*
 * meter: what one daemon has done since it started, in numbers.
 *
 * Loops, workers and IO threads add to it by relaxed atomic additions; nobody
 * waits for anybody.  GET /metrics reads it.  It holds no name of a person or
 * a repository: what is told apart is the family of routes, the method and the
 * class of the status.
 */
#ifndef REGISTRY_HTTP_METER_H
#define REGISTRY_HTTP_METER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/histogram.h"
#include "storage/db/db.h"

/* Tables of routes, and one place more for requests that no route had. */
#define METER_FAMILIES 40
#define METER_METHODS 7
#define METER_CLASSES 6 /* of statuses; 0 for a request without an answer */
#define METER_JOBS 16

/* What is counted beside requests. */
enum meter_counter {
    METER_BYTES_IN,  /* of bodies */
    METER_BYTES_OUT, /* of bodies */
    METER_CONNECTIONS,
    METER_CONNECTIONS_REFUSED,
    METER_QUESTIONS_LOST,
    METER_COLLECTED_UPLOADS,
    METER_COLLECTED_OBJECTS,
    METER_COLLECTED_BLOBS,
    METER_SCRUB_OBJECTS,
    METER_SCRUB_BYTES,
    METER_SCRUB_DAMAGED,
    METER_COUNTERS,
};

struct meter_crew {
    int threads;
    int busy;
    int waiting; /* tasks that no thread has taken yet */
};

struct meter_job {
    const char *name;
    int64_t last_at_ms; /* when it ended; 0: not yet */
    int64_t last_ms;    /* how long it took */
    int64_t runs;
    int64_t failures;
};

/* What the server is like now. */
struct meter_gauges {
    int connections;
    struct meter_crew workers;
    struct meter_crew io;
    int64_t certificate_ends_ms; /* 0: plain HTTP */
    struct meter_job jobs[METER_JOBS];
    int job_count;
};

struct meter {
    int64_t opened_at_ms;
    _Atomic uint64_t requests[METER_FAMILIES][METER_METHODS][METER_CLASSES];
    struct histogram latency[METER_FAMILIES];
    _Atomic uint64_t counters[METER_COUNTERS];
    struct db_counts database; /* of all connections of the daemon */
    /* Set by the server before it serves; NULL: there is none. */
    void (*read_gauges)(struct meter_gauges *out, void *server);
    void *server;
};

/* A request that is over. */
struct meter_request {
    int family; /* the table of its route, from 0; -1: none */
    const char *method;
    int status;
    int64_t duration_us;
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* Never NULL.  The caller frees it with meter_free. */
struct meter *meter_open(void);
void meter_free(struct meter *meter); /* NULL is allowed */

/* NULL for meter is allowed: nobody counts. */
void meter_add(struct meter *meter, enum meter_counter counter, uint64_t count);
void meter_add_request(struct meter *meter,
                       const struct meter_request *request);

/* "GET", …; the last is "other".  Static. */
const char *meter_method_name(int method);

#endif
