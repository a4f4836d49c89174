/* The private PostgreSQL; as root it runs as the user postgres. */
#include "storage/db/postgres.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "tests/check.h"

/* One cluster for all tests of the program: making one takes a second. */
static char folder[64];

static struct postgres_options
options_for(const char *path)
{
    const struct passwd *user = getpwnam("postgres");
    struct postgres_options options = {path, getuid(), getgid()};

    if (getuid() == 0 && user != NULL) {
        options.uid = user->pw_uid;
        options.gid = user->pw_gid;
    }
    return options;
}

static void
own(const char *path)
{
    const struct postgres_options options = options_for(path);

    CHECK(chown(path, options.uid, options.gid) == 0);
}

static void
remove_folder(void)
{
    struct error err;

    file_remove_tree(folder, &err);
}

static struct postgres *
start_in(const char *path)
{
    const struct postgres_options options = options_for(path);
    struct postgres *postgres = NULL;
    struct error err = {0};

    CHECK(postgres_open(&postgres, &options, &err) == 0);
    CHECK_TEXT(err.message, "");
    if (postgres == NULL)
        exit(1);
    return postgres;
}

static struct postgres *
start(void)
{
    if (folder[0] == '\0') {
        strcpy(folder, "/tmp/weighhouse-test-postgres-XXXXXX");
        CHECK(mkdtemp(folder) != NULL);
        own(folder);
        atexit(remove_folder);
    }
    return start_in(folder);
}

static void
stop(struct postgres *postgres)
{
    struct error err = {0};

    CHECK(postgres_stop(postgres, &err) == 0);
    CHECK(!postgres_is_alive(postgres));
    postgres_free(postgres);
}

/* The first value of an answer, or "" after a statement without one. */
static const char *
ask(const struct postgres *postgres, const char *sql)
{
    static char value[128];
    PGconn *link = PQconnectdb(postgres_conninfo(postgres));
    PGresult *rows = PQexec(link, sql);

    value[0] = '\0';
    if (PQresultStatus(rows) == PGRES_TUPLES_OK && PQntuples(rows) == 1)
        snprintf(value, sizeof(value), "%s", PQgetvalue(rows, 0, 0));
    else if (PQresultStatus(rows) != PGRES_COMMAND_OK)
        snprintf(value, sizeof(value), "%s", PQerrorMessage(link));
    PQclear(rows);
    PQfinish(link);
    return value;
}

TEST(a_cluster_is_made_once_with_checksums_and_keeps_its_rows)
{
    struct postgres *postgres = start();

    CHECK_TEXT(ask(postgres, "SHOW data_checksums"), "on");
    CHECK_TEXT(ask(postgres, "SHOW server_encoding"), "UTF8");
    CHECK_TEXT(ask(postgres, "SHOW listen_addresses"), "");
    CHECK_TEXT(ask(postgres, "SHOW fsync"), "on");
    CHECK_TEXT(ask(postgres, "CREATE TABLE thing AS SELECT 7 AS n"), "");
    stop(postgres);
    postgres = start();
    CHECK_TEXT(ask(postgres, "SELECT n FROM thing"), "7");
    CHECK_TEXT(ask(postgres, "DROP TABLE thing"), "");
    stop(postgres);
}

/* Who takes the server child over speaks to PostgreSQL as it does. */
TEST(the_registrys_role_has_no_program_run_and_no_file_read)
{
    static const char *const attempts[] = {
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/weighhouse-test-out'",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT lo_import('/etc/passwd')",
        "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'libc', 'abs'",
        "ALTER SYSTEM SET archive_command = 'true'",
        "ALTER ROLE weighhouse SUPERUSER",
        "ALTER ROLE postgres LOGIN",
        "CREATE ROLE other LOGIN",
        "GRANT pg_execute_server_program TO weighhouse",
        "SET ROLE postgres",
    };
    struct postgres *postgres = start();
    struct arena *arena = arena_open();
    PGconn *link;

    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        const char *answer = ask(postgres, attempts[i]);

        if (strstr(answer, "permission denied") == NULL &&
            strstr(answer, "must ") == NULL)
            CHECK_TEXT(answer, attempts[i]);
    }
    link = PQconnectdb(
        arena_format(arena, "%s user=postgres", postgres_conninfo(postgres)));
    CHECK(PQstatus(link) != CONNECTION_OK);
    CHECK(strstr(PQerrorMessage(link), "not permitted to log in") != NULL);
    PQfinish(link);
    arena_free(arena);
    stop(postgres);
}

