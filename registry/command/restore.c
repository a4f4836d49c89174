/* restore: what backup wrote, onto a machine that has no registry yet. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/command/command.h"
#include "registry/command/database.h"
#include "registry/command/owned_folder.h"
#include "storage/base/confine.h"
#include "storage/base/file.h"
#include "storage/base/secret.h"
#include "storage/content/restore.h"

#define MEGABYTE 1000000

struct call {
    const char *names[RESTORE_ARCHIVES_LIMIT];
    int archives[RESTORE_ARCHIVES_LIMIT];
    size_t count;
};

static const char usage[] = "usage: weighd restore FILE|- [INCREMENT]...";

static int
read_words(struct call *call, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++)
        if ((argv[i][0] == '-' && argv[i][1] != '\0') ||
            call->count == RESTORE_ARCHIVES_LIMIT)
            return error_set(err, ERROR_USAGE, "%s", usage);
        else
            call->names[call->count++] = argv[i];
    if (call->count == 0)
        return error_set(err, ERROR_USAGE, "%s", usage);
    return 0;
}

/* As whoever calls: the account may not read them. */
static int
open_archives(struct call *call, struct error *err)
{
    for (size_t i = 0; i < call->count; i++) {
        bool is_stream = strcmp(call->names[i], "-") == 0;

        call->archives[i] = is_stream
                                ? STDIN_FILENO
                                : open(call->names[i], O_RDONLY | O_CLOEXEC);
        if (call->archives[i] < 0)
            return error_set_system(err, call->names[i]);
    }
    return 0;
}

static void
show_progress(void *state, uint64_t bytes)
{
    (void)state;
    fprintf(stderr, "\r%" PRIu64 " MB", bytes / MEGABYTE);
}

/* The key that seals the registry's secrets, which an archive may hold. */
static int
write_secret(const struct config *config, const struct restore_counts *counts,
             struct error *err)
{
    if (access(config->secret_file, F_OK) == 0) {
        fprintf(stderr, "weighd: %s is kept as it is\n", config->secret_file);
        return 0;
    }
    if (counts->secret[0] == '\0') {
        fprintf(stderr,
                "weighd: bring back the secret file, %s, before the start\n",
                config->secret_file);
        return 0;
    }
    return file_write(config->secret_file, counts->secret,
                      strlen(counts->secret), 0600, err);
}

/* As the service account, which is to own what is made. */
static int
fill(const struct call *call, const struct config *config, const char *conninfo,
     struct error *err)
{
    struct restore_options options = {
        .conninfo = conninfo,
        .archives = call->archives,
        .names = call->names,
        .count = call->count,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
    };
    struct restore_counts counts = {0};
    int result;

    if (confine_become(config->user, err) < 0 ||
        content_store_open(&options.store, config->blobs, err) < 0)
        return -1;
    result = restore_read(&counts, &options, err);
    if (options.progress != NULL)
        fputs("\r\033[K", stderr);
    if (result == 0)
        result = write_secret(config, &counts, err);
    if (result == 0)
        fprintf(stderr,
                "%" PRId64 " tables, %" PRId64 " blobs, %" PRIu64 " bytes\n",
                counts.tables, counts.blobs, counts.bytes);
    secret_wipe(counts.secret, sizeof(counts.secret));
    content_store_free(options.store);
    return result;
}

int
restore_run(const struct config *config, int argc, char **argv,
            struct error *err)
{
    const struct log log = {STDERR_FILENO};
    struct database *database = NULL;
    struct call *call;
    int result = -1;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts(usage);
        return 0;
    }
    call = xcalloc(1, sizeof(*call));
    if (read_words(call, argc, argv, err) == 0 &&
        open_archives(call, err) == 0 &&
        owned_folder_make(config, config->data, err) == 0 &&
        owned_folder_make(config, config->blobs, err) == 0 &&
        database_open(&database, config, &log, err) == 0)
        result = fill(call, config, database_conninfo(database), err);
    database_close(database);
    free(call);
    return result;
}
