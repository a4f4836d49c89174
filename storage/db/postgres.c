#include "storage/db/postgres.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/clock.h"
#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "storage/db/link.h"
#include "storage/db/program.h"
#include "storage/db/state.h"
#include "storage_db_storage_sql.h"

/* A server that ends at once is tried again: others' memory may still go. */
#define START_TRIES 20
#define START_PAUSE_MS 250
#define POLL_MS 10

/* The log of an earlier run is set aside over this. */
#define LOG_LIMIT_BYTES (INT64_C(16) * 1024 * 1024)
#define LOG_TAIL_BYTES 4096

struct postgres {
    struct arena *arena;
    const char *folder;
    const char *cluster;
    const char *socket; /* the folder */
    const char *conninfo;
    const char *administration; /* the superuser's conninfo, for the start */
    struct program_account account;
    pid_t pid; /* 0: none */
    bool is_child;
};

/* Settings of the server, on its command line: NAME=VALUE. */
static const char *const settings[] = {
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=200",
    "shared_buffers=128MB",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "wal_compression=on",
    "random_page_cost=1.1", /* an SSD's */
    "jit=off",              /* all our statements are short */
    "log_destination=stderr",
    "logging_collector=off",
    "log_min_messages=warning",
    "log_checkpoints=off",
    /* Neither statements nor rows: both may hold secrets. */
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "timezone=UTC",
    "log_timezone=UTC",
    "cluster_name=weighhouse",
};

static void
sleep_ms(long ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&time, NULL);
}

static bool
exists(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0;
}

/* A folder that the account owns and nobody else may enter. */
static int
make_private_folder(const struct postgres *postgres, const char *path,
                    struct error *err)
{
    const struct program_account *account = &postgres->account;
    struct stat status;

    if (mkdir(path, 0700) == 0) {
        if (geteuid() == 0 && lchown(path, account->uid, account->gid) < 0)
            return error_set_system(err, path);
        return 0;
    }
    if (errno != EEXIST || lstat(path, &status) < 0)
        return error_set_system(err, path);
    if (!S_ISDIR(status.st_mode) || status.st_uid != account->uid ||
        (status.st_mode & 077) != 0)
        return error_set(err, ERROR_FORBIDDEN,
                         "%s is not a folder of user %d alone: remove it", path,
                         (int)account->uid);
    return 0;
}

/*
 * FOLDER/run, or a name made of FOLDER where a socket's path may be short.
 * Both PostgreSQL and libpq take a comma for the end of a folder's path.
 */
static const char *
choose_socket_folder(struct arena *arena, const char *folder)
{
    const char *base = access("/run", W_OK) == 0 ? "/run" : "/tmp";
    const char *usual = arena_format(arena, "%s/run", folder);
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    if (strlen(usual) + strlen("/.s.PGSQL.5432") <= POSTGRES_SOCKET_LIMIT &&
        strpbrk(usual, ",\"") == NULL)
        return usual;
    digest_of(&digest, folder, strlen(folder));
    digest_write(text, &digest);
    return arena_format(arena, "%s/weighhouse-%.16s", base, text);
}

/* libpq's words, with the folder quoted; name is the role's and database's. */
static const char *
write_conninfo(struct arena *arena, const char *socket, const char *name)
{
    char *quoted = arena_alloc(arena, 2 * strlen(socket) + 1);
    char *at = quoted;

    for (; *socket != '\0'; socket++) {
        if (*socket == '\'' || *socket == '\\')
            *at++ = '\\';
        *at++ = *socket;
    }
    return arena_format(
        arena, "host='%s' port=5432 user=%s dbname=%s connect_timeout=%d",
        quoted, name, name, LINK_CONNECT_TIMEOUT_SECONDS);
}

/*
 * The cluster is made beside its place and renamed, so a kill leaves either
 * none or a whole one.  initdb syncs what it made.
 */
