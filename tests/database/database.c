#include "tests/database/database.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_access_sql.h"
#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "storage/db/migrate.h"
#include "storage_db_migration_sql.h"
#include "storage_db_storage_sql.h"

static int made; /* databases of this program, named by pid and number */
static char conninfo[512];
static const struct log log_to_standard_error = {STDERR_FILENO};

static _Noreturn void
give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* The cluster's own conninfo; a later dbname in it wins. */
static void
cluster_conninfo(char *out, size_t size, const char *database)
{
    const char *folder = getenv("CLUSTER");
    struct arena *arena = arena_open();
    struct error err;
    size_t length;
    char *text;

    if (folder == NULL)
        give_up("CLUSTER is not set",
                "tests/database/cluster start DIR, then CLUSTER=DIR");
    if (file_read(&text, &length, arena,
                  arena_format(arena, "%s/conninfo", folder), 4096, &err) < 0)
        give_up("no cluster", err.message);
    text[strcspn(text, "\n")] = '\0';
    snprintf(out, size, "%s dbname=%s", text, database);
    arena_free(arena);
}

static PGconn *
administrator(void)
{
    char text[512];
    PGconn *link;

    cluster_conninfo(text, sizeof(text), "postgres");
    link = PQconnectdb(text);
    if (PQstatus(link) != CONNECTION_OK)
        give_up(text, PQerrorMessage(link));
    return link;
}

static PGresult *
run(PGconn *link, const char *sql)
{
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        give_up(sql, PQerrorMessage(link));
    return result;
}

static void
drop_all(void)
{
    PGconn *link = administrator();
    char sql[128];

    for (int i = 1; i <= made; i++) {
        snprintf(sql, sizeof(sql),
                 "DROP DATABASE IF EXISTS test_%d_%d WITH (FORCE)",
                 (int)getpid(), i);
        PQclear(PQexec(link, sql));
    }
    PQfinish(link);
}

/* Copies template to the next name of this program's. */
static void
create(PGconn *link, const char *template)
{
    char name[64];
    char sql[256];

    if (made++ == 0)
        atexit(drop_all);
    snprintf(name, sizeof(name), "test_%d_%d", (int)getpid(), made);
    snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s", name,
             template);
    PQclear(run(link, sql));
    cluster_conninfo(conninfo, sizeof(conninfo), name);
}

/* Named by what is in the migrations, so that a changed one makes another. */
static void
template_name(char *out, size_t size)
{
    struct digest_stream *stream = digest_stream_open();
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    for (const struct embed_file *f = storage_db_migration_sql; f->stem; f++)
        digest_stream_add(stream, f->bytes, f->length);
    digest_stream_read(&digest, stream);
    digest_stream_free(stream);
    digest_write(text, &digest);
    snprintf(out, size, "template_%.16s", text);
}

/* Under the lock, so that test programs that run at once make one. */
static void
ensure_template(PGconn *link, const char *name)
{
    char reach[512];
    char sql[256];
    struct error err;
    PGresult *found;

    snprintf(sql, sizeof(sql), "SELECT 1 FROM pg_database WHERE datname = '%s'",
             name);
    found = run(link, sql);
    if (PQntuples(found) == 0) {
        snprintf(sql, sizeof(sql), "CREATE DATABASE %s_new TEMPLATE template0",
                 name);
        PQclear(run(link, sql));
        snprintf(sql, sizeof(sql), "%s_new", name);
        cluster_conninfo(reach, sizeof(reach), sql);
        if (migrate_to(reach, MIGRATE_NEWEST, &err) < 0) {
            fprintf(stderr, "%s\n", err.cause);
            give_up("migrate", err.message);
        }
        snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE %s_new", name,
                 name);
        PQclear(run(link, sql));
        snprintf(sql, sizeof(sql), "DROP DATABASE %s_new WITH (FORCE)", name);
        PQclear(run(link, sql));
    }
    PQclear(found);
}

struct db *
test_database_connect(void)
{
    const struct db_options options = {
        .conninfo = conninfo,
        .statements = {storage_db_storage_sql, access_access_sql},
        .log = &log_to_standard_error,
    };
    struct error err;
    struct db *db;

    if (db_open(&db, &options, &err) < 0) {
        fprintf(stderr, "%s\n", err.cause);
        give_up("open", err.message);
    }
    return db;
}

const char *
test_database_migrated(void)
{
    PGconn *link = administrator();
    char name[64];

    template_name(name, sizeof(name));
    PQclear(run(link, "SELECT pg_advisory_lock(1)"));
    ensure_template(link, name);
    create(link, name);
    PQfinish(link);
    return conninfo;
}

struct db *
test_database_open(void)
{
    test_database_migrated();
    return test_database_connect();
}

const char *
test_database_empty(void)
{
    PGconn *link = administrator();

    create(link, "template0");
    PQfinish(link);
    return conninfo;
}

const char *
test_database_conninfo(void)
{
    return conninfo;
}
