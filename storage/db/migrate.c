#include "storage/db/migrate.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/db/link.h"
#include "storage/db/state.h"
#include "storage/db/tenure.h"
#include "storage_db_migration_sql.h"
#include "storage_db_storage_sql.h"

/* Levels that one program may have. */
#define STEPS_LIMIT 1000

struct step {
    const struct embed_file *up;
    const struct embed_file *down;
    char digest[DIGEST_TEXT_SIZE]; /* of up */
};

struct migration {
    PGconn *link;
    struct step steps[STEPS_LIMIT + 1]; /* by level, from 1 */
    int newest;
    int level; /* where the database is */
};

static int
add_file(struct migration *migration, const struct embed_file *file,
         struct error *err)
{
    long level = strtol(file->stem, NULL, 10);
    const char *way = strrchr(file->stem, '.');
    struct digest digest;
    struct step *step;

    if (level < 1 || level > STEPS_LIMIT || way == NULL)
        return error_set(err, ERROR_INTERNAL, "migration %s has a wrong name",
                         file->name);
    step = &migration->steps[level];
    if (strcmp(way, ".down") == 0) {
        step->down = file;
        return 0;
    }
    step->up = file;
    digest_of(&digest, file->bytes, file->length);
    digest_write(step->digest, &digest);
    if (level > migration->newest)
        migration->newest = (int)level;
    return 0;
}

static int
add_files(struct migration *migration, const struct embed_file *files,
          struct error *err)
{
    for (; files->stem != NULL; files++)
        if (add_file(migration, files, err) < 0)
            return -1;
    for (int i = 1; i <= migration->newest; i++)
        if (migration->steps[i].up == NULL || migration->steps[i].down == NULL)
            return error_set(err, ERROR_INTERNAL,
                             "migration %d lacks its .up or its .down", i);
    return 0;
}

/* Runs a statement of sql/ with text parameters; *out may be NULL. */
static int
run(PGresult **out, struct migration *migration, const unsigned char *sql,
    const char *const *values, int count, struct error *err)
{
    PGresult *result =
        link_ask_with(migration->link, (const char *)sql, values, count);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        state_to_error(err, migration->link, result, "migrate");
        PQclear(result);
        return -1;
    }
    if (out != NULL)
        *out = result;
    else
        PQclear(result);
    return 0;
}

/* One recorded level against the program's. */
static int
check_level(struct migration *migration, int level, const char *digest,
            struct error *err)
{
    if (level > migration->newest)
        return error_set(err, ERROR_INTERNAL,
                         "the database is at level %d, newer than this "
                         "program, which knows %d: install a newer weighd",
                         level, migration->newest);
    if (level != migration->level + 1)
        return error_set(err, ERROR_INTERNAL,
                         "the database lacks migration %d but has %d",
                         migration->level + 1, level);
    if (strcmp(digest, migration->steps[level].digest) != 0)
        return error_set(err, ERROR_INTERNAL,
                         "migration %s is not the one that the database had: "
                         "a landed file never changes",
                         migration->steps[level].up->name);
    migration->level = level;
    return 0;
}

static int
find_level(struct migration *migration, struct error *err)
{
    PGresult *rows = NULL;
    int result = -1;

    if (run(NULL, migration, storage_sql_migration_prepare, NULL, 0, err) < 0 ||
        run(&rows, migration, storage_sql_migration_list, NULL, 0, err) < 0)
        return -1;
    for (int i = 0, n = PQntuples(rows); i < n; i++) {
        int level = (int)strtol(PQgetvalue(rows, i, 0), NULL, 10);

        if (check_level(migration, level, PQgetvalue(rows, i, 1), err) < 0)
            goto done;
    }
    result = 0;

done:
    PQclear(rows);
    return result;
}

/* Runs one file and keeps the record of levels, in one transaction. */
static int
step_to(struct migration *migration, int level, struct error *err)
{
    bool is_up = level > migration->level;
    int number = is_up ? level : migration->level;
    const struct step *step = &migration->steps[number];
    const struct embed_file *file = is_up ? step->up : step->down;
    char text[16];
    const char *values[] = {text, file->stem, step->digest};

    snprintf(text, sizeof(text), "%d", number);
    if (link_run(migration->link, "BEGIN", err) < 0)
        return -1;
    if (link_run(migration->link, file->bytes, err) < 0) {
        char cause[sizeof(err->cause)];

        snprintf(cause, sizeof(cause), "%s", err->cause);
        error_set(err, err->code, "migration %s failed", file->name);
        return error_set_cause(err, "%s", cause);
    }
    if (run(NULL, migration,
            is_up ? storage_sql_migration_add : storage_sql_migration_remove,
            values, is_up ? 3 : 1, err) < 0 ||
        link_run(migration->link, "COMMIT", err) < 0)
        return -1;
    migration->level = level;
    return 0;
}

static int
migrate(struct migration *migration, int level, struct error *err)
{
    if (level == MIGRATE_NEWEST)
        level = migration->newest;
    if (level < 0 || level > migration->newest)
        return error_set(err, ERROR_USAGE,
                         "there is no level %d: the newest is %d", level,
                         migration->newest);
    /* Held until the connection ends. */
    if (run(NULL, migration, storage_sql_migration_lock, NULL, 0, err) < 0 ||
        find_level(migration, err) < 0)
        return -1;
    if (level < migration->level && tenure_refuse(migration->link, err) < 0)
        return -1;
    while (migration->level != level) {
        int next = migration->level + (migration->level < level ? 1 : -1);

        if (step_to(migration, next, err) < 0)
            return -1;
    }
    return 0;
}

int
migrate_with(const char *conninfo, const struct embed_file *files, int level,
             struct error *err)
{
    struct migration *migration = xcalloc(1, sizeof(*migration));
    int result = -1;

    if (add_files(migration, files, err) < 0 ||
        link_open(&migration->link, conninfo, err) < 0)
        goto done;
    result = migrate(migration, level, err);

done:
    PQfinish(migration->link);
    free(migration);
    return result;
}

int
migrate_newest(void)
{
    int newest = 0;

    for (const struct embed_file *file = storage_db_migration_sql;
         file->stem != NULL; file++) {
        int level = (int)strtol(file->stem, NULL, 10);

        if (level > newest)
            newest = level;
    }
    return newest;
}

int
migrate_to(const char *conninfo, int level, struct error *err)
{
    return migrate_with(conninfo, storage_db_migration_sql, level, err);
}
