#include "cli/command/session.h"

#include <stdlib.h>
#include <string.h>

#include "cli/home/login.h"
#include "cli/terminal/prompt.h"
#include "storage/base/file.h"

int
session_open_home(struct context *context, struct error *err)
{
    struct home *home;

    if (context->home != NULL)
        return 0;
    home = arena_alloc(context->arena, sizeof(*home));
    if (home_find(home, context->arena, err) < 0)
        return -1;
    context->home = home;
    return 0;
}

static void
release_client(void *client)
{
    client_free(client);
}

int
session_connect(struct client **out, struct context *context,
                const struct client_settings *settings, struct error *err)
{
    if (client_open(out, settings, err) < 0)
        return -1;
    arena_defer(context->arena, release_client, *out);
    return 0;
}

int
session_open(struct context *context, struct error *err)
{
    struct client_settings settings = {.interrupt = context->interrupt};
    struct login login;

    if (context->client != NULL)
        return 0;
    if (session_open_home(context, err) < 0 ||
        login_choose(&login, context->home, context->arena,
                     option_text(&context->options, "registry"), err) < 0)
        return -1;
    settings.registry = login.registry;
    settings.token = login.token;
    return session_connect(&context->client, context, &settings, err);
}

int
session_open_signed_in(struct context *context, struct error *err)
{
    if (session_open(context, err) < 0)
        return -1;
    if (client_has_token(context->client))
        return 0;
    command_hint(context, "weigh login --registry %s",
                 client_registry(context->client));
    return error_set(err, ERROR_UNAUTHENTICATED, "nobody is logged in to %s",
                     client_registry(context->client));
}

int
session_read_password(char **out, struct context *context, struct error *err)
{
    const char *path = option_text(&context->options, "password-file");
    size_t length;

    if (path == NULL && !context->terminal.in_is_terminal) {
        command_hint(context, "--password-file FILE, or - for the input");
        return error_set(err, ERROR_USAGE,
                         "a password is needed, and there is nobody to ask");
    }
    if (path == NULL)
        return prompt_secret(out, &context->terminal, context->arena,
                             "Password: ", err);
    if (strcmp(path, "-") == 0)
        return prompt_secret(out, &context->terminal, context->arena, "", err);
    if (file_read(out, &length, context->arena, path, PROMPT_LIMIT, err) < 0)
        return -1;
    (*out)[strcspn(*out, "\r\n")] = '\0';
    return 0;
}

int
session_read_model(struct model_name *out, struct context *context,
                   const char *word, struct error *err)
{
    if (model_parse_name(out, context->arena, word, err) < 0)
        return -1;
    context->model = out->name;
    return 0;
}

void
session_hint_gated(struct context *context, const char *model)
{
    command_hint(context, "weigh request %s          or %s/%s", model,
                 client_registry(context->client), model);
}

void
session_hint_again(struct context *context, const struct error *err)
{
    static const struct {
        enum error_code code;
        const char *hint;
    } ways[] = {
        {ERROR_INTERRUPTED, "the same command goes on from here"},
        {ERROR_NETWORK, "the same command goes on from here"},
        {ERROR_TIMEOUT, "the same command goes on from here"},
        {ERROR_DATABASE, "later, the same command goes on from here"},
        {ERROR_BUSY, "later, the same command goes on from here"},
        {ERROR_TOO_MANY, "later, the same command goes on from here"},
        {ERROR_NO_SPACE, "make room; the same command goes on from here"},
        {ERROR_DIGEST_MISMATCH, "the same command takes that file anew"},
    };

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].code == err->code && context->hint[0] == '\0')
            command_hint(context, "%s", ways[i].hint);
}

const char *
session_show_path(struct context *context, const char *path)
{
    const char *person = getenv("HOME");
    size_t length = person == NULL ? 0 : strlen(person);

    if (length > 1 && strncmp(path, person, length) == 0 && path[length] == '/')
        return arena_format(context->arena, "~%s", path + length);
    return path;
}
