/* license: shows the text that people agree to, or leaves one. */
#include <string.h>

#include "cli/client/gate.h"
#include "cli/client/licence.h"
#include "cli/client/model.h"
#include "cli/command/session.h"
#include "cli/command/table.h"
#include "cli/terminal/pager.h"

static const struct option_row license_options[] = {
    {"add", NULL, "leave the file's text with the registry", false},
    {0},
};

static int
add(struct context *context, struct error *err)
{
    struct licence licence;

    if (session_open_signed_in(context, err) < 0 ||
        licence_send(&licence, context->client, context->arena,
                     command_word(context, 0), err) < 0)
        return -1;
    command_say(context, "licence    %s, %s\n", licence.name, licence.digest);
    command_result(context, json_pack("{s:s, s:s, s:s}", "digest",
                                      licence.digest, "label", licence.label,
                                      "version", licence.version));
    return 0;
}

/* The digest that a word means: itself, or the one of a model's gate. */
static int
find_digest(struct digest *out, struct context *context, struct error *err)
{
    const char *word = command_word(context, 0);
    struct model_name model;
    struct gate gate;

    if (gate_parse_digest(out, word))
        return 0;
    if (session_read_model(&model, context, word, err) < 0 ||
        gate_read(&gate, context->client, context->arena, model.name, err) < 0)
        return -1;
    if (!gate.has_licence)
        return error_set(err, ERROR_NOT_FOUND, "%s names no licence",
                         model.name);
    *out = gate.licence.digest;
    return 0;
}

static int
run(struct context *context, struct error *err)
{
    char name[GATE_DIGEST_NAME_SIZE];
    struct pager_shown shown;
    struct digest digest;
    const char *text;
    size_t length;

    if (option_has(&context->options, "add"))
        return add(context, err);
    if (session_open(context, err) < 0 ||
        find_digest(&digest, context, err) < 0 ||
        gate_read_licence(&text, &length, context->client, context->arena,
                          &digest, err) < 0)
        return -1;
    gate_write_digest(name, &digest);
    command_result(context, json_pack("{s:s, s:s%}", "digest", name, "text",
                                      text, length));
    if (context->is_json)
        return 0;
    return pager_show(&shown, &context->terminal, text, length, err);
}

const struct command command_license = {
    .name = "license",
    .usage = "MODEL | sha256:HEX | FILE",
    .summary = "show a licence's exact text, or leave one",
    .words_min = 1,
    .words_max = 1,
    .options = license_options,
    .run = run,
};
