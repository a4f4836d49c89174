/*
 * link: a connection of libpq's with our settings, and statements on it.
 *
 * All statements are prepared and described in one pipeline, so opening costs
 * a handful of round trips however many there are.  Only storage/db includes
 * this header.
 */
#ifndef STORAGE_DB_LINK_H
#define STORAGE_DB_LINK_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "storage/base/error.h"

/* No statement runs longer, and none waits longer for a lock. */
#define LINK_STATEMENT_TIMEOUT_MS 30000
#define LINK_LOCK_TIMEOUT_MS 10000
/* A transaction whose owner sleeps gives its locks back after this. */
#define LINK_IDLE_TIMEOUT_MS 60000
#define LINK_CONNECT_TIMEOUT_SECONDS 5
/* No statement that the server does not cut short itself is waited for. */
#define LINK_ANSWER_TIMEOUT_MS (LINK_STATEMENT_TIMEOUT_MS + 5000)
/* A server that no packet reaches for this long counts as gone. */
#define LINK_SILENCE_TIMEOUT_MS 20000

/* Parameters that one statement may have. */
#define LINK_VALUES_LIMIT 32

/* Types whose binary form db.c reads: PostgreSQL's pg_type.dat, oid. */
enum {
    LINK_BOOL = 16,
    LINK_BYTEA = 17,
    LINK_NAME = 19,
    LINK_INT8 = 20,
    LINK_INT2 = 21,
    LINK_INT4 = 23,
    LINK_TEXT = 25,
    LINK_JSON = 114,
    LINK_BPCHAR = 1042,
    LINK_VARCHAR = 1043,
    LINK_TIMESTAMPTZ = 1184,
};

struct link_statement {
    const char *name;
    const char *sql;
    int parameters;       /* filled by link_prepare */
    int result_format;    /* 1, binary, where a bytea is among the columns */
    bool is_planned_anew; /* its head says "Planned for each call" */
};

/* ERROR_DATABASE when it cannot be had.  The caller ends it with PQfinish. */
int link_open(PGconn **out, const char *conninfo, struct error *err);

/* By name, for link_find_statement, which gives NULL for one that is not there.
 */
void link_sort_statements(struct link_statement *statements, int count);
const struct link_statement *
link_find_statement(const struct link_statement *statements, int count,
                    const char *name);

/* Settings and statements of a fresh connection, in one round trip. */
int link_prepare(PGconn *link, struct link_statement *statements, int count,
                 struct error *err);

struct link_values {
    const char *values[LINK_VALUES_LIMIT];
    int lengths[LINK_VALUES_LIMIT];
    int formats[LINK_VALUES_LIMIT];
};

/*
 * Runs a prepared statement.  One whose head says "Planned for each call" is
 * planned for these values, where PostgreSQL would stay with a plan for any.
 */
PGresult *link_execute(PGconn *link, const struct link_statement *statement,
                       const struct link_values *values);

/* The same behind a BEGIN, in one round trip.  What cannot leave the pipeline
 * afterwards is in a state that nobody knows: the connection is broken. */
PGresult *link_begin_and_execute(PGconn *link,
                                 const struct link_statement *statement,
                                 const struct link_values *values);

/* Runs SQL that has no parameters and gives the last of its results. */
PGresult *link_ask(PGconn *link, const char *sql, int limit_ms);

/* One statement with parameters in text; it may take its time. */
PGresult *link_ask_with(PGconn *link, const char *sql,
                        const char *const *values, int count);

/* Runs SQL that has no parameters and whose rows nobody reads, likewise. */
int link_run(PGconn *link, const char *sql, struct error *err);

#endif
