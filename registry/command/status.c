/* status: asks the daemon that runs how it is, and says it to a person. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/command/command.h"
#include "registry/hooks/neighbour.h"
#include "storage/base/json.h"

#define MIB 1048576.0
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const char usage[] = "usage: weighd status [--json]";

static int64_t
number(const json_t *object, const char *key)
{
    return json_number(object, key, 0);
}

static const char *
text(const json_t *object, const char *key)
{
    const char *value = json_text(object, key);

    return value != NULL ? value : "never";
}

static void
print_certificate(const json_t *status)
{
    const char *ends_at = json_text(status, "certificate_ends_at");
    int64_t ends_ms;

    if (ends_at == NULL || !clock_parse(&ends_ms, ends_at))
        printf("certificate   none: plain HTTP\n");
    else
        printf("certificate   ends %s, in %" PRId64 " days\n", ends_at,
               (ends_ms - clock_now_ms()) / DAY_MS);
}

static void
print_crew(const char *title, const json_t *crew)
{
    printf("%-13s %" PRId64 " of %" PRId64 " busy, %" PRId64 " tasks wait\n",
           title, number(crew, "busy"), number(crew, "threads"),
           number(crew, "waiting"));
}

static void
print_queues(const json_t *status)
{
    const json_t *queues = json_object_get(status, "queues");
    const json_t *blobs = json_object_get(status, "blobs");

    if (json_is_object(queues)) {
        printf("requests      %" PRId64 " wait for a decision\n",
               number(queues, "access_requests"));
        printf("mail          %" PRId64 " wait, the oldest for %" PRId64 " s\n",
               number(queues, "mails"), number(queues, "mails_seconds"));
        printf("log           %" PRId64 " entries to be numbered\n",
               number(queues, "log_entries"));
        printf("blobs         %" PRId64 " with %.1f MiB, %" PRId64
               " to be removed\n",
               number(blobs, "count"), (double)number(blobs, "bytes") / MIB,
               number(blobs, "garbage"));
        printf("scrub         %" PRId64 " objects damaged, all read %s\n",
               number(blobs, "quarantined"), text(blobs, "scrubbed_at"));
    }
    printf("room          %.1f MiB\n",
           (double)number(blobs, "free_bytes") / MIB);
}

static void
print_jobs(const json_t *status)
{
    const json_t *job;
    size_t i;

    printf("\n%-12s %-26s %10s %10s %10s\n", "JOB", "LAST RUN", "TOOK ms",
           "RUNS", "FAILURES");
    json_array_foreach(json_object_get(status, "jobs"), i, job) printf(
        "%-12s %-26s %10" PRId64 " %10" PRId64 " %10" PRId64 "\n",
        text(job, "name"), text(job, "last_run_at"), number(job, "last_run_ms"),
        number(job, "runs"), number(job, "failures"));
}

static void
print_status(const json_t *status)
{
    const json_t *database = json_object_get(status, "database");

    printf("weighd        %s, since %s\n", text(status, "version"),
           text(status, "started_at"));
    printf("listens       %s, as %s\n", text(status, "listen"),
           text(status, "url"));
    print_certificate(status);
    printf("database      %s, %" PRId64 " failures\n",
           json_flag(database, "up", false) ? "up" : "out of reach",
           number(database, "failures"));
    printf("connections   %" PRId64 "\n", number(status, "connections"));
    printf("memory        %.1f MiB\n",
           (double)number(status, "resident_bytes") / MIB);
    print_crew("workers", json_object_get(status, "workers"));
    print_crew("io threads", json_object_get(status, "io_threads"));
    print_queues(status);
    print_jobs(status);
}

static int
read_status(json_t **out, struct arena *arena, const struct config *config,
            struct error *err)
{
    const struct neighbour neighbour = {config->listen,
                                        config->tls_certificate != NULL};
    struct buffer answer = {0};
    int result = neighbour_get(&answer, &neighbour, "/status", err);

    if (result == 0)
        result = json_read(out, arena, answer.bytes != NULL ? answer.bytes : "",
                           answer.length, err);
    buffer_free(&answer);
    return result;
}

/* A script gets an object, whether there is a daemon or not. */
static void
print_json(struct arena *arena, const struct config *config, json_t *status)
{
    if (status == NULL)
        status = json_keep(
            arena, json_pack("{s:b, s:s}", "up", 0, "listen", config->listen));
    puts(json_write(NULL, arena, status));
}

int
status_run(const struct config *config, int argc, char **argv,
           struct error *err)
{
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    struct arena *arena;
    json_t *status = NULL;
    int result;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts(usage);
        return 0;
    }
    if (argc > 1 && !is_json)
        return error_set(err, ERROR_USAGE, "%s", usage);
    arena = arena_open();
    result = read_status(&status, arena, config, err);
    if (is_json)
        print_json(arena, config, result == 0 ? status : NULL);
    else if (result == 0)
        print_status(status);
    arena_free(arena);
    return result;
}
