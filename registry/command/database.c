#include "registry/command/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/db/postgres.h"

#define CONNINFO_LIMIT 4096

struct database {
    struct arena *arena;
    const char *conninfo;
    struct postgres *postgres; /* NULL: the operator's, or another's */
    const struct log *log;
    int lock; /* on the data folder, -1 without */
};

/* Where the one who runs the private PostgreSQL says how to reach it. */
static const char *
note_path(struct arena *arena, const struct config *config)
{
    return arena_format(arena, "%s/conninfo", config->data);
}

/* Takes the data folder's lock; -1 with errno EWOULDBLOCK: another has it. */
static int
lock_folder(struct arena *arena, const struct config *config)
{
    const char *path = arena_format(arena, "%s/lock", config->data);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int kept = errno;

        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

static int
start(struct database *database, const struct config *config, struct error *err)
{
    struct postgres_options options = {.folder = config->data};
    const char *note = note_path(database->arena, config);

    if (geteuid() == 0 &&
        confine_find_user(&options.uid, &options.gid, config->user, err) < 0)
        return -1;
    if (postgres_open(&database->postgres, &options, err) < 0)
        return -1;
    database->conninfo = postgres_conninfo(database->postgres);
    return file_write(note, database->conninfo, strlen(database->conninfo),
                      0600, err);
}

/* Reads what the daemon that holds the lock noted. */
static int
use_running(struct database *database, const struct config *config,
            struct error *err)
{
    size_t length;
    char *text;

    if (file_read(&text, &length, database->arena,
                  note_path(database->arena, config), CONNINFO_LIMIT, err) < 0)
        return -1;
    database->conninfo = text;
    return 0;
}

static int
open_private(struct database *database, const struct config *config,
             bool may_share, struct error *err)
{
    if (access(config->data, F_OK) < 0 && may_share)
        return error_set(err, ERROR_NOT_FOUND,
                         "%s: no registry has been started here", config->data);
    database->lock = lock_folder(database->arena, config);
    if (database->lock >= 0)
        return start(database, config, err);
    if (errno != EWOULDBLOCK)
        return error_set_system(err, config->data);
    if (!may_share)
        return error_set(err, ERROR_CONFLICT,
                         "another weighd runs on %s; stop it, or name another "
                         "folder with --data",
                         config->data);
    return use_running(database, config, err);
}

static int
open_any(struct database **out, const struct config *config,
         const struct log *log, bool may_share, struct error *err)
{
    struct database *database = xcalloc(1, sizeof(*database));
    int result = 0;

    database->arena = arena_open();
    database->log = log;
    database->lock = -1;
    if (config->database != NULL)
        database->conninfo = config->database;
    else
        result = open_private(database, config, may_share, err);
    if (result < 0) {
        database_close(database);
        return -1;
    }
    *out = database;
    return 0;
}

int
database_open(struct database **out, const struct config *config,
              const struct log *log, struct error *err)
{
    return open_any(out, config, log, false, err);
}

int
database_borrow(struct database **out, const struct config *config,
                const struct log *log, struct error *err)
{
    return open_any(out, config, log, true, err);
}

const char *
database_conninfo(const struct database *database)
{
    return database->conninfo;
}

int
database_watch(struct database *database, struct error *err)
{
    if (database->postgres == NULL || postgres_is_alive(database->postgres))
        return 0;
    log_write(database->log, "database died", NULL);
    return postgres_revive(database->postgres, err);
}

void
database_forget(struct database *database)
{
    if (database->lock >= 0)
        close(database->lock);
    database->lock = -1;
}

void
database_close(struct database *database)
{
    struct error err;

    if (database == NULL)
        return;
    if (database->postgres != NULL &&
        postgres_stop(database->postgres, &err) < 0)
        log_error(database->log, "database stop", &err);
    postgres_free(database->postgres);
    if (database->lock >= 0)
        close(database->lock);
    arena_free(database->arena);
    free(database);
}
