#include "storage/db/tenure.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "storage/db/await.h"
#include "storage/db/link.h"
#include "storage/db/state.h"
#include "storage_db_storage_sql.h"

/* Runs a statement of one row and column. */
static int
ask(PGresult **out, PGconn *link, const unsigned char *sql, struct error *err)
{
    PGresult *result = link_ask(link, (const char *)sql, AWAIT_FOREVER);

    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        state_to_error(err, link, result, "tenure");
        PQclear(result);
        return -1;
    }
    *out = result;
    return 0;
}

static int
try_lock(bool *out_has, PGconn *link, const unsigned char *sql,
         struct error *err)
{
    PGresult *result;

    if (ask(&result, link, sql, err) < 0)
        return -1;
    *out_has = strcmp(PQgetvalue(result, 0, 0), "t") == 0;
    PQclear(result);
    return 0;
}

static int
check_level(PGconn *link, int level, struct error *err)
{
    PGresult *result;
    int found = 0;

    if (ask(&result, link, storage_sql_migration_list, err) < 0)
        return -1;
    if (PQntuples(result) > 0)
        found =
            (int)strtol(PQgetvalue(result, PQntuples(result) - 1, 0), NULL, 10);
    PQclear(result);
    if (found < level)
        return error_set(err, ERROR_CONFLICT,
                         "the database is at level %d, older than this "
                         "program, which needs %d: run weighd migrate",
                         found, level);
    if (found > level)
        return error_set(err, ERROR_CONFLICT,
                         "the database is at level %d, newer than this "
                         "program, which knows %d: install a newer weighd",
                         found, level);
    return 0;
}

int
tenure_take(PGconn *link, int level, struct error *err)
{
    bool has = false;

    if (try_lock(&has, link, storage_sql_tenure_take, err) < 0)
        return -1;
    if (!has)
        return error_set(err, ERROR_CONFLICT,
                         "weighd migrate is taking the database to an older "
                         "level");
    return check_level(link, level, err);
}

int
tenure_refuse(PGconn *link, struct error *err)
{
    bool has = false;

    if (try_lock(&has, link, storage_sql_tenure_refuse, err) < 0)
        return -1;
    if (!has)
        return error_set(err, ERROR_CONFLICT,
                         "a weighd works with this database; stop every one "
                         "before an older level");
    return 0;
}
