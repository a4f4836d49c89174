#include "storage/db/link.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "storage/db/await.h"
#include "storage/db/state.h"

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/*
 * Each statement is small, whatever the plan expects of a table that has grown:
 * compiling one costs more than it, and so do helpers to share it with.  A page
 * that an index names is in memory or on flash, and costs like the next one.
 */
/* clang-format off */
static const char settings[] =
    "SELECT set_config('statement_timeout', '"
    TEXT(LINK_STATEMENT_TIMEOUT_MS) "', false),"
    "       set_config('lock_timeout', '"
    TEXT(LINK_LOCK_TIMEOUT_MS) "', false),"
    "       set_config('idle_in_transaction_session_timeout', '"
    TEXT(LINK_IDLE_TIMEOUT_MS) "', false),"
    "       set_config('jit', 'off', false),"
    "       set_config('max_parallel_workers_per_gather', '0', false),"
    "       set_config('random_page_cost', '1.1', false),"
    "       set_config('timezone', 'UTC', false),"
    "       set_config('datestyle', 'ISO, YMD', false),"
    "       set_config('bytea_output', 'hex', false)";
/* clang-format on */

static void
drop_notice(void *state, const PGresult *result)
{
    (void)state;
    (void)result;
}

/*
 * What libpq says of a connection string quotes it, and what looks malformed
 * may hold a password; what it says of a server does not.
 */
static void
explain(struct error *err, PGconn *link)
{
    static const char of_server[] = "connection to server ";

    if (strncmp(PQerrorMessage(link), of_server, sizeof(of_server) - 1) == 0) {
        state_lost(err, link, "connect");
        return;
    }
    error_set(err, ERROR_DATABASE, NULL);
    error_set_cause(err, "the connection string is malformed, or its host has "
                         "no address");
}

int
link_open(PGconn **out, const char *conninfo, struct error *err)
{
    /* What comes before dbname is a default, what comes after it holds. */
    static const char *const keys[] = {"connect_timeout",  "tcp_user_timeout",
                                       "application_name", "dbname",
                                       "client_encoding",  NULL};
    const char *const values[] = {TEXT(LINK_CONNECT_TIMEOUT_SECONDS),
                                  TEXT(LINK_SILENCE_TIMEOUT_MS),
                                  "weighd",
                                  conninfo,
                                  "UTF8",
                                  NULL};
    PGconn *link = PQconnectdbParams(keys, values, 1);

    if (PQstatus(link) != CONNECTION_OK) {
        explain(err, link);
        PQfinish(link);
        return -1;
    }
    PQsetNoticeReceiver(link, drop_notice, NULL);
    *out = link;
    return 0;
}

static int
compare(const void *a, const void *b)
{
    return strcmp(((const struct link_statement *)a)->name,
                  ((const struct link_statement *)b)->name);
}

void
link_sort_statements(struct link_statement *statements, int count)
{
    qsort(statements, (size_t)count, sizeof(*statements), compare);
}

const struct link_statement *
link_find_statement(const struct link_statement *statements, int count,
                    const char *name)
{
    const struct link_statement key = {.name = name};

    return bsearch(&key, statements, (size_t)count, sizeof(key), compare);
}

PGresult *
link_ask(PGconn *link, const char *sql, int limit_ms)
{
    if (!PQsendQuery(link, sql))
        return NULL;
    return await_last_result(link, limit_ms);
}

PGresult *
link_ask_with(PGconn *link, const char *sql, const char *const *values,
              int count)
{
    if (!PQsendQueryParams(link, sql, count, NULL, values, NULL, NULL, 0))
        return NULL;
    return await_last_result(link, AWAIT_FOREVER);
}

int
link_run(PGconn *link, const char *sql, struct error *err)
{
    PGresult *result = link_ask(link, sql, AWAIT_FOREVER);
    ExecStatusType status = PQresultStatus(result);
    int outcome = 0;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        outcome = state_to_error(err, link, result, "run");
    PQclear(result);
    return outcome;
}

/* A column that db.c can read in binary form. */
static bool
is_readable(Oid type)
{
    switch (type) {
    case LINK_BOOL:
    case LINK_BYTEA:
    case LINK_NAME:
    case LINK_INT8:
    case LINK_INT2:
    case LINK_INT4:
    case LINK_TEXT:
    case LINK_JSON:
    case LINK_BPCHAR:
    case LINK_VARCHAR:
    case LINK_TIMESTAMPTZ:
        return true;
    default:
        return false;
    }
}

