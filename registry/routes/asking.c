#include "registry/routes/asking.h"

#include <string.h>

#include "auth/vault.h"
#include "registry/config.h"
#include "registry/service.h"

/* Fields of a form that are no answer. */
static const char *const reserved[] = {"csrf", "agree", "next", NULL};

/* Answers that one form may have. */
#define ANSWERS_LIMIT 100

struct agreement_registry
asking_registry(const struct request *request)
{
    const struct service *service = request->service;

    return (struct agreement_registry){
        .url = service->url,
        .key = vault_key(service->vault, VAULT_RECEIPT),
    };
}

static bool
is_reserved(const char *name)
{
    for (const char *const *word = reserved; *word != NULL; word++)
        if (strcmp(name, *word) == 0)
            return true;
    return false;
}

static int
read_form(struct ask *out, struct request *request, struct error *err)
{
    json_t *answers = json_keep(request->arena, json_object());
    const char *name;
    const char *value;

    if (request->caller.session != 0 && request_check_csrf(request, err) < 0)
        return -1;
    for (size_t i = 0; request_form_at(&name, &value, request, i); i++) {
        if (i >= ANSWERS_LIMIT)
            return error_set(err, ERROR_BAD_REQUEST, "over %d fields",
                             ANSWERS_LIMIT);
        if (!is_reserved(name))
            json_object_set_new(answers, name, json_string(value));
    }
    out->offer.digest = request_form(request, "agree", 0);
    out->answers = answers;
    return 0;
}

/* The Hub's body is the answers themselves. */
static int
read_json(struct ask *out, struct request *request, struct error *err)
{
    json_t *answers;
    json_t *body;

    if (request_json(&body, request, err) < 0)
        return -1;
    if (!json_is_object(body))
        return error_set(err, ERROR_BAD_REQUEST, "an ask is a JSON object");
    out->offer.digest = json_text(body, "agree");
    out->offer.envelope = json_text(body, "agreement");
    out->offer.key = json_text(body, "key");
    answers = json_object_get(body, "answers");
    out->answers = json_is_object(answers) ? answers : body;
    /* Signed answers count for themselves. */
    if (out->offer.envelope != NULL && !json_is_object(answers))
        out->answers = NULL;
    return 0;
}

static bool
is_json(const struct request *request)
{
    const char *type = request_header(request, "Content-Type");

    return type != NULL && strncmp(type, "application/json", 16) == 0;
}

int
asking_submit(struct ask_result *out, struct request *request,
              struct error *err)
{
    struct agreement_registry registry = asking_registry(request);
    struct ask ask = {
        .repository = &request->repository,
        .caller = &request->caller,
        .registry = &registry,
        .open_limit = request->service->config->limits.open_requests,
    };

    if ((is_json(request) ? read_json(&ask, request, err)
                          : read_form(&ask, request, err)) < 0)
        return -1;
    return ask_submit(out, request->db, request->arena, &ask, err);
}
