#include "storage/db/db.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "storage/db/await.h"
#include "storage/db/link.h"
#include "storage/db/state.h"

/* Who is told no is told so at once; what took this long hangs. */
#define SILENCE_MS 1000

/* Milliseconds from 1970 to 2000, where PostgreSQL's binary times begin. */
#define EPOCH_2000_MS INT64_C(946684800000)

struct db {
    char *conninfo;
    const struct log *log;
    struct db_counts *counts;          /* NULL: nobody counts */
    struct outage *outage;             /* NULL: each finds out for itself */
    struct link_statement *statements; /* by name */
    int statement_total;
    PGconn *link; /* NULL after it broke */
    int64_t statement_count;
    int64_t took_ms; /* the last answer, or the wait for one */
    bool in_transaction;
    bool is_begun;  /* the server knows of the transaction */
    bool is_failed; /* only rollback is left */
};

struct db_rows {
    PGresult *result;
    struct arena *arena;
};

struct db_value
db_text(const char *text)
{
    return (struct db_value){.text = text};
}

struct db_value
db_int(int64_t number)
{
    struct db_value value = {.is_number = true};

    snprintf(value.number, sizeof(value.number), "%" PRId64, number);
    return value;
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
    struct db_value value = {.is_number = true};

    if (at_ms == CLOCK_NEVER)
        return db_null();
    clock_write(value.number, at_ms);
    return value;
}

struct db_value
db_null(void)
{
    return (struct db_value){0};
}

static void
list_statements(struct db *db, const struct db_options *options)
{
    int total = 0;
    size_t tables = sizeof(options->statements) / sizeof(char *);

    for (size_t i = 0; i < tables && options->statements[i] != NULL; i++)
        for (const struct embed_file *f = options->statements[i]; f->stem; f++)
            total++;
    db->statements = xcalloc((size_t)total, sizeof(*db->statements));
    for (size_t i = 0; i < tables && options->statements[i] != NULL; i++)
        for (const struct embed_file *f = options->statements[i]; f->stem; f++)
            db->statements[db->statement_total++] =
                (struct link_statement){.name = f->stem, .sql = f->bytes};
    link_sort_statements(db->statements, db->statement_total);
}

static void
drop_link(struct db *db)
{
    PQfinish(db->link);
    db->link = NULL;
}

/* Writes the cause to the log where it is ours to mend; returns -1. */
static int
note(const struct db *db, const struct error *err)
{
    if (db->log != NULL &&
        (err->code == ERROR_INTERNAL || err->code == ERROR_DATABASE))
        log_error(db->log, "database", err);
    return -1;
}

static bool
is_lost(const struct db *db)
{
    return db->link == NULL || PQstatus(db->link) == CONNECTION_BAD;
}

/* Lets the other connections know whether the server answers. */
static void
note_answer(struct db *db, int64_t took_ms)
{
    db->took_ms = took_ms;
    if (is_lost(db) && took_ms >= SILENCE_MS)
        outage_begin(db->outage);
    else
        outage_end(db->outage);
}

static int
open_link(struct db *db, struct error *err)
{
    int result = link_open(&db->link, db->conninfo, err);

    counts_add_connect(db->counts, result);
    if (result < 0)
        return -1;
    /* A server that hangs takes nothing in, either. */
    PQsetnonblocking(db->link, 1);
    if (link_prepare(db->link, db->statements, db->statement_total, err) == 0)
        return 0;
    drop_link(db);
    return -1;
}

static int
connect_again(struct db *db, struct error *err)
{
    int64_t began_ms = clock_monotonic_ms();
    int result;

    if (!outage_admits(db->outage))
        return error_set(err, ERROR_DATABASE, NULL);
    result = open_link(db, err);
    note_answer(db, clock_monotonic_ms() - began_ms);
    return result < 0 ? note(db, err) : 0;
}

/*
 * A server that ends a connection says so and then closes the socket.  Nothing
 * else comes to a connection at rest but a setting's new value, so whatever can
 * be read is taken for the end: asking first spares the request an error.
 */
