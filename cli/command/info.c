/* info: what a registry says of one model, and where you stand with it. */
#include "cli/client/gate.h"
#include "cli/client/model.h"
#include "cli/client/release.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/progress.h"

static void
say_model(struct context *context, const json_t *info, const struct gate *gate)
{
    const char *changed = json_text(info, "lastModified");
    const char *commit = json_text(info, "sha");
    char size[PROGRESS_SIZE_TEXT];

    progress_size(size, (uint64_t)json_number(info, "usedStorage", 0));
    command_say(context, "model      %s   %s/%s\n", json_text(info, "id"),
                client_registry(context->client), json_text(info, "id"));
    command_say(context, "changed    %.10s, commit %.12s\n",
                changed != NULL ? changed : "?",
                commit != NULL ? commit : "none");
    command_say(context, "weights    %s\n", size);
    command_say(context, "gate       %s\n", gate->mode);
    if (gate->has_licence)
        command_say(context, "licence    %s, %.13s…\n", gate->licence.name,
                    gate->licence.digest_name);
    command_say(context, "you        %s\n", gate_standing(gate));
}

/* Releases, the newest first; *out is the list for --json. */
static int
say_releases(json_t **out, struct context *context, const char *model,
             struct error *err)
{
    const json_t *release;
    size_t i;

    if (client_get(out, context->client, context->arena,
                   model_path(context->arena, model, "%s", "/releases"),
                   err) < 0)
        return -1;
    json_array_foreach(*out, i, release)
    {
        const char *at = json_text(release, "publishedAt");
        const char *withdrawn = json_text(release, "withdrawnAt");

        command_say(context, "release    %s   %.10s%s\n",
                    json_text(release, "tag"), at != NULL ? at : "?",
                    withdrawn != NULL ? ", withdrawn" : "");
    }
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    struct model_name model;
    struct gate gate;
    json_t *releases;
    json_t *info;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        session_open(context, err) < 0 ||
        client_get(&info, context->client, context->arena,
                   model_path(context->arena, model.name, "%s", ""), err) < 0 ||
        gate_read(&gate, context->client, context->arena, model.name, err) < 0)
        return -1;
    say_model(context, info, &gate);
    if (say_releases(&releases, context, model.name, err) < 0)
        return -1;
    command_result(context, json_pack("{s:O, s:O, s:O}", "model", info, "gate",
                                      gate.body, "releases", releases));
    return 0;
}

const struct command command_info = {
    .name = "info",
    .usage = "MODEL",
    .summary = "show a model, its gate and its releases",
    .words_min = 1,
    .words_max = 1,
    .run = run,
};
