#include "storage/db/counts.h"

#include <stddef.h>

static void
add(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void
counts_add_connect(struct db_counts *counts, int result)
{
    if (counts == NULL)
        return;
    add(&counts->connects);
    if (result < 0)
        add(&counts->connect_failures);
}

void
counts_add_statement(struct db_counts *counts, int64_t duration_us)
{
    if (counts != NULL)
        histogram_add(&counts->statements, duration_us);
}

void
counts_add_failure(struct db_counts *counts, const struct error *err)
{
    if (counts != NULL &&
        (err->code == ERROR_DATABASE || err->code == ERROR_INTERNAL))
        add(&counts->failures);
}
