#include "registry/http/limits.h"

#include <stddef.h>

static const struct limits defaults = {
    .connections = 20000,
    .connections_per_address = 1000,
    .head_bytes = 32768,
    .json_bytes = 1048576,
    .commit_bytes = INT64_C(1024) * 1024 * 1024,
    .commit_line_bytes = INT64_C(14) * 1024 * 1024,
    .head_ms = 10000,
    .idle_ms = 60000,
    .body_window_ms = 10000,
    .body_bytes_per_second = 1024,
    .send_ms = 60000,
    .drain_ms = 2000,
    .stop_ms = 10000,
    .retire_ms = 300000,
    .uploads = 64,
    .open_requests = 100,
    .login_account = 10,
    .login_address = 60,
};

/* Each field is an int64_t, which is what lets them be filled in one loop. */
void
limits_fill(struct limits *limits)
{
    int64_t *limit = (int64_t *)limits;
    const int64_t *value = (const int64_t *)&defaults;

    for (size_t i = 0; i < sizeof(*limits) / sizeof(*limit); i++)
        if (limit[i] == 0)
            limit[i] = value[i];
}
