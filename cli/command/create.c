/* create: an empty model, or an organisation to put models under. */
#include <string.h>

#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"

static const struct option_row create_options[] = {
    {"private", NULL, "only you and your organisation see it", false},
    {"organization", NULL, "make an organisation of that name", false},
    {0},
};

static int
create_organization(struct context *context, struct error *err)
{
    const char *name = command_word(context, 0);
    const bool is_private = option_has(&context->options, "private");
    const struct client_question question = {
        .method = "POST",
        .path = "/api/organizations/create",
        .body = json_keep(context->arena,
                          json_pack("{s:s,s:b}", "name", name,
                                    "privateByDefault", is_private)),
    };

    if (client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    command_say(context, "created    organisation %s; you are its admin\n",
                name);
    command_result(context, json_pack("{s:s}", "name", name));
    return 0;
}

static int
create_model(struct context *context, struct error *err)
{
    struct client_question question = {.method = "POST",
                                       .path = "/api/repos/create"};
    const bool is_private = option_has(&context->options, "private");
    struct model_name model;
    json_t *answer;
    const char *url;

    if (model_parse_name(&model, context->arena, command_word(context, 0),
                         err) < 0)
        return -1;
    question.body = json_keep(
        context->arena,
        json_pack("{s:s,s:s,s:s,s:b,s:s}", "name",
                  model.name + strlen(model.namespace_name) + 1, "organization",
                  model.namespace_name, "type", "model", "private", is_private,
                  "visibility", is_private ? "private" : "public"));
    if (client_call(&answer, context->client, context->arena, &question, err) <
        0)
        return -1;
    url = json_text(answer, "url");
    command_say(context, "created    %s   %s\n", model.name,
                url == NULL ? "" : url);
    command_result(context,
                   json_pack("{s:s,s:s,s:b}", "model", model.name, "url",
                             url == NULL ? "" : url, "private", is_private));
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    if (session_open_signed_in(context, err) < 0)
        return -1;
    if (option_has(&context->options, "organization"))
        return create_organization(context, err);
    return create_model(context, err);
}

const struct command command_create = {
    .name = "create",
    .usage = "MODEL",
    .summary = "make an empty model; publish does so by itself",
    .words_min = 1,
    .words_max = 1,
    .options = create_options,
    .run = run,
};
