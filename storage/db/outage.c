#include "storage/db/outage.h"

#include <stddef.h>

#include "storage/base/clock.h"

bool
outage_admits(struct outage *outage)
{
    int64_t until_ms;
    int64_t now_ms;

    if (outage == NULL)
        return true;
    until_ms = atomic_load_explicit(&outage->until_ms, memory_order_relaxed);
    if (until_ms == 0)
        return true;
    now_ms = clock_monotonic_ms();
    /* Of all who come after the pause one alone looks. */
    return now_ms >= until_ms &&
           atomic_compare_exchange_strong(&outage->until_ms, &until_ms,
                                          now_ms + OUTAGE_LOOK_MS);
}

void
outage_begin(struct outage *outage)
{
    if (outage != NULL)
        atomic_store(&outage->until_ms, clock_monotonic_ms() + OUTAGE_PAUSE_MS);
}

void
outage_end(struct outage *outage)
{
    if (outage != NULL &&
        atomic_load_explicit(&outage->until_ms, memory_order_relaxed) != 0)
        atomic_store(&outage->until_ms, 0);
}
