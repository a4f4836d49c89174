/* login: a token for a registry, and the person's own key. */
#include "cli/home/login.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "auth/key/key.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/home/keyring.h"
#include "cli/terminal/prompt.h"
#include "storage/base/secret.h"
#include "storage/base/text.h"

static const struct option_row login_options[] = {
    {"token", "TOKEN", "use a token that you have; - reads it from the input",
     false},
    {"password-file", "FILE", "read the password from FILE, - for the input",
     false},
    {"role", "ROLE", "what the new token may: write (default) or read", false},
    {0},
};

/* "weigh on HOST": how the token is called in the person's list. */
static const char *
describe_token(struct arena *arena)
{
    char host[HOST_NAME_MAX + 1] = "";

    gethostname(host, sizeof(host) - 1);
    return arena_format(arena, "weigh on %s", text_printable(arena, host));
}

/* A name and a password into a token. */
static int
ask_token(struct login *login, struct context *context, struct client *client,
          struct error *err)
{
    const char *role = option_text(&context->options, "role");
    const char *name = command_word(context, 0);
    struct client_question question = {.method = "POST", .path = "/api/tokens"};
    char *password;
    json_t *answer;
    json_t *body;
    int result;

    if (name == NULL && !context->terminal.in_is_terminal)
        return error_set(err, ERROR_USAGE, "weigh login needs: NAME");
    if (name == NULL && prompt_line(&name, &context->terminal, context->arena,
                                    "Name: ", err) < 0)
        return -1;
    if (session_read_password(&password, context, err) < 0)
        return -1;
    body = json_keep(context->arena,
                     json_pack("{s:s,s:s,s:s,s:s}", "name", name, "password",
                               password, "displayName",
                               describe_token(context->arena), "role",
                               role == NULL ? "write" : role));
    secret_wipe(password, strlen(password));
    if (body == NULL)
        return error_set(err, ERROR_USAGE, "the password is not UTF-8");
    question.body = body;
    result = client_call(&answer, client, context->arena, &question, err);
    if (result < 0)
        return -1;
    login->name = json_text(answer, "name");
    return json_need_text(&login->token, answer, "token", err);
}

static int
take_token(struct login *login, struct context *context, struct error *err)
{
    const char *token = option_text(&context->options, "token");
    char *typed;

    if (strcmp(token, "-") != 0) {
        login->token = token;
        return 0;
    }
    if (prompt_secret(&typed, &context->terminal, context->arena,
                      context->terminal.in_is_terminal ? "Token: " : "",
                      err) < 0)
        return -1;
    login->token = typed;
    return 0;
}

/* Who the token is; a wrong one is noticed before it is kept. */
static int
check_token(struct login *login, struct context *context, struct error *err)
{
    const struct client_settings settings = {
        .registry = login->registry,
        .token = login->token,
        .interrupt = context->interrupt,
    };
    struct client *client;
    json_t *person;

    if (session_connect(&client, context, &settings, err) < 0 ||
        client_get(&person, client, context->arena, "/api/whoami-v2", err) < 0)
        return -1;
    return json_need_text(&login->name, person, "name", err);
}

static int
find_token(struct login *login, struct context *context, struct error *err)
{
    const struct client_settings settings = {
        .registry = login->registry,
        .token = "",
        .sends_password = true,
        .interrupt = context->interrupt,
    };
    struct client *client;

    if (option_has(&context->options, "token")) {
        if (take_token(login, context, err) < 0)
            return -1;
    } else if (session_connect(&client, context, &settings, err) < 0 ||
               ask_token(login, context, client, err) < 0) {
        return -1;
    }
    return check_token(login, context, err);
}

static int
say(struct context *context, const struct login *login, struct error *err)
{
    char short_name[KEY_SHORT_SIZE];
    char whole[DIGEST_TEXT_SIZE];
    struct digest fingerprint;
    struct key *key;
    bool is_new;

    if (keyring_find_person(&key, &is_new, context->home, err) < 0)
        return -1;
    key_fingerprint(&fingerprint, key);
    key_write_short(short_name, &fingerprint);
    digest_write(whole, &fingerprint);
    command_say(context, "logged in  %s at %s\n", login->name, login->registry);
    command_say(context, "key        %s (%s)%s\n", short_name,
                key_kind_text(key), is_new ? ", made now" : "");
    command_result(context, json_pack("{s:s,s:s,s:s,s:b}", "name", login->name,
                                      "registry", login->registry, "key", whole,
                                      "keyIsNew", is_new));
    key_free(key);
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    struct login login;

    if (session_open_home(context, err) < 0 ||
        login_choose(&login, context->home, context->arena,
                     option_text(&context->options, "registry"), err) < 0)
        return -1;
    if (find_token(&login, context, err) < 0 ||
        login_set(context->home, &login, err) < 0)
        return -1;
    return say(context, &login, err);
}

const struct command command_login = {
    .name = "login",
    .usage = "[NAME]",
    .summary = "get a token for a registry, and make your key",
    .words_max = 1,
    .options = login_options,
    .run = run,
    .details =
        "Asks for the password, gets a token for this machine and keeps it in\n"
        "a file that only you can read.  The registry becomes the one that\n"
        "later commands talk to.",
};
