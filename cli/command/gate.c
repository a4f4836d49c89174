/* gate: shows what a model's gate asks for, or changes it. */
#include <string.h>

#include "cli/client/gate.h"
#include "cli/client/licence.h"
#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "storage/base/file.h"

#define DAYS_MOST 36500
#define QUORUM_MOST 16
#define QUESTIONS_LIMIT (64 * 1024) /* bytes */

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

/* Options that repeat, and the member of the gate that they make. */
static const struct {
    const char *option;
    const char *member;
} lists[] = {
    {"reviewer", "reviewers"},
    {"accept-domain", "acceptDomains"},
    {"refuse-domain", "refuseDomains"},
    {"accept-organization", "acceptOrganizations"},
    {"refuse-organization", "refuseOrganizations"},
};

/* Of a list one empty value makes it empty: --reviewer "". */
static void
set_lists(json_t *change, const struct options *options)
{
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        json_t *list = json_array();
        const char *value;

        for (size_t n = 0;
             (value = option_at(options, lists[i].option, n)) != NULL; n++)
            if (value[0] != '\0')
                json_array_append_new(list, json_string(value));
        if (option_has(options, lists[i].option))
            json_object_set(change, lists[i].member, list);
        json_decref(list);
    }
}

static int
set_numbers(json_t *change, const struct options *options, struct error *err)
{
    static const int64_t days[] = {0, DAYS_MOST};
    static const int64_t votes[] = {1, QUORUM_MOST};
    int64_t number;

    if (option_number(&number, options, "grant-days", -1, days, err) < 0)
        return -1;
    if (number >= 0)
        json_object_set_new(change, "grantDays",
                            number > 0 ? json_integer(number) : json_null());
    if (option_number(&number, options, "quorum", 0, votes, err) < 0)
        return -1;
    if (number > 0)
        json_object_set_new(change, "quorum", json_integer(number));
    return 0;
}

static int
set_licence(json_t *change, struct context *context, struct error *err)
{
    const char *given = option_text(&context->options, "license");
    char name[GATE_DIGEST_NAME_SIZE];
    struct licence licence;
    struct digest digest;

    if (given == NULL)
        return 0;
    if (gate_parse_digest(&digest, given)) {
        gate_write_digest(name, &digest);
        json_object_set_new(change, "licence", json_string(name));
        return 0;
    }
    if (licence_send(&licence, context->client, context->arena, given, err) < 0)
        return -1;
    json_object_set_new(change, "licence", json_string(licence.digest));
    return 0;
}

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

static int
set_texts(json_t *change, const struct options *options, struct error *err)
{
    const char *mode = option_text(options, "mode");
    const char *released = option_text(options, "released-at");
    const char *members = option_text(options, "members-gated");

    if (mode != NULL)
        json_object_set_new(change, "mode", json_string(mode));
    if (released != NULL)
        json_object_set_new(change, "releasedAt",
                            strcmp(released, "none") == 0
                                ? json_null()
                                : json_string(released));
    if (members == NULL)
        return 0;
    if (strcmp(members, "yes") != 0 && strcmp(members, "no") != 0)
        return error_set(err, ERROR_USAGE, "--members-gated is yes or no");
    json_object_set_new(change, "orgMembersGated",
                        json_boolean(strcmp(members, "yes") == 0));
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
    command_say(context, "you        %s\n",
                gate->is_allowed ? "may have the bytes" : gate->reason);
}

static int
run(struct context *context, struct error *err)
{
    json_t *change = json_keep(context->arena, json_object());
    struct client_question question = {.method = "PUT", .body = change};
    struct model_name model;
    struct gate gate;

    if (model_parse_name(&model, context->arena, command_word(context, 0),
                         err) < 0 ||
        session_open(context, err) < 0)
        return -1;
    set_lists(change, &context->options);
    if (set_numbers(change, &context->options, err) < 0 ||
        set_texts(change, &context->options, err) < 0 ||
        set_licence(change, context, err) < 0 ||
        set_questions(change, context, err) < 0)
        return -1;
    question.path = model_path(context->arena, model.name, "%s", "/gate");
    if (json_object_size(change) > 0 &&
        client_call(NULL, context->client, context->arena, &question, err) < 0)
        return -1;
    if (gate_read(&gate, context->client, context->arena, model.name, err) < 0)
        return -1;
    say_gate(context, model.name, &gate);
    command_result(context, json_incref((json_t *)(uintptr_t)gate.body));
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
