/*
 * storage/db/db.h without a server: each statement succeeds and finds nothing.
 *
 * Linked into fuzz targets that drive code above the database, in the place of
 * storage/db/db.c, so that a run costs no round trip and a target needs no
 * cluster.  What reads a row that is not there gets a value that is nothing.
 */
#include "storage/db/db.h"

struct db_rows {
    char unused;
};

struct db_value
db_text(const char *text)
{
    return (struct db_value){.text = text};
}

struct db_value
db_int(int64_t number)
{
    (void)number;
    return (struct db_value){.is_number = true};
}

struct db_value
db_bool(bool value)
{
    return db_text(value ? "t" : "f");
}

struct db_value
db_bytes(const void *bytes, size_t length)
{
    return (struct db_value){.bytes = bytes, .length = length};
}

struct db_value
db_time(int64_t at_ms)
{
    return db_int(at_ms);
}

struct db_value
db_null(void)
{
    return (struct db_value){0};
}

int
db_open(struct db **out, const struct db_options *options, struct error *err)
{
    (void)options;
    *out = NULL;
    return error_set(err, ERROR_DATABASE, NULL);
}

void
db_free(struct db *db)
{
    (void)db;
}

int
db_run(struct db_rows **out, struct db *db, struct arena *arena,
       const struct db_call *call, struct error *err)
{
    static struct db_rows none;

    (void)db;
    (void)arena;
    (void)call;
    (void)err;
    if (out != NULL)
        *out = &none;
    return 0;
}

int64_t
db_rows_count(const struct db_rows *rows)
{
    (void)rows;
    return 0;
}

bool
db_is_null(const struct db_rows *rows, int64_t row, int column)
{
    (void)rows;
    (void)row;
    (void)column;
    return true;
}

const char *
db_get_text(const struct db_rows *rows, int64_t row, int column)
{
    (void)rows;
    (void)row;
    (void)column;
    return "";
}

int64_t
db_get_int(const struct db_rows *rows, int64_t row, int column)
{
    (void)rows;
    (void)row;
    (void)column;
    return 0;
}

bool
db_get_bool(const struct db_rows *rows, int64_t row, int column)
{
    (void)rows;
    (void)row;
    (void)column;
    return false;
}

int64_t
db_get_time(const struct db_rows *rows, int64_t row, int column)
{
    (void)rows;
    (void)row;
    (void)column;
    return CLOCK_NEVER;
}

const void *
db_get_bytes(size_t *out_length, const struct db_rows *rows, int64_t row,
             int column)
{
    (void)rows;
    (void)row;
    (void)column;
    *out_length = 0;
    return "";
}

int
db_begin(struct db *db, struct error *err)
{
    (void)db;
    (void)err;
    return 0;
}

int
db_commit(struct db *db, struct error *err)
{
    (void)db;
    (void)err;
    return 0;
}

void
db_rollback(struct db *db)
{
    (void)db;
}

int
db_end(struct db *db, int result, struct error *err)
{
    (void)db;
    (void)err;
    return result;
}

int64_t
db_statement_count(const struct db *db)
{
    (void)db;
    return 0;
}
