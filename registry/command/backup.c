/* backup: one archive of rows and weights, made while the registry works. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/command/command.h"
#include "registry/command/database.h"
#include "storage/base/file.h"
#include "storage/content/backup.h"
#include "storage/db/migrate.h"

#define MEGABYTE 1000000
#define SECRET_LIMIT 128

struct call {
    struct arena *arena;
    const char *path;   /* "-": standard output */
    const char *beside; /* the name while it is written; NULL: none */
    const char *since;
    bool with_secret;
    int prior; /* descriptors, -1 without */
    int output;
    int spool;
};

static const char usage[] =
    "usage: weighd backup [--since ARCHIVE] [--with-secret] FILE|-";

static int
read_words(struct call *call, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--with-secret") == 0)
            call->with_secret = true;
        else if (strcmp(argv[i], "--since") == 0 && i + 1 < argc)
            call->since = argv[++i];
        else if ((argv[i][0] == '-' && argv[i][1] != '\0') ||
                 call->path != NULL)
            return error_set(err, ERROR_USAGE, "%s", usage);
        else
            call->path = argv[i];
    }
    if (call->path == NULL)
        return error_set(err, ERROR_USAGE, "%s", usage);
    return 0;
}

static bool
is_stream(const struct call *call)
{
    return strcmp(call->path, "-") == 0;
}

/* Where the archive lies, or where large files may lie for a while. */
static const char *
find_folder(const struct call *call)
{
    const char *slash = strrchr(call->path, '/');
    const char *temporary = getenv("TMPDIR");

    if (is_stream(call))
        return temporary != NULL ? temporary : "/var/tmp";
    if (slash == NULL)
        return ".";
    return arena_bytes(call->arena, call->path,
                       (size_t)(slash - call->path) + 1);
}

/*
 * A file that has no name, so that nothing is left of it when we are stopped;
 * where the file system has none, one beside, which *out_beside then names.
 */
static int
open_nameless(int *out, const char **out_beside, struct arena *arena,
              const char *folder, struct error *err)
{
    char *beside = arena_format(arena, "%s/weighd-backup.XXXXXX", folder);

    *out = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*out >= 0)
        return 0;
    if (errno == EOPNOTSUPP || errno == EISDIR) {
        *out = mkostemp(beside, O_CLOEXEC);
        *out_beside = beside;
    }
    return *out >= 0 ? 0 : error_set_system(err, folder);
}

static int
open_files(struct call *call, struct error *err)
{
    const char *folder;
    const char *spool = NULL;

    assert(call->path != NULL);
    folder = find_folder(call);
    if (!is_stream(call) && access(call->path, F_OK) == 0)
        return error_set(err, ERROR_CONFLICT,
                         "%s exists; a backup replaces none", call->path);
    if (is_stream(call) && isatty(STDOUT_FILENO))
        return error_set(err, ERROR_USAGE,
                         "an archive is not for a terminal; redirect it");
    if (open_nameless(&call->spool, &spool, call->arena, folder, err) < 0)
        return -1;
    if (spool != NULL)
        unlink(spool);
    if (is_stream(call))
        call->output = STDOUT_FILENO;
    else if (open_nameless(&call->output, &call->beside, call->arena, folder,
                           err) < 0)
        return -1;
    if (call->since == NULL)
        return 0;
    call->prior = open(call->since, O_RDONLY | O_CLOEXEC);
    return call->prior >= 0 ? 0 : error_set_system(err, call->since);
}

/* Gives the whole file its name, for good. */
static int
publish(const struct call *call, struct error *err)
{
    const char *from = call->beside;

    if (is_stream(call))
        return 0;
    if (fsync(call->output) < 0)
        return error_set_system(err, call->path);
    if (from == NULL)
        from = arena_format(call->arena, "/proc/self/fd/%d", call->output);
    if (linkat(AT_FDCWD, from, AT_FDCWD, call->path, AT_SYMLINK_FOLLOW) < 0)
        return error_set_system(err, call->path);
    return file_sync_folder(find_folder(call), err);
}

static void
close_files(const struct call *call)
{
    if (call->beside != NULL)
        unlink(call->beside);
    if (call->output >= 0 && call->output != STDOUT_FILENO)
        close(call->output);
    if (call->spool >= 0)
        close(call->spool);
    if (call->prior >= 0)
        close(call->prior);
}

static void
show_progress(void *state, uint64_t bytes)
{
    (void)state;
    fprintf(stderr, "\r%" PRIu64 " MB", bytes / MEGABYTE);
}

static int
read_secret(const char **out, const struct call *call,
            const struct config *config, struct error *err)
{
    size_t length;
    char *text;

    if (file_read(&text, &length, call->arena, config->secret_file,
                  SECRET_LIMIT, err) < 0)
        return -1;
    *out = text;
    return 0;
}

static int
make(struct call *call, const struct config *config, const char *conninfo,
     struct error *err)
{
    struct archive prior;
    struct backup_options options = {
        .conninfo = conninfo,
        .output = call->output,
        .spool = call->spool,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    struct backup_counts counts;
    int result = -1;

    if (call->with_secret &&
        read_secret(&options.secret, call, config, err) < 0)
        return -1;
    if (call->since != NULL) {
        if (archive_open(&prior, call->arena, call->prior, err) < 0)
            return -1;
        options.prior = &prior;
    }
    if (migrate_to(conninfo, MIGRATE_NEWEST, err) < 0 ||
        content_store_open(&options.store, config->blobs, err) < 0)
        return -1;
    result = backup_write(&counts, &options, err);
    if (options.progress != NULL)
        fputs("\r\033[K", stderr);
    if (result == 0)
        result = publish(call, err);
    if (result == 0)
        fprintf(stderr,
                "%" PRId64 " tables, %" PRId64 " blobs of %" PRIu64 " bytes\n",
                counts.tables, counts.blobs, counts.bytes);
    content_store_free(options.store);
    return result;
}

int
backup_run(const struct config *config, int argc, char **argv,
           struct error *err)
{
    const struct log log = {STDERR_FILENO};
    struct call call = {.prior = -1, .output = -1, .spool = -1};
    struct database *database = NULL;
    int result = -1;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts(usage);
        return 0;
    }
    call.arena = arena_open();
    if (read_words(&call, argc, argv, err) == 0 &&
        open_files(&call, err) == 0 &&
        database_borrow(&database, config, &log, err) == 0)
        result = make(&call, config, database_conninfo(database), err);
    database_close(database);
    close_files(&call);
    arena_free(call.arena);
    return result;
}
