/*
 * counts: what all connections of one daemon did, for who watches it.
 *
 * Relaxed atomic additions from any thread; all zeros is none yet.  NULL in
 * the place of counts is allowed: nobody counts.
 */
#ifndef STORAGE_DB_COUNTS_H
#define STORAGE_DB_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/base/histogram.h"

struct db_counts {
    _Atomic uint64_t connects; /* the first one of each connection, too */
    _Atomic uint64_t connect_failures;
    _Atomic uint64_t failures;   /* statements, but for conflicts */
    struct histogram statements; /* how long they took, as we saw it */
};

/* A connection that was tried; result is 0 or -1. */
void counts_add_connect(struct db_counts *counts, int result);

void counts_add_statement(struct db_counts *counts, int64_t duration_us);

/* A statement that was refused; what a caller can mend does not count. */
void counts_add_failure(struct db_counts *counts, const struct error *err);

#endif
