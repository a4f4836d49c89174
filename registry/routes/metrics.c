/* metrics: GET /metrics, the daemon's numbers in Prometheus' text format. */
#include <inttypes.h>

#include "auth/question.h"
#include "registry/routes/routes.h"
#include "registry/routes/statistics.h"
#include "storage/base/buffer.h"
#include "version.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

static uint64_t
load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The two lines above a metric's samples. */
static void
write_head(struct buffer *out, const char *name, const char *type,
           const char *help)
{
    buffer_append_format(out, "# HELP weighd_%s %s\n# TYPE weighd_%s %s\n",
                         name, help, name, type);
}

static void
write_number(struct buffer *out, const char *name, const char *type,
             const char *help, int64_t number)
{
    write_head(out, name, type, help);
    buffer_append_format(out, "weighd_%s %" PRId64 "\n", name, number);
}

static void
write_gauge(struct buffer *out, const char *name, const char *help,
            int64_t number)
{
    write_number(out, name, "gauge", help, number);
}

static void
write_counter(struct buffer *out, const char *name, const char *help,
              uint64_t number)
{
    write_number(out, name, "counter", help, (int64_t)number);
}

/* label is "" or "name=\"value\"," with its comma. */
static void
write_histogram(struct buffer *out, const char *name, const char *label,
                const struct histogram *histogram)
{
    uint64_t count = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += load(&histogram->counts[i]);
        if (i < HISTOGRAM_BUCKETS - 1)
            buffer_append_format(
                out, "weighd_%s_bucket{%sle=\"%g\"} %" PRIu64 "\n", name, label,
                (double)histogram_bounds_us[i] / 1e6, count);
        else
            buffer_append_format(
                out, "weighd_%s_bucket{%sle=\"+Inf\"} %" PRIu64 "\n", name,
                label, count);
    }
    buffer_append_format(out,
                         "weighd_%s_sum{%s} %.6f\n"
                         "weighd_%s_count{%s} %" PRIu64 "\n",
                         name, label, (double)load(&histogram->sum_us) / 1e6,
                         name, label, count);
}

static const char *
family_name(int family)
{
    return family == METER_FAMILIES - 1 ? "none" : all_route_families[family];
}

/* Only what was asked for at least once: most of the table is empty. */
static void
write_requests(struct buffer *out, const struct meter *meter)
{
    write_head(out, "http_requests_total", "counter",
               "Requests that are over, by family of routes.");
    for (int f = 0; f < METER_FAMILIES; f++)
        for (int m = 0; m < METER_METHODS; m++)
            for (int c = 0; c < METER_CLASSES; c++) {
                uint64_t count = load(&meter->requests[f][m][c]);

                if (count > 0)
                    buffer_append_format(
                        out,
                        "weighd_http_requests_total{family=\"%s\","
                        "method=\"%s\",status=\"%dxx\"} %" PRIu64 "\n",
                        family_name(f), meter_method_name(m), c, count);
            }
    write_head(out, "http_request_seconds", "histogram",
               "From a request's first byte to its answer's last.");
    for (int f = 0; f < METER_FAMILIES; f++) {
        char label[64];

        if (histogram_count(&meter->latency[f]) == 0)
            continue;
        snprintf(label, sizeof(label), "family=\"%s\",", family_name(f));
        write_histogram(out, "http_request_seconds", label, &meter->latency[f]);
    }
}

static void
write_connections(struct buffer *out, const struct statistics *all)
{
    const struct meter *meter = all->meter;

    write_counter(out, "http_request_body_bytes_total",
                  "Bytes of bodies that came.",
                  load(&meter->counters[METER_BYTES_IN]));
    write_counter(out, "http_response_body_bytes_total",
                  "Bytes of bodies that left.",
                  load(&meter->counters[METER_BYTES_OUT]));
    write_gauge(out, "connections", "Connections of clients now.",
                all->gauges.connections);
    write_counter(out, "connections_total", "Connections that came.",
                  load(&meter->counters[METER_CONNECTIONS]));
    write_counter(out, "connections_refused_total", "Connections over a limit.",
                  load(&meter->counters[METER_CONNECTIONS_REFUSED]));
}

static void
write_gate(struct buffer *out, const struct statistics *all,
           const struct question_queue *questions)
{
    uint64_t counts[QUESTION_REASONS];

    question_count(counts, questions);
    write_head(out, "gate_decisions_total", "counter",
               "What the gate answered, by its reason.");
    for (int i = 0; i < QUESTION_REASONS; i++)
        buffer_append_format(
            out,
            "weighd_gate_decisions_total{answer=\"%s\",reason=\"%s\"} "
            "%" PRIu64 "\n",
            i <= GATE_GRANTED ? "allowed" : "refused",
            gate_reason_name((enum gate_reason)i), counts[i]);
    write_counter(out, "gate_decisions_lost_total",
                  "Answers of the gate that could not be recorded.",
                  load(&all->meter->counters[METER_QUESTIONS_LOST]));
}

