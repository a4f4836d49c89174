/*
 * array: many values as one parameter, in PostgreSQL's binary form.
 *
 * One statement then reads or writes a batch: "oid = ANY ($2)", "unnest ($2,
 * $3)".  The bytes live in the arena.  Source: PostgreSQL 15, array_recv in
 * src/backend/utils/adt/arrayfuncs.c.
 */
#ifndef STORAGE_DB_ARRAY_H
#define STORAGE_DB_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/db/db.h"

struct array_item {
    const void *bytes; /* NULL: null */
    size_t length;
};

/* A bytea[]. */
struct db_value array_of_bytes(struct arena *arena,
                               const struct array_item *items, size_t count);
/* A text[]; a NULL is null. */
struct db_value array_of_texts(struct arena *arena, const char *const *texts,
                               size_t count);
/* A bigint[]. */
struct db_value array_of_ints(struct arena *arena, const int64_t *numbers,
                              size_t count);

#endif