static int
make_cluster(struct postgres *postgres, struct error *err)
{
    struct arena *arena = postgres->arena;
    const char *fresh = arena_format(arena, "%s.new", postgres->cluster);
    const char *programs;
    /* The account's to remove: it may have put anything there. */
    const char *const sweep[] = {"/bin/rm", "-rf", "--", fresh, NULL};
    const char *argv[] = {NULL,
                          "-D",
                          fresh,
                          "--username=postgres",
                          "--auth=trust",
                          "--encoding=UTF8",
                          "--lc-collate=C",
                          "--lc-ctype=C.UTF-8",
                          "--data-checksums",
                          "--no-instructions",
                          NULL};

    if (exists(postgres->cluster))
        return error_set(err, ERROR_CONFLICT,
                         "%s is there but is no PostgreSQL cluster: move it "
                         "away",
                         postgres->cluster);
    if (program_run(sweep, &postgres->account, err) < 0 ||
        program_find(&programs, arena, 0, POSTGRES_OLDEST, err) < 0)
        return -1;
    argv[0] = arena_format(arena, "%s/initdb", programs);
    if (program_run(argv, &postgres->account, err) < 0)
        return error_set(err, err->code, "cannot make a database in %s: %s",
                         postgres->folder, arena_text(arena, err->message));
    if (rename(fresh, postgres->cluster) < 0)
        return error_set_system(err, postgres->cluster);
    return file_sync_folder(postgres->folder, err);
}

/* The server's main process works in its cluster, and says so in /proc. */
static bool
is_server(const struct postgres *postgres, pid_t pid)
{
    char cluster[PATH_MAX];
    char folder[PATH_MAX];
    char link[64];
    ssize_t length;

    if (pid <= 0 || realpath(postgres->cluster, cluster) == NULL)
        return false;
    snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
    length = readlink(link, folder, sizeof(folder) - 1);
    if (length < 0)
        return false;
    folder[length] = '\0';
    return strcmp(folder, cluster) == 0;
}

/*
 * Opens a file of the account's for writing.  Its folder is the account's too,
 * so a caller that is root takes nothing but a plain file with one name.
 */
static int
open_own(const struct postgres *postgres, const char *path, int flags,
         struct error *err)
{
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    struct stat status;

    if (fd < 0)
        return error_set_system(err, path);
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_nlink == 1 &&
        (status.st_uid == postgres->account.uid ||
         fchown(fd, postgres->account.uid, postgres->account.gid) == 0))
        return fd;
    close(fd);
    return error_set(err, ERROR_FORBIDDEN,
                     "%s is not a file of user %d: remove it", path,
                     (int)postgres->account.uid);
}

/*
 * After a crash, the number in postmaster.pid may be another process's by now,
 * which PostgreSQL takes for a server that runs.  Our own number, that of the
 * new server's parent, it knows to be stale, and it still checks that no old
 * process holds the shared memory that the other lines name.
 */
static void
disown(const struct postgres *postgres, const char *path, const char *rest)
{
    struct error err;
    int fd = open_own(postgres, path, 0, &err);

    if (fd < 0)
        return;
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%d%s", (int)getpid(), rest);
    close(fd);
}

/* The process that postmaster.pid names if it is our server, else 0. */
static pid_t
find_server(const struct postgres *postgres)
{
    const char *path =
        arena_format(postgres->arena, "%s/postmaster.pid", postgres->cluster);
    char *text = NULL;
    size_t length;
    struct error err;
    pid_t pid;

    if (file_read(&text, &length, postgres->arena, path, 4096, &err) < 0)
        return 0;
    pid = (pid_t)strtol(text, NULL, 10);
    if (is_server(postgres, pid))
        return pid;
    if (pid > 0)
        disown(postgres, path, strchrnul(text, '\n'));
    return 0;
}

static int
open_log(const struct postgres *postgres, struct error *err)
{
    const char *path =
        arena_format(postgres->arena, "%s/postgres.log", postgres->folder);
    const char *old = arena_format(postgres->arena, "%s.old", path);
    struct stat status;

    if (lstat(path, &status) == 0 && status.st_size > LOG_LIMIT_BYTES)
        rename(path, old);
    return open_own(postgres, path, O_CREAT | O_APPEND, err);
}

/* The major version that made the cluster. */
static int
read_version(int *out, const struct postgres *postgres, struct error *err)
{
    char *text;
    size_t length;

    if (file_read(
            &text, &length, postgres->arena,
            arena_format(postgres->arena, "%s/PG_VERSION", postgres->cluster),
            64, err) < 0)
        return -1;
    *out = (int)strtol(text, NULL, 10);
    return 0;
}