static void
write_crews(struct buffer *out, const struct meter_gauges *gauges)
{
    write_gauge(out, "workers", "Threads with a database connection.",
                gauges->workers.threads);
    write_gauge(out, "workers_busy", "Workers that have a task.",
                gauges->workers.busy);
    write_gauge(out, "workers_queue", "Tasks that wait for a worker.",
                gauges->workers.waiting);
    write_gauge(out, "io_threads", "Threads that hash and write.",
                gauges->io.threads);
    write_gauge(out, "io_threads_busy", "IO threads that have a task.",
                gauges->io.busy);
    write_gauge(out, "io_threads_queue", "Tasks that wait for an IO thread.",
                gauges->io.waiting);
}

static void
write_database(struct buffer *out, const struct statistics *all)
{
    const struct db_counts *counts = &all->meter->database;

    write_gauge(out, "database_up", "1 when the database answered just now.",
                all->database.is_up);
    write_counter(out, "database_connects_total",
                  "Connections tried, the first of each worker too.",
                  load(&counts->connects));
    write_counter(out, "database_connect_failures_total",
                  "Connections that the database did not give.",
                  load(&counts->connect_failures));
    write_counter(out, "database_failures_total",
                  "Statements that failed, but for conflicts.",
                  load(&counts->failures));
    write_head(out, "database_statement_seconds", "histogram",
               "How long statements took, with the way there.");
    write_histogram(out, "database_statement_seconds", "", &counts->statements);
}

/* What the database knows; absent while it is out of reach. */
static void
write_queues(struct buffer *out, const struct statistics_database *database)
{
    if (!database->is_up)
        return;
    write_gauge(out, "access_requests_open",
                "Requests for access that wait for a decision, to 1000.",
                database->requests);
    write_gauge(out, "access_requests_oldest_seconds",
                "How long the oldest of them has waited.",
                database->requests_seconds);
    write_gauge(out, "outbox_waiting", "Mails and webhooks that wait, to 1000.",
                database->mails);
    write_gauge(out, "outbox_oldest_seconds",
                "How long the oldest of them has waited.",
                database->mails_seconds);
    write_gauge(out, "sequencer_lag_entries",
                "Entries of the log without an index, to 1000.",
                database->entries);
    write_gauge(out, "sequencer_lag_seconds",
                "How long the oldest of them has waited.",
                database->entries_seconds);
    write_gauge(out, "blobs", "Blobs, estimated when there are many.",
                database->blobs);
    write_gauge(out, "blob_bytes", "Their bytes, estimated likewise.",
                database->blob_bytes);
    write_gauge(out, "blob_garbage",
                "Blobs to be removed that nothing refers to, to 1000.",
                database->garbage);
    write_gauge(out, "quarantined_objects",
                "Objects found damaged, which nobody is served.",
                database->quarantined);
    write_gauge(out, "scrub_last_finished_timestamp_seconds",
                "When all weights were last read again; 0 is never.",
                database->scrubbed_at_ms / 1000);
}

static void
write_disk(struct buffer *out, const struct statistics *all)
{
    const struct meter *meter = all->meter;

    write_gauge(out, "blob_filesystem_free_bytes",
                "Room where blobs are written.", (int64_t)all->blob_free_bytes);
    write_gauge(out, "blob_filesystem_bytes", "Size of that file system.",
                (int64_t)all->blob_total_bytes);
    write_counter(out, "collector_uploads_total",
                  "Uploads given up that the collector ended.",
                  load(&meter->counters[METER_COLLECTED_UPLOADS]));
    write_counter(out, "collector_objects_total",
                  "Objects that the collector removed.",
                  load(&meter->counters[METER_COLLECTED_OBJECTS]));
    write_counter(out, "collector_blobs_total",
                  "Blobs that the collector removed.",
                  load(&meter->counters[METER_COLLECTED_BLOBS]));
}

static void
write_scrub(struct buffer *out, const struct meter *meter)
{
    write_counter(out, "scrub_objects_total",
                  "Objects that this daemon read again in the background.",
                  load(&meter->counters[METER_SCRUB_OBJECTS]));
    write_counter(out, "scrub_bytes_total", "Bytes that it read for that.",
                  load(&meter->counters[METER_SCRUB_BYTES]));
    write_counter(out, "scrub_damaged_total", "Objects that it found damaged.",
                  load(&meter->counters[METER_SCRUB_DAMAGED]));
}

