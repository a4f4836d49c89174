/*
 * histogram: how long something took, counted in fixed buckets.
 *
 * Adding is two relaxed atomic additions and no lock, from any thread.  A
 * reader may see an observation in a bucket and not yet in the sum, or the
 * other way round; the next reading mends it.  All zeros is an empty one.
 */
#ifndef STORAGE_BASE_HISTOGRAM_H
#define STORAGE_BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

/* The last bucket has no upper bound. */
#define HISTOGRAM_BUCKETS 14

/* Upper bounds in microseconds, of all buckets but the last. */
extern const int64_t histogram_bounds_us[HISTOGRAM_BUCKETS - 1];

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS]; /* each bucket's own */
    _Atomic uint64_t sum_us;
};

/* A negative duration, which no clock should give, counts as 0. */
void histogram_add(struct histogram *histogram, int64_t duration_us);

/* How many observations there are. */
uint64_t histogram_count(const struct histogram *histogram);

#endif
