#include "storage/base/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS - 1] = {
    500,    1000,   2500,    5000,    10000,    25000,    50000,
    100000, 250000, 1000000, 5000000, 30000000, 300000000};

void
histogram_add(struct histogram *histogram, int64_t duration_us)
{
    int bucket = 0;

    if (duration_us < 0)
        duration_us = 0;
    while (bucket < HISTOGRAM_BUCKETS - 1 &&
           duration_us > histogram_bounds_us[bucket])
        bucket++;
    atomic_fetch_add_explicit(&histogram->counts[bucket], 1,
                              memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)duration_us,
                              memory_order_relaxed);
}

uint64_t
histogram_count(const struct histogram *histogram)
{
    uint64_t count = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        count +=
            atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    return count;
}