static void
write_job(struct buffer *out, const char *metric, const struct meter_job *job,
          double number)
{
    buffer_append_format(out, "weighd_job_%s{job=\"%s\"} %.15g\n", metric,
                         job->name, number);
}

static void
write_jobs(struct buffer *out, const struct meter_gauges *gauges)
{
    const struct meter_job *jobs = gauges->jobs;

    write_head(out, "job_runs_total", "counter", "Runs of a periodic job.");
    for (int i = 0; i < gauges->job_count; i++)
        write_job(out, "runs_total", &jobs[i], (double)jobs[i].runs);
    write_head(out, "job_failures_total", "counter", "Runs that failed.");
    for (int i = 0; i < gauges->job_count; i++)
        write_job(out, "failures_total", &jobs[i], (double)jobs[i].failures);
    write_head(out, "job_last_run_timestamp_seconds", "gauge",
               "When the last run ended; 0 before the first.");
    for (int i = 0; i < gauges->job_count; i++)
        write_job(out, "last_run_timestamp_seconds", &jobs[i],
                  (double)jobs[i].last_at_ms / 1e3);
    write_head(out, "job_last_run_seconds", "gauge",
               "How long the last run took.");
    for (int i = 0; i < gauges->job_count; i++)
        write_job(out, "last_run_seconds", &jobs[i],
                  (double)jobs[i].last_ms / 1e3);
}

/* Names that every exporter has, so that common dashboards find them. */
static void
write_process(struct buffer *out, const struct statistics *all)
{
    const struct statistics_process *process = &all->process;

    buffer_append_format(
        out,
        "# HELP process_resident_memory_bytes Resident memory.\n"
        "# TYPE process_resident_memory_bytes gauge\n"
        "process_resident_memory_bytes %" PRId64 "\n"
        "# HELP process_virtual_memory_bytes Virtual memory.\n"
        "# TYPE process_virtual_memory_bytes gauge\n"
        "process_virtual_memory_bytes %" PRId64 "\n"
        "# HELP process_open_fds Open file descriptors.\n"
        "# TYPE process_open_fds gauge\n"
        "process_open_fds %" PRId64 "\n"
        "# HELP process_max_fds The most of them.\n"
        "# TYPE process_max_fds gauge\n"
        "process_max_fds %" PRId64 "\n",
        process->resident_bytes, process->virtual_bytes, process->open_files,
        process->most_files);
    buffer_append_format(
        out,
        "# HELP process_cpu_seconds_total Processor time used.\n"
        "# TYPE process_cpu_seconds_total counter\n"
        "process_cpu_seconds_total %.6f\n"
        "# HELP process_start_time_seconds When the process began.\n"
        "# TYPE process_start_time_seconds gauge\n"
        "process_start_time_seconds %.3f\n",
        process->cpu_seconds, (double)all->meter->opened_at_ms / 1e3);
}

static void
write_all(struct buffer *out, const struct statistics *all,
          const struct service *service)
{
    write_head(out, "build_info", "gauge", "1, with the version as a label.");
    buffer_append_format(out, "weighd_build_info{version=\"%s\"} 1\n",
                         version_text);
    write_requests(out, all->meter);
    write_connections(out, all);
    write_gate(out, all, service->questions);
    write_crews(out, &all->gauges);
    write_database(out, all);
    write_queues(out, &all->database);
    write_disk(out, all);
    write_scrub(out, all->meter);
    write_jobs(out, &all->gauges);
    if (all->gauges.certificate_ends_ms != 0)
        write_gauge(out, "certificate_expiry_timestamp_seconds",
                    "When the certificate in use ends.",
                    all->gauges.certificate_ends_ms / 1000);
    write_process(out, all);
}

static int
metrics_show(struct request *request, struct response *response,
             struct error *err)
{
    struct buffer out = {0};
    struct statistics all;

    if (statistics_check_reader(request, err) < 0 ||
        statistics_read(&all, request, err) < 0)
        return -1;
    write_all(&out, &all, request->service);
    response_bytes(response, 200, CONTENT_TYPE,
                   arena_bytes(request->arena, out.bytes, out.length),
                   out.length);
    buffer_free(&out);
    return 0;
}

const struct route metrics_routes[] = {
    {"GET", "/metrics", RIGHT_PUBLIC, metrics_show, NULL, 0},
    {0},
};
