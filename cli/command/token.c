/* token: what programs show instead of a password. */
#include <string.h>

#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/prompt.h"
#include "cli/terminal/table.h"
#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "storage/base/secret.h"

#define DAY_MS INT64_C(86400000)
#define RIGHTS_LIMIT 100
#define ID_DIGITS 24

static const struct option_row create_options[] = {
    {"name", "LABEL", "what the token is for, shown in lists", false},
    {"role", "ROLE", "read (default), write or fine-grained", false},
    {"right", "RIGHT[:WHAT]",
     "of a fine-grained one: read, write, gated, review, manage", true},
    {"days", "N", "how long it lasts; without it, for ever", false},
    {"account", "NAME", "whose token, when you are not logged in", false},
    {"password-file", "FILE", "read the password from FILE, - for the input",
     false},
    {0},
};

/* The account's name: what was given, or who is logged in. */
static int
find_account(const char **out, struct context *context, struct error *err)
{
    json_t *person;

    *out = option_text(&context->options, "account");
    if (*out != NULL)
        return 0;
    if (session_open_signed_in(context, err) < 0 ||
        client_get(&person, context->client, context->arena, "/api/whoami-v2",
                   err) < 0)
        return -1;
    return json_need_text(out, person, "name", err);
}

static int
add_expiry(json_t *body, struct context *context, struct error *err)
{
    const int64_t bounds[2] = {1, 36500};
    char text[CLOCK_TEXT_SIZE];
    int64_t days;

    if (option_number(&days, &context->options, "days", 0, bounds, err) < 0)
        return -1;
    if (days == 0)
        return 0;
    clock_write(text, clock_now_ms() + days * DAY_MS);
    json_object_set_new(body, "expiresAt", json_string(text));
    return 0;
}

static int
make_body(json_t **out, struct context *context, struct error *err)
{
    const struct options *options = &context->options;
    const char *label = option_text(options, "name");
    const char *role = option_text(options, "role");
    json_t *rights = json_array();
    const char *right;

    for (size_t i = 0;
         i < RIGHTS_LIMIT && (right = option_at(options, "right", i)) != NULL;
         i++)
        json_array_append_new(rights, json_string(right));
    if (role == NULL)
        role = json_array_size(rights) > 0 ? "fine-grained" : "read";
    *out = json_keep(context->arena, json_pack("{s:s,s:s,s:o}", "displayName",
                                               label == NULL ? "" : label,
                                               "role", role, "rights", rights));
    return add_expiry(*out, context, err);
}

static int
create(struct context *context, struct error *err)
{
    struct client_question question = {.method = "POST", .path = "/api/tokens"};
    const char *account;
    const char *text;
    char *password;
    json_t *answer;
    json_t *body;

    if (session_open(context, err) < 0 || make_body(&body, context, err) < 0 ||
        find_account(&account, context, err) < 0 ||
        session_read_password(&password, context, err) < 0)
        return -1;
    json_object_set_new(body, "name", json_string(account));
    json_object_set_new(body, "password", json_string(password));
    secret_wipe(password, strlen(password));
    question.body = body;
    if (client_call(&answer, context->client, context->arena, &question, err) <
            0 ||
        json_need_text(&text, answer, "token", err) < 0)
        return -1;
    command_say(context, "%s\n", text);
    if (context->terminal.out_is_terminal)
        command_say(context, "It is shown this once; keep it now.\n");
    command_result(context, json_incref(answer));
    return 0;
}

/* The day of a time, or what to say when there is none. */
static const char *
show_day(struct arena *arena, const json_t *token, const char *key,
         const char *otherwise)
{
    const char *text = json_text(token, key);

    return text == NULL ? otherwise : arena_format(arena, "%.10s", text);
}

static int
read_list(json_t **out, struct context *context, struct error *err)
{
    if (session_open_signed_in(context, err) < 0 ||
        client_get(out, context->client, context->arena, "/api/tokens", err) <
            0)
        return -1;
    if (!json_is_array(*out))
        return error_set(err, ERROR_UNPROCESSABLE, "no list of tokens");
    return 0;
}

static int
list(struct context *context, struct error *err)
{
    static const char *const head[] = {"ID",   "TOKEN",     "ROLE", "MADE",
                                       "ENDS", "LAST USED", "NAME", NULL};
    struct arena *arena = context->arena;
    struct table *table;
    const json_t *token;
    json_t *tokens;
    size_t i;

    if (read_list(&tokens, context, err) < 0)
        return -1;
    table = table_open(arena, head);
    json_array_foreach(tokens, i, token)
    {
        const char *id = json_text(token, "id");
        const char *const cells[] = {
            id == NULL ? "" : arena_format(arena, "%.6s", id),
            json_text(token, "hint"),
            json_text(token, "role"),
            show_day(arena, token, "createdAt", ""),
            show_day(arena, token, "expiresAt", "never"),
            show_day(arena, token, "lastUsedAt", "never"),
            json_text(token, "displayName"),
        };

        table_add(table, cells);
    }
    if (!context->is_json)
        table_print(table, &context->terminal);
    command_result(context, json_pack("{s:O}", "tokens", tokens));
    return 0;
}

/* The one id that begins so. */
static int
find_id(const char **out, struct context *context, const char *prefix,
        struct error *err)
{
    const json_t *token;
    json_t *tokens;
    size_t i;

    *out = NULL;
    if (read_list(&tokens, context, err) < 0)
        return -1;
    json_array_foreach(tokens, i, token)
    {
        const char *id = json_text(token, "id");

        if (id == NULL || !hex_is_text(id, ID_DIGITS) ||
            strncmp(id, prefix, strlen(prefix)) != 0)
            continue;
        if (*out != NULL)
            return error_set(err, ERROR_USAGE,
                             "several tokens begin with %s: write more of it",
                             prefix);
        *out = id;
    }
    if (*out == NULL)
        return error_set(err, ERROR_NOT_FOUND, "no token begins with %s",
                         prefix);
    return 0;
}

static int
revoke(struct context *context, struct error *err)
{
    struct client_question question = {.method = "DELETE"};
    const char *id;

    if (find_id(&id, context, command_word(context, 0), err) < 0)
        return -1;
    question.path = arena_format(context->arena, "/api/tokens/%s", id);
    if (client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    command_say(context, "revoked    %.6s\n", id);
    command_result(context, json_pack("{s:s}", "id", id));
    return 0;
}

static const struct command token_create = {
    .name = "create",
    .usage = "",
    .summary = "make a token; it is shown this once",
    .options = create_options,
    .run = create,
};

static const struct command token_list = {
    .name = "list",
    .usage = "",
    .summary = "show your tokens",
    .run = list,
};

static const struct command token_revoke = {
    .name = "revoke",
    .usage = "ID",
    .summary = "end a token at once",
    .words_min = 1,
    .words_max = 1,
    .run = revoke,
};

static const struct command *const token_verbs[] = {
    &token_create,
    &token_list,
    &token_revoke,
    NULL,
};

const struct command command_token = {
    .name = "token",
    .usage = "[VERB]",
    .summary = "make, list and revoke tokens",
    .run = list,
    .verbs = token_verbs,
};