static bool
is_alive(PGconn *link)
{
    struct pollfd file = {.fd = PQsocket(link), .events = POLLIN};

    return PQstatus(link) == CONNECTION_OK && poll(&file, 1, 0) == 0;
}

static int
ensure_link(struct db *db, struct error *err)
{
    if (db->is_begun && db->link == NULL)
        return error_set(err, ERROR_DATABASE, NULL);
    if (db->is_begun || (db->link != NULL && is_alive(db->link)))
        return 0;
    drop_link(db);
    return connect_again(db, err);
}

int
db_open(struct db **out, const struct db_options *options, struct error *err)
{
    struct db *db = xcalloc(1, sizeof(*db));

    db->conninfo = xstrdup(options->conninfo);
    db->log = options->log;
    db->counts = options->counts;
    db->outage = options->outage;
    list_statements(db, options);
    if (connect_again(db, err) < 0) {
        db_free(db);
        return -1;
    }
    *out = db;
    return 0;
}

void
db_free(struct db *db)
{
    if (db == NULL)
        return;
    drop_link(db);
    free(db->statements);
    free(db->conninfo);
    free(db);
}

static int
fill_parameters(struct link_values *out, const struct db_call *call,
                struct error *err)
{
    assert(call->count <= LINK_VALUES_LIMIT);
    for (int i = 0; i < call->count; i++) {
        const struct db_value *value = &call->values[i];

        if (value->length > INT32_MAX / 2)
            return error_set(err, ERROR_TOO_LARGE,
                             "a value is over the database's limit");
        out->values[i] = value->is_number       ? value->number
                         : value->bytes != NULL ? value->bytes
                                                : value->text;
        out->lengths[i] = (int)value->length;
        out->formats[i] = value->bytes != NULL;
    }
    return 0;
}

static PGresult *
execute(struct db *db, const struct link_statement *statement,
        const struct link_values *parameters)
{
    int64_t began_us = clock_monotonic_us();
    int64_t took_us;
    PGresult *result;

    db->statement_count++;
    if (db->in_transaction && !db->is_begun) {
        db->is_begun = true;
        result = link_begin_and_execute(db->link, statement, parameters);
    } else {
        result = link_execute(db->link, statement, parameters);
    }
    took_us = clock_monotonic_us() - began_us;
    counts_add_statement(db->counts, took_us);
    note_answer(db, took_us / 1000);
    return result;
}

/*
 * A break under a transaction's first statement took nothing with it that could
 * have been committed, so the statement may run again.  Any other may have been
 * done before the answer was lost.
 */
static int
execute_again(PGresult **out, struct db *db,
              const struct link_statement *statement,
              const struct link_values *parameters, struct error *err)
{
    PQclear(*out);
    db->is_begun = false;
    drop_link(db);
    if (connect_again(db, err) < 0) {
        db->is_failed = true;
        return -1;
    }
    *out = execute(db, statement, parameters);
    return 0;
}

/* Fills err from a result that is none, and drops a link that is no more. */
static int
refuse(struct db *db, PGresult *result, const char *name, struct error *err)
{
    db->is_failed = db->in_transaction;
    state_to_error(err, db->link, result, name);
    /* libpq would say that the server ended it. */
    if (is_lost(db) && db->took_ms >= AWAIT_PATIENCE_MS)
        error_set_cause(err, "%s: no answer in %" PRId64 " ms", name,
                        db->took_ms);
    if (is_lost(db) || state_is_outdated(result))
        drop_link(db);
    PQclear(result);
    counts_add_failure(db->counts, err);
    return note(db, err);
}

static void
clear_result(void *result)
{
    PQclear(result);
}

static void
keep_rows(struct db_rows **out, struct arena *arena, PGresult *result)
{
    if (out == NULL) {
        PQclear(result);
        return;
    }
    *out = arena_alloc(arena, sizeof(**out));
    (*out)->result = result;
    (*out)->arena = arena;
    arena_defer(arena, clear_result, result);
}