static int
start_server(struct postgres *postgres, struct error *err)
{
    size_t count = sizeof(settings) / sizeof(settings[0]);
    struct arena *arena = postgres->arena;
    const char **argv = arena_array(arena, 2 * count + 6, sizeof(*argv));
    const char *programs;
    int version;
    int result;
    int n = 0;
    int log;

    if (read_version(&version, postgres, err) < 0 ||
        program_find(&programs, arena, version, POSTGRES_OLDEST, err) < 0)
        return -1;
    log = open_log(postgres, err);
    if (log < 0)
        return -1;
    /* No server runs, so this lock names whatever has its number now. */
    unlink(arena_format(arena, "%s/.s.PGSQL.5432.lock", postgres->socket));
    argv[n++] = arena_format(arena, "%s/postgres", programs);
    argv[n++] = "-D";
    argv[n++] = postgres->cluster;
    argv[n++] = "-k";
    argv[n++] = postgres->socket;
    for (size_t i = 0; i < count; i++) {
        argv[n++] = "-c";
        argv[n++] = settings[i];
    }
    result = program_start(&postgres->pid, argv, &postgres->account, log, err);
    postgres->is_child = result == 0;
    close(log);
    return result;
}

/* What the server said last, for the error that it does not start. */
static int
refuse_start(const struct postgres *postgres, struct error *err)
{
    const char *path =
        arena_format(postgres->arena, "%s/postgres.log", postgres->folder);
    char text[LOG_TAIL_BYTES] = "";
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;
    off_t from = end > LOG_TAIL_BYTES - 1 ? end - (LOG_TAIL_BYTES - 1) : 0;
    ssize_t length = fd >= 0 ? pread(fd, text, sizeof(text) - 1, from) : 0;
    const char *line;

    if (fd >= 0)
        close(fd);
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    line = strrchr(text, '\n');
    return error_set(err, ERROR_DATABASE,
                     "the private PostgreSQL in %s does not start: %s (all of "
                     "it is in %s)",
                     postgres->folder, line != NULL ? line + 1 : text, path);
}

bool
postgres_is_alive(struct postgres *postgres)
{
    if (postgres->pid == 0)
        return false;
    if (!postgres->is_child && is_server(postgres, postgres->pid))
        return true;
    if (postgres->is_child && waitpid(postgres->pid, NULL, WNOHANG) == 0)
        return true;
    postgres->pid = 0;
    return false;
}

/* 1: ready; 0: it ended before it was; -1: it took too long. */
static int
wait_until_ready(struct postgres *postgres, int64_t deadline_ms,
                 struct error *err)
{
    while (PQping(postgres->administration) != PQPING_OK) {
        if (!postgres_is_alive(postgres))
            return 0;
        if (clock_monotonic_ms() > deadline_ms)
            return error_set(err, ERROR_DATABASE,
                             "the private PostgreSQL in %s takes too long to "
                             "start",
                             postgres->folder);
        sleep_ms(POLL_MS);
    }
    return 1;
}

/*
 * Adopts or starts the server.  One that was found may be about to end, and
 * one that was started may meet the last processes of one that was killed; so
 * both are tried again.
 */
static int
bring_up(struct postgres *postgres, struct error *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + POSTGRES_START_TIMEOUT_MS;

    for (int try = 0; try < START_TRIES; try++) {
        int ready;

        if (try > 0)
            sleep_ms(START_PAUSE_MS);
        postgres->pid = find_server(postgres);
        postgres->is_child = false;
        if (postgres->pid == 0 && start_server(postgres, err) < 0)
            return -1;
        ready = wait_until_ready(postgres, deadline_ms, err);
        if (ready != 0)
            return ready < 0 ? -1 : 0;
    }
    return refuse_start(postgres, err);
}

/* Goes on where an earlier start was killed. */
static int
make_database(PGconn *link, struct error *err)
{
    PGresult *found = PQexec(link, (const char *)storage_sql_postgres_find);
    bool has_role;
    bool has_database;
    int result = 0;

    if (PQresultStatus(found) != PGRES_TUPLES_OK) {
        state_to_error(err, link, found, "find database");
        PQclear(found);
        return -1;
    }
    has_role = PQgetvalue(found, 0, 0)[0] == 't';
    has_database = PQgetvalue(found, 0, 1)[0] == 't';
    PQclear(found);
    if (!has_role)
        result =
            link_run(link, (const char *)storage_sql_postgres_make_role, err);
    if (result == 0 && !has_database)
        result = link_run(
            link, (const char *)storage_sql_postgres_make_database, err);
    if (result == 0)
        result = link_run(link, (const char *)storage_sql_postgres_lock, err);
    return result;
}

/*
 * The registry's role enters once all is made, and from then on the superuser
 * does not: who takes the server child over has no program run by PostgreSQL.
 */
