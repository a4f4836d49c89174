/*
 * dump: the rows of all tables as one moment saw them, out and in again.
 *
 * Rows travel in PostgreSQL's own binary COPY format, whose reader takes data
 * and no statements: names of tables and columns come from the schema, never
 * from what is read.  A struct dump is a connection and belongs to one thread.
 */
#ifndef STORAGE_DB_DUMP_H
#define STORAGE_DB_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define DUMP_TABLES_LIMIT 256

struct dump;

struct dump_blob {
    const char *name;
    struct digest digest;
    uint64_t size_bytes;
};

struct dump_sequence {
    const char *name;
    int64_t value; /* the last that was given out; 0 for none */
};

/*
 * Takes a snapshot of a migrated database, and keeps the collector from
 * removing bytes until dump_free.  The caller frees *out with dump_free.
 */
int dump_open(struct dump **out, const char *conninfo, struct error *err);

/* Begins to fill a database of empty tables, in one transaction. */
int dump_open_empty(struct dump **out, const char *conninfo, struct error *err);
void dump_free(struct dump *dump); /* NULL is allowed; drops the uncommitted */

/* Tables, those that others refer to first.  Lives as long as the dump. */
size_t dump_table_count(const struct dump *dump);
const char *dump_table_name(const struct dump *dump, size_t table);

/* The level of the schema: 0 for a database that was never migrated. */
int dump_level(const struct dump *dump);

/* Hands the rows of a table to sink; -1 from it is handed on. */
int dump_read_table(struct dump *dump, size_t table,
                    int (*sink)(void *state, const void *bytes, size_t length,
                                struct error *err),
                    void *state, struct error *err);

/* The blobs that objects have, in the order of their names. */
int dump_list_blobs(struct dump_blob **out, size_t *out_count,
                    struct dump *dump, struct arena *arena, struct error *err);
int dump_list_sequences(struct dump_sequence **out, size_t *out_count,
                        struct dump *dump, struct arena *arena,
                        struct error *err);

/* Rows into a table: begin, add as they come, end. */
int dump_begin_table(struct dump *dump, size_t table, struct error *err);
int dump_add(struct dump *dump, const void *bytes, size_t length,
             struct error *err);
int dump_end_table(struct dump *dump, struct error *err);
int dump_set_sequence(struct dump *dump, const struct dump_sequence *sequence,
                      struct error *err);

/* Ends the snapshot, or keeps what was filled in. */
int dump_commit(struct dump *dump, struct error *err);

/* ERROR_DATABASE when the connection, and so the collector's stop, is lost. */
int dump_check(struct dump *dump, struct error *err);

#endif
