#include "registry/jobs/jobs.h"

static const struct {
    int64_t interval_ms;
    server_job *run;
} jobs[] = {
    {500, record_run}, {1000, sequencer_run},  {5000, expiry_run},
    {500, outbox_run}, {60000, collector_run}, {3600000, cleaner_run},
};

void
jobs_add(struct server *server, struct service *service)
{
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
        server_every(server, jobs[i].interval_ms, jobs[i].run, service);
}