/* In text a bytea takes twice its size; so it is asked for in binary. */
static void
describe(struct link_statement *statement, const PGresult *result)
{
    bool has_bytea = false;
    bool is_binary = true;

    statement->parameters = PQnparams(result);
    for (int i = 0; i < PQnfields(result); i++) {
        has_bytea = has_bytea || PQftype(result, i) == LINK_BYTEA;
        is_binary = is_binary && is_readable(PQftype(result, i));
    }
    statement->result_format = has_bytea && is_binary;
    statement->is_planned_anew =
        strstr(statement->sql, "\n-- Planned for each call") != NULL;
}

static int
send_all(PGconn *link, const struct link_statement *statements, int count)
{
    if (!PQsendQueryParams(link, settings, 0, NULL, NULL, NULL, NULL, 0))
        return -1;
    for (int i = 0; i < count; i++)
        if (!PQsendPrepare(link, statements[i].name, statements[i].sql, 0,
                           NULL) ||
            !PQsendDescribePrepared(link, statements[i].name))
            return -1;
    return PQpipelineSync(link) ? 0 : -1;
}

/* Takes one result and the NULL that ends it; -1 keeps the first error. */
static PGresult *
receive(PGconn *link, const char *what, int *outcome, struct error *err)
{
    PGresult *result = await_result(link, LINK_ANSWER_TIMEOUT_MS);
    ExecStatusType status = PQresultStatus(result);

    if (*outcome == 0 && status != PGRES_COMMAND_OK &&
        status != PGRES_TUPLES_OK)
        *outcome = state_to_error(err, link, result, what);
    PQclear(await_result(link, LINK_ANSWER_TIMEOUT_MS));
    return result;
}

static int
receive_all(PGconn *link, struct link_statement *statements, int count,
            struct error *err)
{
    int outcome = 0;

    PQclear(receive(link, "settings", &outcome, err));
    for (int i = 0; i < count; i++) {
        PGresult *described;

        PQclear(receive(link, statements[i].name, &outcome, err));
        described = receive(link, statements[i].name, &outcome, err);
        describe(&statements[i], described);
        PQclear(described);
    }
    PQclear(await_result(link, LINK_ANSWER_TIMEOUT_MS)); /* the sync */
    return outcome;
}

static int
send_statement(PGconn *link, const struct link_statement *statement,
               const struct link_values *values)
{
    if (statement->is_planned_anew)
        return PQsendQueryParams(link, statement->sql, statement->parameters,
                                 NULL, values->values, values->lengths,
                                 values->formats, statement->result_format);
    return PQsendQueryPrepared(link, statement->name, statement->parameters,
                               values->values, values->lengths, values->formats,
                               statement->result_format);
}

PGresult *
link_execute(PGconn *link, const struct link_statement *statement,
             const struct link_values *values)
{
    if (!send_statement(link, statement, values))
        return NULL;
    return await_last_result(link, LINK_ANSWER_TIMEOUT_MS);
}

/* Results of a pipeline that began the transaction too. */
static PGresult *
receive_with_begin(PGconn *link)
{
    PGresult *begin = await_result(link, LINK_ANSWER_TIMEOUT_MS);
    PGresult *result;

    PQclear(await_result(link, LINK_ANSWER_TIMEOUT_MS));
    result = await_result(link, LINK_ANSWER_TIMEOUT_MS);
    PQclear(await_result(link, LINK_ANSWER_TIMEOUT_MS));
    PQclear(await_result(link, LINK_ANSWER_TIMEOUT_MS)); /* the sync */
    if (PQresultStatus(begin) == PGRES_COMMAND_OK) {
        PQclear(begin);
        return result;
    }
    PQclear(result);
    return begin;
}

PGresult *
link_begin_and_execute(PGconn *link, const struct link_statement *statement,
                       const struct link_values *values)
{
    PGresult *result = NULL;

    if (PQenterPipelineMode(link) &&
        PQsendQueryParams(link, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) &&
        send_statement(link, statement, values) && PQpipelineSync(link))
        result = receive_with_begin(link);
    if (!PQexitPipelineMode(link))
        await_break(link);
    return result;
}

int
link_prepare(PGconn *link, struct link_statement *statements, int count,
             struct error *err)
{
    if (!PQenterPipelineMode(link) || send_all(link, statements, count) < 0)
        return state_lost(err, link, "prepare");
    if (receive_all(link, statements, count, err) < 0)
        return -1;
    if (!PQexitPipelineMode(link))
        return state_lost(err, link, "prepare");
    return 0;
}
