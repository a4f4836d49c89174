/* client: small questions that the Hub's clients ask around their work. */
#include <string.h>

#include "registry/http/refusal.h"
#include "registry/routes/routes.h"
#include "storage/base/buffer.h"
#include "storage/model/card.h"

/* What the Hub's documentation lists for "license" in a card. */
static const char *const licenses[] = {
    "apache-2.0",
    "mit",
    "openrail",
    "bigscience-openrail-m",
    "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigcode-openrail-m",
    "afl-3.0",
    "artistic-2.0",
    "bsl-1.0",
    "bsd",
    "bsd-2-clause",
    "bsd-3-clause",
    "bsd-3-clause-clear",
    "c-uda",
    "cc",
    "cc0-1.0",
    "cc-by-2.0",
    "cc-by-2.5",
    "cc-by-3.0",
    "cc-by-4.0",
    "cc-by-sa-3.0",
    "cc-by-sa-4.0",
    "cc-by-nc-2.0",
    "cc-by-nc-3.0",
    "cc-by-nc-4.0",
    "cc-by-nd-4.0",
    "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0",
    "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0",
    "cc-by-nc-sa-4.0",
    "cdla-sharing-1.0",
    "cdla-permissive-1.0",
    "cdla-permissive-2.0",
    "wtfpl",
    "ecl-2.0",
    "epl-1.0",
    "epl-2.0",
    "etalab-2.0",
    "eupl-1.1",
    "eupl-1.2",
    "agpl-3.0",
    "gfdl",
    "gpl",
    "gpl-2.0",
    "gpl-3.0",
    "lgpl",
    "lgpl-2.1",
    "lgpl-3.0",
    "isc",
    "h-research",
    "intel-research",
    "lppl-1.3c",
    "ms-pl",
    "apple-ascl",
    "apple-amlr",
    "mpl-2.0",
    "odc-by",
    "odbl",
    "openmdw-1.0",
    "openrail++",
    "osl-3.0",
    "postgresql",
    "ofl-1.1",
    "ncsa",
    "unlicense",
    "zlib",
    "pddl",
    "lgpl-lr",
    "deepfloyd-if-license",
    "fair-noncommercial-research-license",
    "llama2",
    "llama3",
    "llama3.1",
    "llama3.2",
    "llama3.3",
    "llama4",
    "grok2-community",
    "gemma",
    "unknown",
    "other",
    NULL,
};

/* No agent of the Hub's is known here; an answer spares a call a process. */
static int
harnesses_show(struct request *request, struct response *response,
               struct error *err)
{
    json_t *body = json_pack("{s:[], s:{}}", "standardEnvVars", "harnesses");

    (void)err;
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

/* The tags that a card may choose from, where the choice is closed. */
static int
tags_show(struct request *request, struct response *response, struct error *err)
{
    json_t *list = json_array();
    json_t *body = json_pack("{s:o, s:[], s:[], s:[], s:[], s:[], s:[]}",
                             "license", list, "library", "pipeline_tag",
                             "language", "dataset", "region", "other");

    (void)err;
    for (size_t i = 0; licenses[i] != NULL; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o}", "type", "license", "label",
                            licenses[i], "id",
                            json_sprintf("license:%s", licenses[i])));
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

static void
add_message(json_t *list, const char *message)
{
    json_array_append_new(list, json_pack("{s:s}", "message", message));
}

static bool
is_license(const char *name)
{
    for (size_t i = 0; licenses[i] != NULL; i++)
        if (strcmp(licenses[i], name) == 0)
            return true;
    return false;
}

static void
check_license(json_t *errors, const json_t *license)
{
    const char *name = json_string_value(license);
    struct buffer text = {0};

    if (license == NULL || (name != NULL && is_license(name)) ||
        json_is_array(license))
        return;
    buffer_append_text(&text, "\"license\" must be one of [");
    for (size_t i = 0; licenses[i] != NULL; i++)
        buffer_append_format(&text, "%s%s", i > 0 ? ", " : "", licenses[i]);
    buffer_append_text(&text, "]");
    add_message(errors, text.bytes);
    buffer_free(&text);
}

static void
check_card(json_t *errors, json_t *warnings, struct arena *arena,
           const char *content)
{
    const json_t *index;
    struct error wrong;
    struct card card;

    if (card_parse(&card, arena, content, strlen(content), &wrong) < 0) {
        add_message(errors, wrong.message);
        return;
    }
    if (json_object_size(card.data) == 0)
        add_message(warnings, "empty or missing yaml metadata in repo card");
    index = json_object_get(card.data, "model-index");
    if (index != NULL && !json_is_array(index))
        add_message(errors, "\"model-index\" must be an array");
    check_license(errors, json_object_get(card.data, "license"));
}

/* The body has them all; a header has room for the first. */
static void
refuse_card(struct response *response, const struct request *request,
            const json_t *errors)
{
    struct error first;

    error_set(&first, ERROR_BAD_REQUEST, "%s",
              json_text(json_array_get(errors, 0), "message"));
    response_status(response, first.status);
    refusal_add_fields(response, request, &first);
}

/* Tells what is wrong with a card before it is committed. */
static int
card_check(struct request *request, struct response *response,
           struct error *err)
{
    json_t *errors = json_array();
    json_t *warnings = json_array();
    json_t *answer =
        json_keep(request->arena, json_pack("{s:o, s:o}", "errors", errors,
                                            "warnings", warnings));
    const char *content;
    json_t *body;

    if (request_json(&body, request, err) < 0 ||
        json_need_text(&content, body, "content", err) < 0)
        return -1;
    check_card(errors, warnings, request->arena, content);
    response_json(response, 200, answer);
    if (json_array_size(errors) > 0)
        refuse_card(response, request, errors);
    return 0;
}

const struct route client_routes[] = {
    {"GET", "/api/agent-harnesses", RIGHT_PUBLIC, harnesses_show, NULL, 0},
    {"GET", "/api/models-tags-by-type", RIGHT_PUBLIC, tags_show, NULL, 0},
    {"POST", "/api/validate-yaml", RIGHT_PUBLIC, card_check, NULL, 0},
    {0},
};
