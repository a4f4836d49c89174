#include "tests/database/seed.h"

#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "storage/base/random.h"
#include "tests/database/database.h"

#define SQL_LIMIT 4096
#define TEXT_LIMIT 4096

static char text[TEXT_LIMIT];

static void
run(const char *sql)
{
    PGconn *link = PQconnectdb(test_database_conninfo());
    PGresult *rows = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(rows);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(link));
        exit(1);
    }
    text[0] = '\0';
    if (PQntuples(rows) > 0)
        snprintf(text, sizeof(text), "%s", PQgetvalue(rows, 0, 0));
    PQclear(rows);
    PQfinish(link);
}

int64_t
seed(const char *format, ...)
{
    char sql[SQL_LIMIT];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof(sql), format, args);
    va_end(args);
    run(sql);
    return strtoll(text, NULL, 10);
}

const char *
seed_text(const char *format, ...)
{
    char sql[SQL_LIMIT];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof(sql), format, args);
    va_end(args);
    run(sql);
    return text;
}

int64_t
seed_account(const char *name)
{
    char id[RANDOM_ID_SIZE];

    random_id(id);
    return seed("INSERT INTO account (public_id, kind, name, email,"
                " email_verified_at) VALUES ('%s', 'user', '%s',"
                " '%s@example.org', now()) RETURNING id",
                id, name, name);
}

int64_t
seed_organization(const char *name)
{
    char id[RANDOM_ID_SIZE];

    random_id(id);
    return seed("INSERT INTO account (public_id, kind, name)"
                " VALUES ('%s', 'organization', '%s') RETURNING id",
                id, name);
}

int64_t
seed_member(int64_t organization, int64_t account, const char *role)
{
    return seed("INSERT INTO membership (organization, account, role)"
                " VALUES (%lld, %lld, '%s') RETURNING account",
                (long long)organization, (long long)account, role);
}

int64_t
seed_model(int64_t namespace_id, const char *name)
{
    char id[RANDOM_ID_SIZE];

    random_id(id);
    return seed("INSERT INTO repository (public_id, kind, namespace, name,"
                " created_by) VALUES ('%s', 'model', %lld, '%s',"
                " (SELECT id FROM account WHERE id = %lld AND kind = 'user'))"
                " RETURNING id",
                id, (long long)namespace_id, name, (long long)namespace_id);
}