int
db_run(struct db_rows **out, struct db *db, struct arena *arena,
       const struct db_call *call, struct error *err)
{
    const struct link_statement *statement =
        link_find_statement(db->statements, db->statement_total, call->name);
    struct link_values parameters;
    bool is_first = db->in_transaction && !db->is_begun;
    ExecStatusType status;
    PGresult *result;

    if (statement == NULL)
        return error_set(err, ERROR_INTERNAL, "no statement %s", call->name);
    if (db->is_failed)
        return error_set(err, ERROR_DATABASE, NULL);
    if (fill_parameters(&parameters, call, err) < 0 || ensure_link(db, err) < 0)
        return -1;
    if (statement->parameters != call->count)
        return error_set(err, ERROR_INTERNAL, "%s takes %d values, not %d",
                         call->name, statement->parameters, call->count);
    if (!db->is_begun && !outage_admits(db->outage)) {
        db->is_failed = db->in_transaction;
        return error_set(err, ERROR_DATABASE, NULL);
    }
    result = execute(db, statement, &parameters);
    if (is_first && is_lost(db) &&
        execute_again(&result, db, statement, &parameters, err) < 0)
        return -1;
    status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return refuse(db, result, call->name, err);
    keep_rows(out, arena, result);
    return 0;
}

int
db_begin(struct db *db, struct error *err)
{
    assert(!db->in_transaction);
    if (ensure_link(db, err) < 0)
        return -1;
    db->in_transaction = true;
    return 0;
}

static void
end_transaction(struct db *db)
{
    db->in_transaction = false;
    db->is_begun = false;
    db->is_failed = false;
}

/* What ends a transaction. */
static PGresult *
finish(struct db *db, const char *sql)
{
    int64_t began_ms = clock_monotonic_ms();
    PGresult *result = link_ask(db->link, sql, LINK_ANSWER_TIMEOUT_MS);

    note_answer(db, clock_monotonic_ms() - began_ms);
    return result;
}

int
db_commit(struct db *db, struct error *err)
{
    bool is_begun = db->is_begun;
    PGresult *result;

    assert(db->in_transaction);
    if (db->is_failed) {
        db_rollback(db);
        return error_set(err, ERROR_DATABASE, NULL);
    }
    end_transaction(db);
    if (!is_begun)
        return 0;
    result = finish(db, "COMMIT");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return refuse(db, result, "COMMIT", err);
    PQclear(result);
    return 0;
}

void
db_rollback(struct db *db)
{
    bool is_begun = db->is_begun;
    PGresult *result;

    end_transaction(db);
    if (!is_begun || db->link == NULL)
        return;
    result = finish(db, "ROLLBACK");
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        drop_link(db);
    PQclear(result);
}

int
db_end(struct db *db, int result, struct error *err)
{
    if (result == 0)
        return db_commit(db, err);
    db_rollback(db);
    return result;
}

int64_t
db_statement_count(const struct db *db)
{
    return db->statement_count;
}

int64_t
db_rows_count(const struct db_rows *rows)
{
    if (PQresultStatus(rows->result) == PGRES_TUPLES_OK)
        return PQntuples(rows->result);
    return strtoll(PQcmdTuples(rows->result), NULL, 10);
}

/* The value's bytes, followed by a NUL; a wrong place is a mistake of ours. */
static const char *
value_at(const struct db_rows *rows, int64_t row, int column)
{
    assert(row >= 0 && row < PQntuples(rows->result));
    assert(column >= 0 && column < PQnfields(rows->result));
    return PQgetvalue(rows->result, (int)row, column);
}

static bool
is_binary(const struct db_rows *rows, int column)
{
    return PQfformat(rows->result, column) == 1;
}

bool
db_is_null(const struct db_rows *rows, int64_t row, int column)
{
    value_at(rows, row, column);
    return PQgetisnull(rows->result, (int)row, column);
}

