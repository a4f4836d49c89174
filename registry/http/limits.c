#include "registry/http/limits.h"

static const struct limits defaults = {
    .connections = 16384,
    .connections_per_address = 1024,
    .head_ms = 10000,
    .idle_ms = 60000,
    .body_window_ms = 10000,
    .body_bytes_per_second = 1024,
    .send_ms = 60000,
    .drain_ms = 2000,
    .stop_ms = 10000,
};

static void
fill(int64_t *limit, int64_t value)
{
    if (*limit == 0)
        *limit = value;
}

void
limits_fill(struct limits *limits)
{
    if (limits->connections == 0)
        limits->connections = defaults.connections;
    if (limits->connections_per_address == 0)
        limits->connections_per_address = defaults.connections_per_address;
    fill(&limits->head_ms, defaults.head_ms);
    fill(&limits->idle_ms, defaults.idle_ms);
    fill(&limits->body_window_ms, defaults.body_window_ms);
    fill(&limits->body_bytes_per_second, defaults.body_bytes_per_second);
    fill(&limits->send_ms, defaults.send_ms);
    fill(&limits->drain_ms, defaults.drain_ms);
    fill(&limits->stop_ms, defaults.stop_ms);
}
