#include "cli/command/session.h"

#include <stdlib.h>
#include <string.h>

#include "cli/home/login.h"

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
    if (client_open(&context->client, &settings, err) < 0)
        return -1;
    arena_defer(context->arena, release_client, context->client);
    return 0;
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

void
session_hint_gated(struct context *context, const char *model)
{
    command_hint(context, "weigh request %s          or %s/%s", model,
                 client_registry(context->client), model);
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
