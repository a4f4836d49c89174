/*
 * db: one connection to PostgreSQL, and statements by name.
 *
 * Every statement is a file, storage/db/sql/NAME.sql or auth/sql/NAME.sql,
 * built in, prepared when the connection opens and run by its name.  Rows live
 * in the arena that is given.  A struct db belongs to one thread at a time.
 * A connection that broke is opened again by the next call outside of a
 * transaction, or by a transaction's first; what was under way when it broke
 * gets ERROR_DATABASE.  So does what a server does not answer that hangs,
 * within 10 seconds (await.h); it may do it yet.
 */
#ifndef STORAGE_DB_DB_H
#define STORAGE_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/embed.h"
#include "storage/base/error.h"
#include "storage/base/log.h"
#include "storage/db/counts.h"
#include "storage/db/outage.h"

struct db;
struct db_rows;

struct db_options {
    const char *conninfo; /* libpq's: postgresql://… or key=value words */
    /* Tables of statements to prepare, up to the first NULL. */
    const struct embed_file *statements[4];
    /* For causes; outlives the connection.  NULL: who gets the error logs it.
     */
    const struct log *log;
    struct db_counts *counts; /* outlives it too; NULL: nobody counts */
    struct outage *outage;    /* so does this; NULL: nobody is told */
};

/* A parameter: text as PostgreSQL reads it, or bytes for a bytea. */
struct db_value {
    const char *text;  /* NULL: null, unless bytes is set */
    const void *bytes; /* not NULL: binary */
    size_t length;
    char number[CLOCK_TEXT_SIZE]; /* where db_int and db_time keep their text */
    bool is_number;
};

struct db_value db_text(const char *text); /* NULL gives null */
struct db_value db_int(int64_t number);
struct db_value db_bool(bool value);
struct db_value db_bytes(const void *bytes, size_t length);
/* A point in time; CLOCK_NEVER gives null. */
struct db_value db_time(int64_t at_ms);
struct db_value db_null(void);

/* The caller frees *out with db_free. */
int db_open(struct db **out, const struct db_options *options,
            struct error *err);
void db_free(struct db *db); /* NULL is allowed */

/* A statement by name, and its values in the order of $1, $2, … */
struct db_call {
    const char *name;
    const struct db_value *values;
    int count;
};

/*
 * Runs the statement.  *out may be NULL for one whose rows nobody reads.  No
 * row is not an error.  ERROR_CONFLICT for a broken unique or foreign key,
 * ERROR_DATABASE when the server is out of reach or asks to try again, what
 * the schema raises (state.h), ERROR_INTERNAL otherwise.
 */
int db_run(struct db_rows **out, struct db *db, struct arena *arena,
           const struct db_call *call, struct error *err);

/* db_run as one would say it: DB_RUN(&rows, db, arena, "x", err, values…) */
#define DB_RUN(out, db, arena, name, err, ...)                                 \
    db_run((out), (db), (arena),                                               \
           &(struct db_call){(name), (struct db_value[]){__VA_ARGS__},         \
                             (int)(sizeof((struct db_value[]){__VA_ARGS__}) /  \
                                   sizeof(struct db_value))},                  \
           (err))

/* Rows returned; for INSERT, UPDATE and DELETE without RETURNING, affected. */
int64_t db_rows_count(const struct db_rows *rows);

/* Row and column count from 0.  Texts live as long as the rows' arena. */
bool db_is_null(const struct db_rows *rows, int64_t row, int column);
const char *db_get_text(const struct db_rows *rows, int64_t row, int column);
int64_t db_get_int(const struct db_rows *rows, int64_t row, int column);
bool db_get_bool(const struct db_rows *rows, int64_t row, int column);
/* A timestamptz in milliseconds; CLOCK_NEVER for null. */
int64_t db_get_time(const struct db_rows *rows, int64_t row, int column);
/* A bytea; *out_length is 0 and the result not NULL for null. */
const void *db_get_bytes(size_t *out_length, const struct db_rows *rows,
                         int64_t row, int column);

/* One transaction at a time; a failed statement leaves only rollback. */
int db_begin(struct db *db, struct error *err);
int db_commit(struct db *db, struct error *err);
void db_rollback(struct db *db); /* nothing when none is open */
/* Commits when result is 0; else rolls back and hands result on. */
int db_end(struct db *db, int result, struct error *err);

/* Statements run so far, for tests that count round trips. */
int64_t db_statement_count(const struct db *db);

#endif
