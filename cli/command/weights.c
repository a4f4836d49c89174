#include "cli/command/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/home/hub.h"
#include "cli/home/pulled.h"
#include "cli/home/verified.h"

static bool
is_gguf(const char *path)
{
    size_t length = strlen(path);

    return length > 5 && strcmp(path + length - 5, ".gguf") == 0;
}

static void
hint_choices(struct context *context, const struct pulled *pulled)
{
    const char *lines = "";

    for (size_t i = 0; i < pulled->count; i++)
        if (is_gguf(pulled->files[i].path))
            lines = arena_format(context->arena, "%s--gguf %s\n", lines,
                                 pulled->files[i].path);
    command_hint(context, "%s", lines);
}

/* The one GGUF file, or the one that --gguf names. */
static int
choose(const struct pulled_file **out, struct context *context,
       const struct pulled *pulled, struct error *err)
{
    const char *wanted = option_text(&context->options, "gguf");
    size_t count = 0;

    for (size_t i = 0; i < pulled->count; i++) {
        const struct pulled_file *file = &pulled->files[i];

        if (wanted != NULL ? strcmp(file->path, wanted) == 0
                           : is_gguf(file->path)) {
            *out = file;
            count++;
        }
    }
    if (count == 1)
        return 0;
    if (wanted != NULL) {
        error_set(err, ERROR_NOT_FOUND, "%s has no file %s", pulled->model,
                  wanted);
    } else if (count == 0) {
        error_set(err, ERROR_UNPROCESSABLE,
                  "%s has no GGUF file, and no other can be run",
                  pulled->model);
    } else {
        hint_choices(context, pulled);
        error_set(err, ERROR_USAGE, "%s has %zu GGUF files: choose one",
                  pulled->model, count);
    }
    return -1;
}

static int
open_path(int *out, const char *path, struct error *err)
{
    /* Does not wait for a writer, should it be a pipe. */
    *out = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*out < 0)
        return error_set(err, ERROR_NOT_FOUND, "%s: %s", path, strerror(errno));
    return 0;
}

static int
check_digest(int fd, const struct context *context,
             const struct pulled_file *file, struct error *err)
{
    struct verified_reader reader = {context->home, interrupt_is_set_in,
                                     context->interrupt};
    struct digest digest;

    if (verified_digest(&digest, &reader, file->path, fd, err) < 0)
        return -1;
    if (!digest_is_equal(&digest, &file->digest))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "%s was changed since it was pulled", file->path);
    return 0;
}

static int
open_pulled(int *out, struct context *context, const char *word,
            struct error *err)
{
    const struct pulled_file *file = NULL;
    struct model_name name;
    struct pulled pulled;
    struct hub_model hub;
    const char *folder;

    if (model_parse_name(&name, context->arena, word, err) < 0 ||
        session_open_home(context, err) < 0)
        return -1;
    command_hint(context, "weigh pull %s", word);
    if (pulled_find(&pulled, context->home, context->arena, name.name,
                    name.revision, err) < 0)
        return -1;
    context->hint[0] = '\0';
    if (choose(&file, context, &pulled, err) < 0 ||
        hub_find_model(&hub, context->home, context->arena, name.name, err) < 0)
        return -1;
    folder = hub_snapshot_path(&hub, context->arena, pulled.commit);
    if (folder == NULL)
        return error_set(err, ERROR_INTERNAL, "the record of %s is broken",
                         word);
    command_hint(context, "weigh pull %s", word);
    if (open_path(out,
                  arena_format(context->arena, "%s/%s", folder, file->path),
                  err) < 0 ||
        check_digest(*out, context, file, err) < 0)
        return -1;
    context->hint[0] = '\0';
    return 0;
}

int
weights_open(int *out, struct context *context, const char *name,
             struct error *err)
{
    const char *path = option_text(&context->options, "file");

    *out = -1;
    if (path == NULL && name == NULL)
        return error_set(err, ERROR_USAGE, "a MODEL or --file FILE is needed");
    if (path != NULL)
        return open_path(out, path, err);
    if (open_pulled(out, context, name, err) == 0)
        return 0;
    if (*out >= 0)
        close(*out);
    *out = -1;
    return -1;
}