static int64_t
read_binary_int(const char *bytes, Oid type)
{
    uint64_t eight;
    uint32_t four;
    uint16_t two;

    switch (type) {
    case LINK_INT2:
        memcpy(&two, bytes, sizeof(two));
        return (int16_t)be16toh(two);
    case LINK_INT4:
        memcpy(&four, bytes, sizeof(four));
        return (int32_t)be32toh(four);
    default:
        memcpy(&eight, bytes, sizeof(eight));
        return (int64_t)be64toh(eight);
    }
}

int64_t
db_get_int(const struct db_rows *rows, int64_t row, int column)
{
    const char *value = value_at(rows, row, column);

    if (PQgetisnull(rows->result, (int)row, column))
        return 0;
    if (is_binary(rows, column))
        return read_binary_int(value, PQftype(rows->result, column));
    return strtoll(value, NULL, 10);
}

bool
db_get_bool(const struct db_rows *rows, int64_t row, int column)
{
    const char *value = value_at(rows, row, column);

    if (PQgetisnull(rows->result, (int)row, column))
        return false;
    return is_binary(rows, column) ? value[0] != 0 : value[0] == 't';
}

const char *
db_get_text(const struct db_rows *rows, int64_t row, int column)
{
    const char *value = value_at(rows, row, column);
    char time[CLOCK_TEXT_SIZE];

    if (PQgetisnull(rows->result, (int)row, column))
        return NULL;
    if (!is_binary(rows, column))
        return value;
    switch (PQftype(rows->result, column)) {
    case LINK_BOOL:
        return value[0] != 0 ? "t" : "f";
    case LINK_INT2:
    case LINK_INT4:
    case LINK_INT8:
        return arena_format(rows->arena, "%" PRId64,
                            db_get_int(rows, row, column));
    case LINK_TIMESTAMPTZ:
        clock_write(time, db_get_time(rows, row, column));
        return arena_text(rows->arena, time);
    default:
        assert(PQftype(rows->result, column) != LINK_BYTEA);
        return value;
    }
}

/* "2026-11-24 05:23:06.123456+00", and "infinity" for what never comes. */
static int64_t
read_time(struct arena *arena, const char *value)
{
    int64_t at_ms = CLOCK_NEVER;
    char *text = arena_text(arena, value);
    char *zone = strrchr(text, '+');
    char *space = strchr(text, ' ');

    if (value[0] == '-')
        return INT64_MIN;
    if (zone == NULL || space == NULL)
        return CLOCK_NEVER;
    *space = 'T';
    *zone = 'Z';
    zone[1] = '\0';
    return clock_parse(&at_ms, text) ? at_ms : CLOCK_NEVER;
}

int64_t
db_get_time(const struct db_rows *rows, int64_t row, int column)
{
    const char *value = value_at(rows, row, column);
    int64_t microseconds;

    if (PQgetisnull(rows->result, (int)row, column))
        return CLOCK_NEVER;
    if (!is_binary(rows, column))
        return read_time(rows->arena, value);
    microseconds = read_binary_int(value, LINK_INT8);
    if (microseconds == INT64_MAX || microseconds == INT64_MIN)
        return microseconds;
    return microseconds / 1000 + EPOCH_2000_MS;
}

const void *
db_get_bytes(size_t *out_length, const struct db_rows *rows, int64_t row,
             int column)
{
    const char *value = value_at(rows, row, column);
    int length = PQgetlength(rows->result, (int)row, column);
    void *bytes;

    assert(PQftype(rows->result, column) == LINK_BYTEA);
    *out_length = 0;
    if (PQgetisnull(rows->result, (int)row, column))
        return "";
    if (is_binary(rows, column)) {
        *out_length = (size_t)length;
        return value;
    }
    /* Text is "\x", then two digits a byte (link.c sets bytea_output). */
    bytes = arena_alloc(rows->arena, (size_t)length / 2);
    if (length >= 2 && hex_read(bytes, (size_t)length / 2 - 1, value + 2))
        *out_length = (size_t)length / 2 - 1;
    return bytes;
}
