/* gate: shows what a model's gate asks for, or changes it. */
#include <string.h>

#include "cli/client/gate.h"
#include "cli/client/model.h"
#include "cli/command/gating.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "storage/base/file.h"

#define QUESTIONS_LIMIT 65536 /* bytes */

static const struct option_row gate_options[] = {
    {"mode", "MODE", "open, click, auto, manual or quorum", false},
    {"license", "FILE", "licence: a file, or sha256:HEX", false},
    {"questions", "FILE", "questions as JSON; \"card\" for the card's", false},
    {"reviewer", "NAME", "who decides; all of them are named anew", true},
    {"quorum", "N", "votes that accept, with --mode quorum", false},
    {"grant-days", "N", "how long a grant lasts; 0 for no end", false},
    {"released-at", "DATE", "embargo until then; \"none\" lifts it", false},
    {"accept-domain", "DOMAIN", "e-mail domain that is let in", true},
    {"refuse-domain", "DOMAIN", "e-mail domain that is refused", true},
    {"accept-organization", "NAME", "organisation that is let in", true},
    {"refuse-organization", "NAME", "organisation that is refused", true},
    {"members-gated", "YES|NO", "whether the organisation's own ask", false},
    {0},
};

static int
set_questions(json_t *change, struct context *context, struct error *err)
{
    const char *given = option_text(&context->options, "questions");
    json_t *questions;
    size_t length;
    char *text;

    if (given == NULL)
        return 0;
    if (strcmp(given, "card") == 0) {
        json_object_set_new(change, "questions", json_null());
        return 0;
    }
    if (file_read(&text, &length, context->arena, given, QUESTIONS_LIMIT, err) <
            0 ||
        json_read(&questions, context->arena, text, length, err) < 0)
        return -1;
    json_object_set(change, "questions", questions);
    return 0;
}

static void
say_gate(struct context *context, const char *model, const struct gate *gate)
{
    command_say(context, "gate       %s: %s\n", model, gate->mode);
    if (gate->has_licence)
        command_say(context, "licence    %s, %.13s…\n", gate->licence.name,
                    gate->licence.digest_name);
    for (size_t i = 0; i < gate->question_count; i++)
        command_say(context, "question   %s (%s)\n", gate->questions[i].label,
                    gate->questions[i].type);
    if (gate->grant_days > 0)
        command_say(context, "grants     last %lld days\n",
                    (long long)gate->grant_days);
    command_say(context, "you        %s\n", gate_standing(gate));
}

static int
run(struct context *context, struct error *err)
{
    json_t *change = json_keep(context->arena, json_object());
    struct client_question question = {.method = "PUT", .body = change};
    struct model_name model;
    const char *licence;
    struct gate gate;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        session_open(context, err) < 0)
        return -1;
    if (option_has(&context->options, "mode"))
        json_object_set_new(
            change, "mode",
            json_string(option_text(&context->options, "mode")));
    if (gating_read(change, &context->options, err) < 0 ||
        set_questions(change, context, err) < 0 ||
        gating_read_licence(&licence, change, context, err) < 0)
        return -1;
    question.path = model_path(context->arena, model.name, "%s", "/gate");
    if (json_object_size(change) > 0 &&
        client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    if (gate_read(&gate, context->client, context->arena, model.name, err) < 0)
        return -1;
    say_gate(context, model.name, &gate);
    command_result(context, json_incref(gate.body));
    return 0;
}

const struct command command_gate = {
    .name = "gate",
    .usage = "MODEL",
    .summary = "show or change who may have a model, and how",
    .words_min = 1,
    .words_max = 1,
    .options = gate_options,
    .run = run,
};