static int
ensure_database(const struct postgres *postgres, struct error *err)
{
    struct error refusal;
    PGconn *link = NULL;
    int result;

    if (link_open(&link, postgres->conninfo, &refusal) == 0) {
        PQfinish(link);
        return 0;
    }
    if (link_open(&link, postgres->administration, err) < 0) {
        *err = refusal; /* the superuser's says nothing of it */
        return -1;
    }
    result = make_database(link, err);
    PQfinish(link);
    return result;
}

static int
prepare(struct postgres *postgres, struct error *err)
{
    struct arena *arena = postgres->arena;
    const char *version =
        arena_format(arena, "%s/PG_VERSION", postgres->cluster);

    if (program_check_path(postgres->folder, &postgres->account, err) < 0)
        return -1;
    if (!exists(version) && make_cluster(postgres, err) < 0)
        return -1;
    return make_private_folder(postgres, postgres->socket, err);
}

int
postgres_open(struct postgres **out, const struct postgres_options *options,
              struct error *err)
{
    struct postgres *postgres = xcalloc(1, sizeof(*postgres));
    struct arena *arena = arena_open();
    char folder[PATH_MAX];
    struct error ignored;
    int result = -1;

    postgres->arena = arena;
    postgres->account = (struct program_account){options->uid, options->gid};
    if (geteuid() != 0)
        postgres->account = (struct program_account){geteuid(), getegid()};
    if (realpath(options->folder, folder) == NULL) {
        error_set_system(err, options->folder);
        goto done;
    }
    postgres->folder = arena_text(arena, folder);
    postgres->cluster = arena_format(arena, "%s/postgres", folder);
    postgres->socket = choose_socket_folder(arena, postgres->folder);
    postgres->conninfo = write_conninfo(arena, postgres->socket, "weighhouse");
    postgres->administration =
        write_conninfo(arena, postgres->socket, "postgres");
    if (prepare(postgres, err) < 0 || bring_up(postgres, err) < 0 ||
        ensure_database(postgres, err) < 0)
        goto done;
    *out = postgres;
    postgres = NULL;
    result = 0;

done:
    if (postgres != NULL && postgres->is_child)
        postgres_stop(postgres, &ignored);
    postgres_free(postgres);
    return result;
}

void
postgres_free(struct postgres *postgres)
{
    if (postgres == NULL)
        return;
    arena_free(postgres->arena);
    free(postgres);
}

const char *
postgres_conninfo(const struct postgres *postgres)
{
    return postgres->conninfo;
}

pid_t
postgres_pid(const struct postgres *postgres)
{
    return postgres->pid;
}

int
postgres_revive(struct postgres *postgres, struct error *err)
{
    if (postgres_is_alive(postgres))
        return 0;
    return bring_up(postgres, err);
}

static bool
wait_until_ended(struct postgres *postgres, int64_t timeout_ms)
{
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

    while (postgres_is_alive(postgres)) {
        if (clock_monotonic_ms() > deadline_ms)
            return false;
        sleep_ms(POLL_MS);
    }
    return true;
}

/* The last line of postmaster.pid says what the server is about. */
static bool
is_stopping(const struct postgres *postgres)
{
    const char *path =
        arena_format(postgres->arena, "%s/postmaster.pid", postgres->cluster);
    struct error err;
    size_t length;
    char *text;

    return file_read(&text, &length, postgres->arena, path, 4096, &err) == 0 &&
           strstr(text, "\nstopping") != NULL;
}

/*
 * SIGINT is PostgreSQL's fast stop, SIGQUIT the one that recovery mends.  A
 * server that recovers from a crash, or does not answer, gets the latter at
 * once: nothing new is in it, and the former can leave version 15 waiting for
 * a checkpointer that nobody told.
 */
int
postgres_stop(struct postgres *postgres, struct error *err)
{
    int how = SIGINT;

    if (!postgres_is_alive(postgres))
        return 0;
    if (PQping(postgres->administration) != PQPING_OK && !is_stopping(postgres))
        how = SIGQUIT;
    if (kill(postgres->pid, how) < 0)
        return error_set_system(err, "stop PostgreSQL");
    if (wait_until_ended(postgres, POSTGRES_STOP_TIMEOUT_MS))
        return 0;
    kill(postgres->pid, SIGQUIT);
    if (wait_until_ended(postgres, POSTGRES_STOP_TIMEOUT_MS))
        return 0;
    return error_set(err, ERROR_DATABASE,
                     "the private PostgreSQL in %s does not stop",
                     postgres->folder);
}