TEST(nobody_else_may_enter_the_sockets_folder)
{
    struct postgres *postgres = start();
    struct arena *arena = arena_open();
    struct stat status;

    CHECK(stat(arena_format(arena, "%s/run", folder), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    CHECK(status.st_uid == options_for(folder).uid);
    CHECK(stat(arena_format(arena, "%s/postgres", folder), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    arena_free(arena);
    stop(postgres);
}

TEST(a_server_that_a_killed_caller_left_is_adopted)
{
    struct postgres *postgres = start();
    pid_t pid = postgres_pid(postgres);
    struct postgres *again;

    again = start();
    CHECK(postgres_pid(again) == pid);
    CHECK(postgres_is_alive(again));
    CHECK_TEXT(ask(again, "SELECT 1"), "1");
    postgres_free(again);
    stop(postgres);
}

TEST(a_killed_server_is_started_again_with_what_was_committed)
{
    struct postgres *postgres = start();
    struct error err = {0};
    int status;

    CHECK_TEXT(ask(postgres, "CREATE TABLE thing AS SELECT 8 AS n"), "");
    kill(postgres_pid(postgres), SIGKILL);
    CHECK(waitpid(postgres_pid(postgres), &status, 0) > 0);
    CHECK(!postgres_is_alive(postgres));
    CHECK(postgres_revive(postgres, &err) == 0);
    CHECK_TEXT(ask(postgres, "SELECT n FROM thing"), "8");
    CHECK_TEXT(ask(postgres, "DROP TABLE thing"), "");
    stop(postgres);
}

/* Kills a session's process until the server is seen to recover from it. */
static bool
crash(struct postgres *postgres)
{
    const char *conninfo = postgres_conninfo(postgres);

    for (int i = 0; i < 20; i++) {
        PGconn *session = PQconnectdb(conninfo);
        int64_t deadline_ms = clock_monotonic_ms() + 500;

        CHECK(PQstatus(session) == CONNECTION_OK);
        kill(PQbackendPID(session), SIGKILL);
        PQfinish(session);
        while (clock_monotonic_ms() < deadline_ms)
            if (PQping(conninfo) == PQPING_REJECT)
                return true;
    }
    return false;
}

TEST(a_server_that_recovers_is_stopped_at_once)
{
    struct arena *arena = arena_open();
    const char *path = arena_format(arena, "%s/postgres.log", folder);
    struct postgres *postgres = start();
    struct error err = {0};
    size_t before;
    size_t length;
    char *text;

    CHECK(file_read(&text, &before, arena, path, 1 << 20, &err) == 0);
    CHECK(crash(postgres));
    CHECK(postgres_stop(postgres, &err) == 0);
    CHECK(!postgres_is_alive(postgres));
    CHECK(file_read(&text, &length, arena, path, 1 << 20, &err) == 0);
    CHECK(strstr(text + before, "received fast shutdown") == NULL);
    CHECK(strstr(text + before, "received immediate shutdown") != NULL);
    postgres_free(postgres);
    arena_free(arena);
}

/* A process of the account's that does nothing, as after a restart. */
static pid_t
start_bystander(void)
{
    const struct postgres_options options = options_for(folder);
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (getuid() == 0 && (setgid(options.gid) < 0 || setuid(options.uid) < 0))
        _exit(1);
    for (;;)
        pause();
}

TEST(a_number_that_is_another_processs_by_now_stops_no_start)
{
    struct postgres *postgres = start();
    struct arena *arena = arena_open();
    const char *lock =
        arena_format(arena, "%s/postgres/postmaster.pid", folder);
    struct error err = {0};
    pid_t bystander = start_bystander();
    size_t length;
    char *text;

    CHECK(file_read(&text, &length, arena, lock, 4096, &err) == 0);
    text = arena_format(arena, "%d%s", (int)bystander, strchr(text, '\n'));
    kill(postgres_pid(postgres), SIGKILL);
    CHECK(waitpid(postgres_pid(postgres), NULL, 0) > 0);
    CHECK(file_write(lock, text, strlen(text), 0600, &err) == 0);
    own(lock);
    lock = arena_format(arena, "%s/run/.s.PGSQL.5432.lock", folder);
    CHECK(file_write(lock, text, strlen(text), 0600, &err) == 0);
    own(lock);
    CHECK(postgres_revive(postgres, &err) == 0);
    CHECK_TEXT(err.message, "");
    CHECK_TEXT(ask(postgres, "SELECT 1"), "1");
    kill(bystander, SIGKILL);
    waitpid(bystander, NULL, 0);
    arena_free(arena);
    stop(postgres);
}

TEST(a_half_made_cluster_is_swept_away)
{
    char path[] = "/tmp/weighhouse-test-postgres-XXXXXX";
    struct arena *arena = arena_open();
    struct postgres *postgres;
    struct error err = {0};

    CHECK(mkdtemp(path) != NULL);
    own(path);
    CHECK(file_make_folder(arena_format(arena, "%s/postgres.new/base", path),
                           0700, &err) == 0);
    own(arena_format(arena, "%s/postgres.new", path));
    own(arena_format(arena, "%s/postgres.new/base", path));
    postgres = start_in(path);
    CHECK_TEXT(ask(postgres, "SELECT 1"), "1");
    CHECK(access(arena_format(arena, "%s/postgres.new", path), F_OK) < 0);
    stop(postgres);
    CHECK(file_remove_tree(path, &err) == 0);
    arena_free(arena);
}

TEST(a_folder_that_is_no_cluster_is_left_as_it_is)
{
    char path[] = "/tmp/weighhouse-test-postgres-XXXXXX";
    const struct postgres_options options = options_for(path);
    struct arena *arena = arena_open();
    struct postgres *postgres;
    struct error err = {0};
    const char *inside;
    const char *file;

    CHECK(mkdtemp(path) != NULL);
    own(path);
    inside = arena_format(arena, "%s/postgres", path);
    file = arena_format(arena, "%s/letter", inside);
    CHECK(file_make_folder(inside, 0700, &err) == 0);
    own(inside);
    CHECK(file_write(file, "dear", 4, 0644, &err) == 0);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    CHECK(err.code == ERROR_CONFLICT && strstr(err.message, inside) != NULL);
    CHECK(access(file, F_OK) == 0);
    CHECK(file_remove_tree(path, &err) == 0);
    arena_free(arena);
}

TEST(a_log_that_is_another_files_second_name_is_not_written)
{
    struct arena *arena = arena_open();
    const struct postgres_options options = options_for(folder);
    const char *log = arena_format(arena, "%s/postgres.log", folder);
    const char *other = arena_format(arena, "%s/other", folder);
    struct postgres *postgres = NULL;
    struct error err = {0};
    struct stat status;

    stop(start());
    CHECK(file_write(other, "mine", 4, 0600, &err) == 0);
    CHECK(unlink(log) == 0);
    CHECK(link(other, log) == 0);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    CHECK(err.code == ERROR_FORBIDDEN && strstr(err.message, log) != NULL);
    CHECK(unlink(log) == 0 && symlink(other, log) == 0);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    CHECK(stat(other, &status) == 0 && status.st_size == 4);
    CHECK(status.st_uid == getuid());
    CHECK(unlink(log) == 0 && unlink(other) == 0);
    stop(start());
    arena_free(arena);
}

TEST(a_long_path_moves_the_socket_and_a_strange_folder_there_is_refused)
{
    static const char name[] = "a-folder-with-a-name-that-is-much-too-long-"
                               "for-the-path-of-a-socket, isn't \"it\"";
    struct arena *arena = arena_open();
    const char *moved = arena_format(arena, "%s/%s", folder, name);
    const char *cluster = arena_format(arena, "%s/postgres", moved);
    const char *usual = arena_format(arena, "%s/postgres", folder);
    struct postgres_options options;
    struct postgres *postgres;
    struct error err = {0};
    char *socket;

    stop(start());
    CHECK(file_make_folder(moved, 0755, &err) == 0);
    own(moved);
    CHECK(rename(usual, cluster) == 0);
    postgres = start_in(moved);
    socket = arena_text(arena, strchr(postgres_conninfo(postgres), '\'') + 1);
    *strchr(socket, '\'') = '\0';
    CHECK(strstr(socket, "/weighhouse-") != NULL && strlen(socket) < 40);
    CHECK_TEXT(ask(postgres, "SELECT 1"), "1");
    stop(postgres);
    CHECK(chmod(socket, 0755) == 0);
    options = options_for(moved);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    CHECK(err.code == ERROR_FORBIDDEN && strstr(err.message, socket) != NULL);
    CHECK(file_remove_tree(socket, &err) == 0);
    CHECK(rename(cluster, usual) == 0);
    arena_free(arena);
}

TEST(data_of_a_version_that_is_not_installed_names_what_to_install)
{
    struct arena *arena = arena_open();
    const char *path = arena_format(arena, "%s/postgres/PG_VERSION", folder);
    struct postgres_options options;
    struct postgres *postgres;
    struct error err = {0};
    char *version;
    size_t length;

    stop(start());
    options = options_for(folder);
    CHECK(file_read(&version, &length, arena, path, 64, &err) == 0);
    CHECK(file_write(path, "99\n", 3, 0644, &err) == 0);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    CHECK_TEXT(err.message,
               "PostgreSQL 99, which made the data, is not installed: apt-get "
               "install postgresql-99");
    CHECK(file_write(path, version, length, 0600, &err) == 0);
    own(path);
    arena_free(arena);
}

TEST(a_folder_that_the_account_cannot_enter_is_named)
{
    char path[] = "/tmp/weighhouse-test-postgres-XXXXXX";
    struct arena *arena = arena_open();
    const char *inside;
    struct postgres_options options;
    struct postgres *postgres;
    struct error err = {0};

    CHECK(mkdtemp(path) != NULL);
    inside = arena_format(arena, "%s/data", path);
    options = options_for(inside);
    CHECK(mkdir(inside, 0700) == 0);
    CHECK(chmod(path, getuid() == 0 ? 0700 : 0600) == 0);
    CHECK(postgres_open(&postgres, &options, &err) == -1);
    if (getuid() == 0)
        CHECK(strstr(err.message,
                     arena_format(arena, "cannot enter %s,", path)) != NULL);
    CHECK(strstr(err.message, path) != NULL);
    CHECK(chmod(path, 0700) == 0);
    CHECK(file_remove_tree(path, &err) == 0);
    arena_free(arena);
}
