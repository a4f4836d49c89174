/* pull: a model onto this machine, verified. */
#include "cli/client/pull.h"

#include <string.h>

#include "cli/client/download.h"
#include "cli/client/gate.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/progress.h"
#include "storage/base/text.h"

static const struct option_row pull_options[] = {
    {"local-dir", "DIR", "put the files into DIR, not into the Hub's cache",
     false},
    {"allow-unsigned", NULL, "take a model that nobody signed", false},
    {"publisher-key", "PEM", "the key that the publisher told you of", false},
    {"accept-key", NULL, "trust a publisher's new key from now on", false},
    {"connections", "N", "ranges that are fetched at once (4)", false},
    {0},
};

/* When the person agreed to the licence: "; licence agreed 2026-11-23". */
static const char *
show_agreed(struct context *context, const char *model)
{
    const char *path =
        model_path(context->arena, model, "%s", "/user-access-request");
    struct error err;
    json_t *request;
    const char *at;

    if (!client_has_token(context->client) ||
        client_get(&request, context->client, context->arena, path, &err) < 0)
        return "";
    at = json_text(json_object_get(request, "agreement"), "agreedAt");
    return at == NULL
               ? ""
               : arena_format(context->arena, "; licence agreed %.10s", at);
}

/* "tiny" of "acme/tiny". */
static const char *
short_name(const struct model_name *model)
{
    return model->name + strlen(model->namespace_name) + 1;
}

/* How the signature counts, for people. */
static void
say_trust(struct context *context, const struct release_target *target,
          const struct model_name *model)
{
    static const char *const ways[] = {
        [TRUST_PINNED] = "",
        [TRUST_FIRST_USE] = ", first seen now and kept",
        [TRUST_ROTATED] = ", handed over to by the key that was known",
        [TRUST_EARLIER] = ", an earlier one",
        [TRUST_ACCEPTED] = ", accepted by you in place of another",
        [TRUST_NAMED] = ", the one you named",
    };
    size_t count = target->tree.count - 1; /* without model.sig itself */

    if (!target->is_signed) {
        command_say(context,
                    "unsigned   the digests are the registry's own word\n");
        return;
    }
    command_say(
        context, "verified   signed by %s, key %s%s; %zu of %zu files%s\n",
        model->namespace_name, target->trust.key_short, ways[target->trust.way],
        count, count, show_agreed(context, model->name));
    /* A claim, and tools may sign any folder: but a registry could show one of
     * the publisher's models under the name of another. */
    if (strcmp(target->signature.subject, short_name(model)) != 0)
        command_say(context, "note       it was signed under the name \"%s\"\n",
                    text_printable(context->arena, target->signature.subject));
}

static json_t *
to_json(const struct pull_result *result, const struct model_name *model)
{
    const struct release_target *target = &result->target;
    char key[DIGEST_TEXT_SIZE] = "";

    if (target->is_signed)
        digest_write(key, &target->trust.key);
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:i,s:I,s:I,s:b,s:s,s:b,s:s*}", "model", model->name,
        "revision", target->label, "commit", target->commit, "path",
        result->path, "files", (int)target->tree.count, "bytes",
        (json_int_t)result->size_bytes, "fetchedBytes",
        (json_int_t)result->fetched_bytes, "signed", target->is_signed, "key",
        key, "firstUse",
        target->is_signed && target->trust.way == TRUST_FIRST_USE, "signedAs",
        target->is_signed ? target->signature.subject : NULL);
}

/* What the reviewer gave as the reason, after the registry's words. */
static void
add_reason(struct context *context, const char *reason, struct error *err)
{
    const char *words = arena_text(context->arena, err->message);

    if (reason != NULL && reason[0] != '\0')
        error_set(err, ERROR_GATED, "%s Reason: %s", words, reason);
}

/* In place of the registry's words: what this gate wants of this person. */
static void
explain_gate(struct context *context, const struct model_name *model,
             struct error *err)
{
    struct error unknown;
    struct gate gate;

    session_hint_gated(context, model->name);
    if (gate_read(&gate, context->client, context->arena, model->name,
                  &unknown) < 0)
        return;
    if (strcmp(gate.reason, "anonymous") == 0)
        command_hint(context, "weigh login\nweigh request %s", model->name);
    if (strcmp(gate.reason, "pending") == 0 ||
        strcmp(gate.reason, "rejected") == 0)
        command_hint(context, "weigh requests");
    if (strcmp(gate.reason, "rejected") == 0 ||
        strcmp(gate.reason, "reset") == 0)
        add_reason(context, gate.detail, err);
    if (strcmp(gate.reason, "no_request") != 0 &&
        strcmp(gate.reason, "anonymous") != 0)
        return;
    if (gate.has_licence)
        error_set(err, ERROR_GATED,
                  "%s is gated: agree to \"%s\" and ask for access",
                  model->name, gate.licence.name);
    else
        error_set(err, ERROR_GATED, "%s is gated: ask for access", model->name);
}

static void
add_hint(struct context *context, const struct model_name *model,
         struct error *err)
{
    if (err->code == ERROR_GATED)
        explain_gate(context, model, err);
    else if (err->code == ERROR_SIGNATURE &&
             !option_has(&context->options, "allow-unsigned"))
        command_hint(context, "weigh info %s", model->name);
    else
        session_hint_again(context, err);
}

static int
read_options(struct pull_question *out, struct context *context,
             struct error *err)
{
    const int64_t bounds[2] = {1, DOWNLOAD_CONNECTIONS_LIMIT};
    const struct options *options = &context->options;
    int64_t connections;

    if (option_number(&connections, options, "connections",
                      DOWNLOAD_CONNECTIONS, bounds, err) < 0)
        return -1;
    out->release.allow_unsigned = option_has(options, "allow-unsigned");
    out->release.accept_key = option_has(options, "accept-key");
    out->release.publisher_key = option_text(options, "publisher-key");
    out->folder = option_text(options, "local-dir");
    out->connections = (size_t)connections;
    out->terminal = &context->terminal;
    out->is_quiet = context->is_json;
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    struct pull_question question = {0};
    struct pull_result result;
    struct model_name model;

    if (session_read_model(&model, context, command_word(context, 0), err) <
            0 ||
        read_options(&question, context, err) < 0 ||
        session_open(context, err) < 0)
        return -1;
    question.release.model = &model;
    if (pull_run(&result, context->client, context->home, context->arena,
                 &question, err) < 0) {
        add_hint(context, &model, err);
        return -1;
    }
    if (!context->is_json)
        say_trust(context, &result.target, &model);
    command_say(context, "ready      %s\n",
                session_show_path(context, result.path));
    command_result(context, to_json(&result, &model));
    return 0;
}

const struct command command_pull = {
    .name = "pull",
    .usage = "MODEL[@REV]",
    .summary = "bring a model onto this machine, verified",
    .words_min = 1,
    .words_max = 1,
    .options = pull_options,
    .run = run,
    .details =
        "Without a revision it takes the newest release.  What was\n"
        "interrupted goes on where it stopped; nothing gets its final name\n"
        "before its digest and the publisher's signature were checked.",
};
