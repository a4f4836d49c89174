#include "registry/jobs/jobs.h"

static const struct {
    const char *name;
    int64_t interval_ms;
    server_job *run;
} jobs[] = {
    {"record", 500, record_run},           {"sequencer", 1000, sequencer_run},
    {"expiry", 5000, expiry_run},          {"outbox", 500, outbox_run},
    {"collector", 3600000, collector_run}, {"cleaner", 3600000, cleaner_run},
    {"scrubber", 2000, scrubber_run},      {"uploads", 1000, uploads_run},
};

void
jobs_add(struct server *server, struct service *service)
{
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
        server_every(server, jobs[i].name, jobs[i].interval_ms, jobs[i].run,
                     service);
}
