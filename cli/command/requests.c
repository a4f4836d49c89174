/* requests: what this person asked for, and where it stands. */
#include <string.h>

#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/table.h"

static int
list(struct context *context, struct error *err)
{
    static const char *const head[] = {"REQUEST", "MODEL",  "STATE", "SINCE",
                                       "UNTIL",   "REASON", NULL};
    struct table *table = table_open(context->arena, head);
    const json_t *item;
    json_t *items;
    size_t i;

    if (session_open_signed_in(context, err) < 0 ||
        client_get_list(&items, context->client, context->arena,
                        "/api/settings/gated-repos", err) < 0)
        return -1;
    json_array_foreach(items, i, item)
    {
        const char *id = json_text(item, "requestId");
        const char *since = json_text(item, "timestamp");
        const char *until = json_text(item, "grantEndsAt");
        const char *const cells[] = {
            arena_format(context->arena, "%.8s", id != NULL ? id : "?"),
            json_text(json_object_get(item, "repo"), "name"),
            json_text(item, "status"),
            arena_format(context->arena, "%.10s", since != NULL ? since : ""),
            arena_format(context->arena, "%.10s", until != NULL ? until : ""),
            json_text(item, "reason"),
        };

        table_add(table, cells);
    }
    if (!context->is_json && table_count(table) == 0)
        terminal_note(&context->terminal, "you have asked for nothing\n");
    if (!context->is_json)
        table_print(table, &context->terminal);
    command_result(context, json_pack("{s:O}", "requests", items));
    return 0;
}

static int
withdraw(struct context *context, struct error *err)
{
    struct client_question question = {.method = "POST"};
    struct model_name model;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        session_open_signed_in(context, err) < 0)
        return -1;
    question.path =
        model_path(context->arena, model.name, "/user-access-request/cancel");
    if (client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    command_say(context, "withdrawn  your request for %s\n", model.name);
    command_result(context, json_pack("{s:s, s:s}", "model", model.name,
                                      "status", "withdrawn"));
    return 0;
}

static const struct command requests_list = {
    .name = "list",
    .usage = "",
    .summary = "show your requests and their state",
    .run = list,
};

static const struct command requests_withdraw = {
    .name = "withdraw",
    .usage = "MODEL",
    .summary = "take back a request that waits",
    .words_min = 1,
    .words_max = 1,
    .run = withdraw,
};

static const struct command *const requests_verbs[] = {
    &requests_list,
    &requests_withdraw,
    NULL,
};

const struct command command_requests = {
    .name = "requests",
    .usage = "[VERB]",
    .summary = "show or withdraw your own requests",
    .run = list,
    .verbs = requests_verbs,
};
