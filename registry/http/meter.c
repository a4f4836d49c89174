#include "registry/http/meter.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"

static const char *const methods[METER_METHODS] = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "other"};

struct meter *
meter_open(void)
{
    struct meter *meter = xcalloc(1, sizeof(*meter));

    meter->opened_at_ms = clock_now_ms();
    return meter;
}

void
meter_free(struct meter *meter)
{
    free(meter);
}

const char *
meter_method_name(int method)
{
    return methods[method];
}

static int
find_method(const char *name)
{
    int method = 0;

    while (method < METER_METHODS - 1 && strcmp(methods[method], name) != 0)
        method++;
    return method;
}

void
meter_add(struct meter *meter, enum meter_counter counter, uint64_t count)
{
    if (meter != NULL)
        atomic_fetch_add_explicit(&meter->counters[counter], count,
                                  memory_order_relaxed);
}

void
meter_add_request(struct meter *meter, const struct meter_request *request)
{
    int family = request->family;
    int class = request->status / 100;

    if (meter == NULL)
        return;
    if (family < 0 || family >= METER_FAMILIES)
        family = METER_FAMILIES - 1;
    if (class < 0 || class >= METER_CLASSES)
        class = 0;
    atomic_fetch_add_explicit(
        &meter->requests[family][find_method(request->method)][class], 1,
        memory_order_relaxed);
    histogram_add(&meter->latency[family], request->duration_us);
    meter_add(meter, METER_BYTES_IN, request->bytes_in);
    meter_add(meter, METER_BYTES_OUT, request->bytes_out);
}
