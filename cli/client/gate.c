#include "cli/client/gate.h"

#include <stdio.h>
#include <string.h>

#include "cli/client/model.h"
#include "storage/base/hex.h"

#define DIGEST_PREFIX "sha256:"
#define OPTIONS_LIMIT 1000

/* The registry's reasons, for people. */
static const struct {
    const char *reason;
    const char *words;
} standings[] = {
    {"anonymous", "are not logged in"},
    {"no_request", "have not asked yet"},
    {"pending", "wait for a decision"},
    {"rejected", "were refused"},
    {"reset", "may ask again"},
    {"expired", "had a grant, which ended; ask again"},
    {"licence", "have to agree to a changed licence"},
    {"embargo", "wait, as everybody does, for the day of release"},
    {"token", "hold a token without the right"},
};

bool
gate_parse_digest(struct digest *out, const char *text)
{
    if (strncmp(text, DIGEST_PREFIX, strlen(DIGEST_PREFIX)) == 0)
        text += strlen(DIGEST_PREFIX);
    return digest_parse(out, text);
}

void
gate_write_digest(char out[GATE_DIGEST_NAME_SIZE], const struct digest *digest)
{
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, digest);
    snprintf(out, GATE_DIGEST_NAME_SIZE, DIGEST_PREFIX "%s", text);
}

static int
refuse(const char *model, struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE,
                     "the registry's words about the gate of %s make no sense",
                     model);
}

static int
read_licence(struct gate *out, struct arena *arena, const char *model,
             struct error *err)
{
    const json_t *licence = json_object_get(out->body, "licence");
    const char *digest = json_text(licence, "digest");
    const char *label = json_text(licence, "label");
    const char *version = json_text(licence, "version");

    if (!json_is_object(licence))
        return 0;
    if (digest == NULL || label == NULL ||
        !gate_parse_digest(&out->licence.digest, digest))
        return refuse(model, err);
    gate_write_digest(out->licence.digest_name, &out->licence.digest);
    out->licence.name = version == NULL || version[0] == '\0'
                            ? label
                            : arena_format(arena, "%s %s", label, version);
    out->has_licence = true;
    return 0;
}

static int
read_options(struct gate_question *out, struct arena *arena, const json_t *list,
             const char *model, struct error *err)
{
    size_t count = json_array_size(list);
    struct gate_option *options = arena_array(arena, count, sizeof(*options));

    if (count > OPTIONS_LIMIT)
        return refuse(model, err);
    for (size_t i = 0; i < count; i++) {
        const json_t *option = json_array_get(list, i);

        options[i].value = json_text(option, "value");
        options[i].label = json_text(option, "label");
        if (options[i].value == NULL)
            return refuse(model, err);
        if (options[i].label == NULL)
            options[i].label = options[i].value;
    }
    out->options = options;
    out->option_count = count;
    return 0;
}

static int
read_questions(struct gate *out, struct arena *arena, const char *model,
               struct error *err)
{
    const json_t *list = json_object_get(out->body, "questions");
    size_t count = json_array_size(list);
    struct gate_question *questions =
        arena_array(arena, count, sizeof(*questions));

    if (count > GATE_QUESTIONS_LIMIT)
        return refuse(model, err);
    for (size_t i = 0; i < count; i++) {
        const json_t *question = json_array_get(list, i);

        questions[i].label = json_text(question, "label");
        questions[i].type = json_text(question, "type");
        if (questions[i].label == NULL || questions[i].type == NULL ||
            read_options(&questions[i], arena,
                         json_object_get(question, "options"), model, err) < 0)
            return refuse(model, err);
    }
    out->questions = questions;
    out->question_count = count;
    return 0;
}

int
gate_read(struct gate *out, struct client *client, struct arena *arena,
          const char *model, struct error *err)
{
    const json_t *access;
    json_t *body;

    if (client_get(&body, client, arena, model_path(arena, model, "/gate"),
                   err) < 0)
        return -1;
    access = json_object_get(body, "access");
    *out = (struct gate){
        .mode = json_text(body, "mode"),
        .prompt = json_text(body, "prompt"),
        .commit = json_text(body, "commit"),
        .grant_days = json_number(body, "grantDays", 0),
        .waiting = json_number(body, "waiting", 0),
        .usual_wait_s = json_number(body, "usualWaitSeconds", 0),
        .is_allowed = json_flag(access, "allowed", false),
        .reason = json_text(access, "reason"),
        .detail = json_text(access, "detail"),
        .until = json_text(access, "until"),
        .body = body,
    };
    if (out->mode == NULL || out->reason == NULL ||
        (out->commit != NULL && !hex_is_text(out->commit, MODEL_COMMIT_DIGITS)))
        return refuse(model, err);
    if (read_licence(out, arena, model, err) < 0)
        return -1;
    return read_questions(out, arena, model, err);
}

const char *
gate_standing(const struct gate *gate)
{
    if (gate->is_allowed)
        return "may have the bytes";
    for (size_t i = 0; i < sizeof(standings) / sizeof(standings[0]); i++)
        if (strcmp(standings[i].reason, gate->reason) == 0)
            return standings[i].words;
    return "may not have the bytes";
}

int
gate_read_licence(const char **out, size_t *out_length, struct client *client,
                  struct arena *arena, const struct digest *digest,
                  struct error *err)
{
    char name[GATE_DIGEST_NAME_SIZE];
    struct exchange_request request = {.method = "GET",
                                       .limit_bytes = GATE_LICENCE_LIMIT};
    struct answer answer;
    struct digest found;

    gate_write_digest(name, digest);
    request.url =
        arena_format(arena, "/api/licences/%s", name + strlen(DIGEST_PREFIX));
    if (client_send(&answer, client, arena, &request, err) < 0)
        return -1;
    digest_of(&found, answer.body, answer.length);
    if (!digest_is_equal(&found, digest))
        return error_set(err, ERROR_DIGEST_MISMATCH,
                         "the registry shows another text than the licence "
                         "%.19s…",
                         name);
    *out = answer.body;
    *out_length = answer.length;
    return 0;
}
