/* status: GET /status, for people: what weighd status prints. */
#include "registry/config.h"
#include "registry/routes/routes.h"
#include "registry/routes/statistics.h"
#include "storage/base/clock.h"
#include "version.h"

/* A point in time as text, or null. */
static json_t *
time_or_null(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (at_ms == 0)
        return json_null();
    clock_write(text, at_ms);
    return json_string(text);
}

static json_t *
crew_to_json(const struct meter_crew *crew)
{
    return json_pack("{s:i, s:i, s:i}", "threads", crew->threads, "busy",
                     crew->busy, "waiting", crew->waiting);
}

static json_t *
jobs_to_json(const struct meter_gauges *gauges)
{
    json_t *jobs = json_array();

    for (int i = 0; i < gauges->job_count; i++) {
        const struct meter_job *job = &gauges->jobs[i];

        json_array_append_new(
            jobs, json_pack("{s:s, s:o, s:I, s:I, s:I}", "name", job->name,
                            "last_run_at", time_or_null(job->last_at_ms),
                            "last_run_ms", (json_int_t)job->last_ms, "runs",
                            (json_int_t)job->runs, "failures",
                            (json_int_t)job->failures));
    }
    return jobs;
}

static json_t *
database_to_json(const struct statistics *all)
{
    const struct db_counts *counts = &all->meter->database;

    return json_pack("{s:b, s:I, s:I, s:I}", "up", (int)all->database.is_up,
                     "connects", (json_int_t)atomic_load(&counts->connects),
                     "connect_failures",
                     (json_int_t)atomic_load(&counts->connect_failures),
                     "failures", (json_int_t)atomic_load(&counts->failures));
}

/* What the database knows; null while it is out of reach. */
static json_t *
queues_to_json(const struct statistics_database *database)
{
    if (!database->is_up)
        return json_null();
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "access_requests",
                     (json_int_t)database->requests, "access_requests_seconds",
                     (json_int_t)database->requests_seconds, "mails",
                     (json_int_t)database->mails, "mails_seconds",
                     (json_int_t)database->mails_seconds, "log_entries",
                     (json_int_t)database->entries, "log_entries_seconds",
                     (json_int_t)database->entries_seconds);
}

static json_t *
blobs_to_json(const struct statistics *all)
{
    const struct statistics_database *database = &all->database;
    json_t *blobs =
        json_pack("{s:I}", "free_bytes", (json_int_t)all->blob_free_bytes);

    if (database->is_up)
        json_object_update_new(
            blobs, json_pack("{s:I, s:I, s:I, s:I, s:o}", "count",
                             (json_int_t)database->blobs, "bytes",
                             (json_int_t)database->blob_bytes, "garbage",
                             (json_int_t)database->garbage, "quarantined",
                             (json_int_t)database->quarantined, "scrubbed_at",
                             time_or_null(database->scrubbed_at_ms)));
    return blobs;
}

static json_t *
status_to_json(const struct statistics *all, const struct service *service)
{
    const struct meter_gauges *gauges = &all->gauges;

    return json_pack(
        "{s:b, s:s, s:s, s:s, s:o, s:o, s:i, s:I, s:o, s:o, s:o, s:o, s:o, "
        "s:o}",
        "up", 1, "version", version_text, "url", service->url, "listen",
        service->config->listen, "started_at",
        time_or_null(all->meter->opened_at_ms), "certificate_ends_at",
        time_or_null(gauges->certificate_ends_ms), "connections",
        gauges->connections, "resident_bytes",
        (json_int_t)all->process.resident_bytes, "workers",
        crew_to_json(&gauges->workers), "io_threads", crew_to_json(&gauges->io),
        "database", database_to_json(all), "queues",
        queues_to_json(&all->database), "blobs", blobs_to_json(all), "jobs",
        jobs_to_json(gauges));
}

static int
status_show(struct request *request, struct response *response,
            struct error *err)
{
    struct statistics all;

    if (statistics_check_reader(request, err) < 0 ||
        statistics_read(&all, request, err) < 0)
        return -1;
    response_json(
        response, 200,
        json_keep(request->arena, status_to_json(&all, request->service)));
    return 0;
}

const struct route status_routes[] = {
    {"GET", "/status", RIGHT_PUBLIC, status_show, NULL, 0},
    {0},
};
