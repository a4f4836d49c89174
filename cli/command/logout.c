/* logout: the token of this machine is revoked and forgotten. */
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/home/login.h"

/* One that the registry does not know any more is as good as revoked. */
static int
revoke(struct context *context, const struct login *login, struct error *err)
{
    const struct client_settings settings = {
        .registry = login->registry,
        .token = login->token,
        .interrupt = context->interrupt,
    };
    const struct client_question question = {.method = "DELETE",
                                             .path = "/api/tokens/current"};
    struct client *client;

    if (session_connect(&client, context, &settings, err) < 0)
        return -1;
    if (client_call(NULL, client, context->arena, &question, err) < 0 &&
        err->code != ERROR_UNAUTHENTICATED)
        return -1;
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    struct login login;
    bool was_there;

    if (session_open_home(context, err) < 0 ||
        login_choose(&login, context->home, context->arena,
                     option_text(&context->options, "registry"), err) < 0 ||
        login_find(&login, context->home, context->arena, login.registry, err) <
            0)
        return -1;
    if (login.token[0] == '\0')
        return error_set(err, ERROR_NOT_FOUND, "nobody is logged in to %s",
                         login.registry);
    if (revoke(context, &login, err) < 0) {
        command_hint(context,
                     "the token is still kept; try again, or revoke it "
                     "at %s/settings/tokens",
                     login.registry);
        return -1;
    }
    if (login_remove(&was_there, context->home, login.registry, err) < 0)
        return -1;
    command_say(context, "logged out %s at %s\n", login.name, login.registry);
    command_result(context, json_pack("{s:s,s:s}", "name", login.name,
                                      "registry", login.registry));
    return 0;
}

const struct command command_logout = {
    .name = "logout",
    .usage = "",
    .summary = "revoke and forget the token of this machine",
    .run = run,
};
