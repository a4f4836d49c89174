/*
 * statistics: the numbers behind /metrics and /status, read at one moment.
 *
 * Counters come from the daemon's meter, lengths of queues from one statement,
 * the rest from the operating system.  A database out of reach is one of the
 * things to be told, not an error.  Texts are static or the request's.
 */
#ifndef REGISTRY_ROUTES_STATISTICS_H
#define REGISTRY_ROUTES_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "registry/http/meter.h"
#include "registry/http/request.h"

struct statistics_database {
    bool is_up; /* the rest is 0 otherwise */
    int64_t requests;
    int64_t requests_seconds; /* how long the oldest has waited */
    int64_t mails;
    int64_t mails_seconds;
    int64_t entries; /* of the log, without an index yet */
    int64_t entries_seconds;
    int64_t blobs; /* an estimate where there are many */
    int64_t blob_bytes;
    int64_t garbage;        /* blobs that the collector will remove */
    int64_t quarantined;    /* objects that are damaged */
    int64_t scrubbed_at_ms; /* when all was read last; 0: never */
};

struct statistics_process {
    int64_t resident_bytes;
    int64_t virtual_bytes;
    int64_t open_files;
    int64_t most_files;
    double cpu_seconds;
};

struct statistics {
    struct meter *meter;
    struct meter_gauges gauges;
    struct statistics_database database;
    struct statistics_process process;
    uint64_t blob_free_bytes;  /* of the file system that holds them */
    uint64_t blob_total_bytes; /* 0: unknown */
};

/*
 * Refuses whom the key metrics does not name.  A request that a proxy passed
 * on, without being one of trusted_proxies, is nobody's we know.
 */
int statistics_check_reader(const struct request *request, struct error *err);

/* ERROR_NOT_IMPLEMENTED without a meter. */
int statistics_read(struct statistics *out, struct request *request,
                    struct error *err);

#endif
