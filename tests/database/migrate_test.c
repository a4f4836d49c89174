#include "storage/db/migrate.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "storage/db/listen.h"
#include "tests/check.h"
#include "tests/database/database.h"

#define LEVEL_ONE                                                              \
    {"0001_one.down", "0001_one.down.sql", "DROP TABLE one", 14},              \
    {                                                                          \
        "0001_one.up", "0001_one.up.sql", "CREATE TABLE one (i int)", 24       \
    }

static const struct embed_file one_level[] = {LEVEL_ONE, {0}};

static const struct embed_file two_levels[] = {
    LEVEL_ONE,
    {"0002_two.down", "0002_two.down.sql", "DROP TABLE two", 14},
    {"0002_two.up", "0002_two.up.sql",
     "CREATE TABLE two (i int); CREATE INDEX two_i ON two (i)", 55},
    {0},
};

static const struct embed_file changed[] = {
    {"0001_one.down", "0001_one.down.sql", "DROP TABLE one", 14},
    {"0001_one.up", "0001_one.up.sql", "CREATE TABLE one (j int)", 24},
    {0},
};

static const struct embed_file failing[] = {
    LEVEL_ONE,
    {"0002_two.down", "0002_two.down.sql", "", 0},
    {"0002_two.up", "0002_two.up.sql", "CREATE TABLE two (i int); SELECT 1/0",
     36},
    {0},
};

static int
count(const char *conninfo, const char *sql)
{
    PGconn *link = PQconnectdb(conninfo);
    PGresult *rows = PQexec(link, sql);
    int n = PQresultStatus(rows) == PGRES_TUPLES_OK ? PQntuples(rows) : -1;

    PQclear(rows);
    PQfinish(link);
    return n;
}

TEST(the_schema_goes_down_to_nothing_and_up_again)
{
    const char *conninfo = test_database_empty();
    const char *tables = "SELECT FROM pg_class WHERE relnamespace = "
                         "'public'::regnamespace AND relname !~ '^migration'";
    struct error err = {0};
    int full;

    CHECK(migrate_to(conninfo, MIGRATE_NEWEST, &err) == 0);
    CHECK_TEXT(err.cause, "");
    full = count(conninfo, tables);
    CHECK(full > 0);
    CHECK(migrate_to(conninfo, 0, &err) == 0);
    CHECK_TEXT(err.cause, "");
    CHECK(count(conninfo, tables) == 0);
    CHECK(count(conninfo, "SELECT FROM pg_proc WHERE pronamespace = "
                          "'public'::regnamespace") == 0);
    CHECK(count(conninfo,
                "SELECT FROM pg_type WHERE typnamespace = "
                "'public'::regnamespace AND typname !~ 'migration'") == 0);
    CHECK(migrate_to(conninfo, MIGRATE_NEWEST, &err) == 0);
    CHECK(count(conninfo, tables) == full);
}

TEST(no_level_is_taken_away_while_a_daemon_keeps_it)
{
    static const char *const none[] = {NULL};
    const char *conninfo = test_database_migrated();
    struct listen *listening = NULL;
    struct error err = {0};

    CHECK(listen_open(&listening, conninfo, none, &err) == 0);
    CHECK(listen_keep_level(listening, &err) == 0);
    CHECK(migrate_to(conninfo, 0, &err) == -1);
    CHECK(err.code == ERROR_CONFLICT);
    CHECK_TEXT(err.message, "a weighd works with this database; stop every "
                            "one before an older level");
    CHECK(migrate_to(conninfo, MIGRATE_NEWEST, &err) == 0);
    listen_free(listening);
    CHECK(migrate_to(conninfo, 0, &err) == 0);
}

TEST(a_level_that_is_not_the_programs_is_not_kept)
{
    static const char *const none[] = {NULL};
    const char *conninfo = test_database_migrated();
    struct listen *listening = NULL;
    struct error err = {0};
    char older[200];

    CHECK(migrate_to(conninfo, migrate_newest() - 1, &err) == 0);
    CHECK(listen_open(&listening, conninfo, none, &err) == 0);
    CHECK(listen_keep_level(listening, &err) == -1);
    CHECK(err.code == ERROR_CONFLICT);
    snprintf(older, sizeof(older),
             "the database is at level %d, older than this program, which "
             "needs %d: run weighd migrate",
             migrate_newest() - 1, migrate_newest());
    CHECK_TEXT(err.message, older);
    listen_free(listening);
    CHECK(migrate_to(conninfo, MIGRATE_NEWEST, &err) == 0);
    CHECK(count(conninfo, "INSERT INTO migration (level, name, digest) "
                          "VALUES (9999, 'later', '') RETURNING 1") == 1);
    CHECK(listen_open(&listening, conninfo, none, &err) == 0);
    CHECK(listen_keep_level(listening, &err) == -1);
    CHECK(strstr(err.message, "install a newer weighd") != NULL);
    listen_free(listening);
}

TEST(a_level_between_is_reached_from_both_sides)
{
    const char *conninfo = test_database_empty();
    struct error err = {0};

    CHECK(migrate_with(conninfo, two_levels, 1, &err) == 0);
    CHECK(count(conninfo, "SELECT FROM one") == 0);
    CHECK(count(conninfo, "SELECT FROM two") == -1);
    CHECK(migrate_with(conninfo, two_levels, 2, &err) == 0);
    CHECK(count(conninfo, "SELECT FROM two") == 0);
    CHECK(migrate_with(conninfo, two_levels, 2, &err) == 0);
    CHECK(migrate_with(conninfo, two_levels, 1, &err) == 0);
    CHECK(count(conninfo, "SELECT FROM two") == -1);
    CHECK(migrate_with(conninfo, two_levels, 3, &err) == -1);
    CHECK_TEXT(err.message, "there is no level 3: the newest is 2");
}

TEST(a_migration_that_changed_after_it_landed_is_refused)
{
    const char *conninfo = test_database_empty();
    struct error err = {0};

    CHECK(migrate_with(conninfo, two_levels, 1, &err) == 0);
    CHECK(migrate_with(conninfo, changed, 1, &err) == -1);
    CHECK_TEXT(err.message,
               "migration 0001_one.up.sql is not the one that the database "
               "had: a landed file never changes");
}

TEST(a_database_newer_than_the_program_is_refused)
{
    const char *conninfo = test_database_empty();
    struct error err = {0};

    CHECK(migrate_with(conninfo, two_levels, 2, &err) == 0);
    CHECK(migrate_with(conninfo, one_level, MIGRATE_NEWEST, &err) == -1);
    CHECK_TEXT(err.message,
               "the database is at level 2, newer than this program, which "
               "knows 1: install a newer weighd");
}

TEST(a_migration_that_fails_leaves_the_level_before_it)
{
    const char *conninfo = test_database_empty();
    struct error err = {0};

    CHECK(migrate_with(conninfo, failing, MIGRATE_NEWEST, &err) == -1);
    CHECK_TEXT(err.message, "migration 0002_two.up.sql failed");
    CHECK(count(conninfo, "SELECT FROM one") == 0);
    CHECK(count(conninfo, "SELECT FROM two") == -1);
    CHECK(migrate_with(conninfo, two_levels, MIGRATE_NEWEST, &err) == 0);
    CHECK(count(conninfo, "SELECT FROM two") == 0);
}

TEST(a_database_out_of_reach_is_said_so)
{
    struct error err = {0};

    CHECK(migrate_to("host=/nowhere/at/all", MIGRATE_NEWEST, &err) == -1);
    CHECK(err.code == ERROR_DATABASE);
}
