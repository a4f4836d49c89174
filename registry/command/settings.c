#include "registry/command/settings.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/http/tls.h"
#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "storage/base/secret.h"

#define PEM_LIMIT 1048576 /* 1 MiB */
#define ARGUMENTS_LIMIT 1000
#define ARGUMENT_BYTES 131072

struct settings {
    struct arena *arena;
    struct config config;
    const char *text; /* of the file; "" without one */
    struct server_tls tls;
    char *key;   /* what tls.key points to, to wipe it */
    char **argv; /* NULL-ended */
    int argc;
};

/* Keys whose values a start has opened, so that only a start changes them. */
static const struct {
    const char *name;
    size_t offset;
} fixed[] = {
    {"data", offsetof(struct config, data)},
    {"listen", offsetof(struct config, listen)},
    {"database", offsetof(struct config, database)},
    {"blobs", offsetof(struct config, blobs)},
    {"secret_file", offsetof(struct config, secret_file)},
    {"user", offsetof(struct config, user)},
};

#define FIXED (sizeof(fixed) / sizeof(fixed[0]))

static const char **
field_at(struct config *config, size_t offset)
{
    return (const char **)(void *)((char *)config + offset);
}

static bool
is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/*
 * The kernel keeps the words as they were; ours config_load shortens.  Longer
 * ones than fit come without their end, which is then no NUL.
 */
static int
read_arguments(struct settings *settings, struct error *err)
{
    char *text = arena_alloc(settings->arena, ARGUMENT_BYTES);
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t n;

    if (fd < 0)
        return error_set_system(err, "/proc/self/cmdline");
    while ((n = read(fd, text + length, ARGUMENT_BYTES - length)) > 0)
        length += (size_t)n;
    close(fd);
    if (n < 0 || length == 0 || text[length - 1] != '\0')
        return error_set(err, ERROR_USAGE, "too many arguments");
    settings->argv = arena_array(settings->arena, ARGUMENTS_LIMIT + 1,
                                 sizeof(*settings->argv));
    for (const char *at = text; at < text + length; at += strlen(at) + 1) {
        if (settings->argc == ARGUMENTS_LIMIT)
            return error_set(err, ERROR_USAGE, "too many arguments");
        settings->argv[settings->argc++] = (char *)at;
    }
    settings->argv[settings->argc] = NULL;
    return 0;
}

static int
read_text(struct settings *settings, struct error *err)
{
    size_t length;
    char *text;

    settings->text = "";
    if (settings->config.file == NULL)
        return 0;
    if (file_read(&text, &length, settings->arena, settings->config.file,
                  CONFIG_FILE_LIMIT, err) < 0)
        return -1;
    settings->text = text;
    return 0;
}

/* Certificate and key, tried together. */
static int
read_tls(struct settings *settings, struct error *err)
{
    const struct config *config = &settings->config;
    struct server_tls *out = &settings->tls;
    struct tls *tls;
    char *certificate;

    if (config->tls_certificate == NULL)
        return 0;
    if (file_read(&certificate, &out->certificate_length, settings->arena,
                  config->tls_certificate, PEM_LIMIT, err) < 0 ||
        file_read(&settings->key, &out->key_length, settings->arena,
                  config->tls_key, PEM_LIMIT, err) < 0)
        return -1;
    out->certificate = certificate;
    out->key = settings->key;
    if (tls_open(&tls,
                 &(struct tls_files){out->certificate, out->certificate_length,
                                     out->key, out->key_length},
                 err) < 0)
        return error_set(err, ERROR_USAGE, "%s, %s: %s",
                         config->tls_certificate, config->tls_key,
                         arena_text(settings->arena, err->message));
    tls_free(tls);
    return 0;
}

static struct settings *
make(void)
{
    struct settings *settings = xcalloc(1, sizeof(*settings));

    settings->arena = arena_open();
    return settings;
}

int
settings_open(struct settings **out, const struct config *config,
              struct error *err)
{
    struct settings *settings = make();

    settings->config = *config;
    if (read_arguments(settings, err) < 0 || read_text(settings, err) < 0 ||
        read_tls(settings, err) < 0) {
        settings_free(settings);
        return -1;
    }
    *out = settings;
    return 0;
}

void
settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    if (settings->key != NULL)
        secret_wipe(settings->key, settings->tls.key_length);
    arena_free(settings->arena);
    free(settings);
}

static void
keep_fixed(struct settings *fresh, const struct settings *old,
           const struct log *log)
{
    struct config was = old->config;

    for (size_t i = 0; i < FIXED; i++) {
        const char **new_value = field_at(&fresh->config, fixed[i].offset);
        const char *value = *field_at(&was, fixed[i].offset);

        if (!is_same_text(*new_value, value))
            log_write(log, "needs a restart",
                      json_pack("{s:s}", "key", fixed[i].name));
        *new_value = value != NULL ? arena_text(fresh->arena, value) : NULL;
    }
}

int
settings_renew(struct settings **out, const struct settings *old,
               const struct log *log, struct error *err)
{
    struct settings *settings = make();
    char **argv =
        arena_array(settings->arena, ARGUMENTS_LIMIT + 1, sizeof(*argv));
    int argc;

    if (read_arguments(settings, err) < 0)
        goto fail;
    /* config_load takes what it knows out of the words. */
    argc = settings->argc;
    memcpy(argv, settings->argv, sizeof(*argv) * ((size_t)argc + 1));
    if (config_load(&settings->config, settings->arena, &argc, argv, err) < 0)
        goto fail;
    if (read_text(settings, err) < 0 || read_tls(settings, err) < 0)
        goto fail;
    keep_fixed(settings, old, log);
    *out = settings;
    return 0;

fail:
    settings_free(settings);
    return -1;
}

const struct config *
settings_config(const struct settings *settings)
{
    return &settings->config;
}

const struct server_tls *
settings_tls(const struct settings *settings)
{
    return settings->tls.certificate != NULL ? &settings->tls : NULL;
}

char *const *
settings_arguments(const struct settings *settings)
{
    return settings->argv;
}

bool
settings_is_same_config(const struct settings *a, const struct settings *b)
{
    return strcmp(a->text, b->text) == 0;
}
