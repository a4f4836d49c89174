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

/* What is restored, and what is made of it outside of the database. */
struct place {
    const struct config *config;
    bool has_secret; /* its file was made here */
};

/* Another one would not open what the registry has sealed. */
static int
check_secret(const char *path, const char *secret, struct error *err)
{
    struct arena *arena = arena_open();
    size_t length;
    char *text;
    int result = 0;

    /* The account may be unable to read what root keeps. */
    if (secret[0] != '\0' && access(path, R_OK) == 0)
        result =
            file_read(&text, &length, arena, path, RESTORE_SECRET_SIZE, err);
    else
        text = arena_text(arena, secret);
    if (result == 0 && strcmp(text, secret) != 0)
        result = error_set(err, ERROR_CONFLICT,
                           "%s is another secret file than the archive's; put "
                           "it elsewhere",
                           path);
    if (result == 0)
        fprintf(stderr, "weighd: %s is kept as it is\n", path);
    arena_free(arena);
    return result;
}

/*
 * The key that seals the registry's secrets, which an archive may hold: it is
 * there before the rows, as no start must make another one for them.
 */
static int
write_secret(void *state, const struct restore_counts *counts,
             struct error *err)
{
    struct place *place = state;
    const char *path = place->config->secret_file;

    if (access(path, F_OK) == 0)
        return check_secret(path, counts->secret, err);
    if (counts->secret[0] == '\0') {
        fprintf(stderr,
                "weighd: bring back the secret file, %s, before the start\n",
                path);
        return 0;
    }
    place->has_secret = true;
    return file_write(path, counts->secret, strlen(counts->secret), 0600, err);
}

/* A failure's last words, and its secret file goes with the rest. */
static void
clean_up(const struct place *place, const struct restore_counts *counts)
{
    if (counts->is_left)
        fprintf(stderr,
                "weighd: PostgreSQL is out of reach, so what was brought to it "
                "and to %s is still there\n",
                place->config->blobs);
    else if (place->has_secret)
        unlink(place->config->secret_file);
}

/* As the service account, which is to own what is made. */
static int
fill(const struct call *call, const struct config *config, const char *conninfo,
     struct error *err)
{
    struct place place = {.config = config};
    struct restore_options options = {
        .conninfo = conninfo,
        .archives = call->archives,
        .names = call->names,
        .count = call->count,
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .on_whole = write_secret,
        .state = &place,
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
        fprintf(stderr,
                "%" PRId64 " tables, %" PRId64 " blobs, %" PRIu64 " bytes\n",
                counts.tables, counts.blobs, counts.bytes);
    else
        clean_up(&place, &counts);
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
