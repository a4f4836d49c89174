/* gate: a repository's settings and gate, and whether one may pass it. */
#include <string.h>

#include "auth/form.h"
#include "auth/gate_change.h"
#include "auth/licence.h"
#include "auth/repository_settings.h"
#include "auth/review_list.h"
#include "registry/http/refusal.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"

/* A PUT of settings on its way: what it changes, and what it answers. */
struct work {
    struct request *request;
    const json_t *asked;
    json_t *echo;
    json_t *gate; /* members for auth/gate_change */
    struct repository_settings settings;
    bool is_private;
    bool is_without_discussions;
    bool is_unsafe_allowed;
};

/*
 * The Hub's three values on our five modes: a value that is shown already
 * changes nothing, so that a quorum stays one when a client says "manual".
 */
static int
take_gated(struct work *work, const json_t *value, struct error *err)
{
    const char *mode = json_string_value(value);
    const char *shown =
        gate_settings_shown(work->request->repository.gate_mode);

    if (json_is_false(value))
        mode = "open";
    else if (mode == NULL ||
             (strcmp(mode, "auto") != 0 && strcmp(mode, "manual") != 0))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid option: expected one of "
                         "false|\"auto\"|\"manual\" → at gated");
    json_object_set(work->echo, "gated", (json_t *)value);
    if (json_is_false(value) ? shown == NULL
                             : shown != NULL && strcmp(shown, mode) == 0)
        return 0;
    json_object_set_new(work->gate, "mode", json_string(mode));
    return 0;
}

static int
take_private(struct work *work, const json_t *value, struct error *err)
{
    if (!json_is_boolean(value))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: expected boolean → at private");
    work->is_private = json_is_true(value);
    work->settings.is_private = &work->is_private;
    json_object_set(work->echo, "private", (json_t *)value);
    return 0;
}

static int
take_visibility(struct work *work, const json_t *value, struct error *err)
{
    const char *text = json_string_value(value);

    if (text == NULL ||
        (strcmp(text, "public") != 0 && strcmp(text, "private") != 0))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid option: expected one of "
                         "\"public\"|\"private\" → at visibility");
    work->is_private = strcmp(text, "private") == 0;
    work->settings.is_private = &work->is_private;
    json_object_set(work->echo, "visibility", (json_t *)value);
    return 0;
}

static int
take_discussions(struct work *work, const json_t *value, struct error *err)
{
    if (!json_is_boolean(value))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: expected boolean → at "
                         "discussionsDisabled");
    work->is_without_discussions = json_is_true(value);
    work->settings.discussions_disabled = &work->is_without_discussions;
    json_object_set(work->echo, "discussionsDisabled", (json_t *)value);
    return 0;
}

/* Ours: the owner's word that files may come which can run code. */
static int
take_unsafe(struct work *work, const json_t *value, struct error *err)
{
    if (!json_is_boolean(value))
        return error_set(err, ERROR_BAD_REQUEST,
                         "✖ Invalid input: expected boolean → at allowUnsafe");
    work->is_unsafe_allowed = json_is_true(value);
    work->settings.allow_unsafe = &work->is_unsafe_allowed;
    json_object_set(work->echo, "allowUnsafe", (json_t *)value);
    return 0;
}

static int
take_members(struct work *work, const json_t *value, struct error *err)
{
    (void)err;
    json_object_set(work->gate, "orgMembersGated", (json_t *)value);
    json_object_set(work->echo, "orgMembersGated", (json_t *)value);
    return 0;
}

/* The Hub echoes neither of the two about notifications. */
static int
take_mode(struct work *work, const json_t *value, struct error *err)
{
    (void)err;
    json_object_set(work->gate, "notificationsMode", (json_t *)value);
    return 0;
}

static int
take_email(struct work *work, const json_t *value, struct error *err)
{
    const char *email = json_string_value(value);

    (void)err;
    if (email != NULL && email[0] == '\0')
        json_object_set_new(work->gate, "notificationsEmail", json_null());
    else
        json_object_set(work->gate, "notificationsEmail", (json_t *)value);
    return 0;
}

static const struct {
    const char *name;
    int (*take)(struct work *work, const json_t *value, struct error *err);
} settings[] = {
    {"gated", take_gated},
    {"private", take_private},
    {"visibility", take_visibility},
    {"discussionsDisabled", take_discussions},
    {"allowUnsafe", take_unsafe},
    {"orgMembersGated", take_members},
    {"gatedNotificationsMode", take_mode},
    {"gatedNotificationsEmail", take_email},
};

static int
save_settings(struct work *work, struct error *err)
{
    struct request *request = work->request;
    const struct gate_change change = {&request->repository, &request->caller,
                                       work->gate};
    struct gate_settings saved;
    int result;

    if (db_begin(request->db, err) < 0)
        return -1;
    result =
        repository_settings_set(request->db, request->arena,
                                request->repository.id, &work->settings, err);
    if (result == 0 && json_object_size(work->gate) > 0)
        result =
            gate_change_save(&saved, request->db, request->arena, &change, err);
    return db_end(request->db, result, err);
}

/* Unknown fields are left alone: the Hub has settings that mean nothing here.
 */
static int
settings_put(struct request *request, struct response *response,
             struct error *err)
{
    struct work work = {.request = request};
    json_t *asked;

    if (request_json(&asked, request, err) < 0)
        return -1;
    work.asked = asked;
    work.echo = json_keep(request->arena, json_object());
    work.gate = json_keep(request->arena, json_object());
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        const json_t *value = json_object_get(asked, settings[i].name);

        if (value != NULL && settings[i].take(&work, value, err) < 0)
            return -1;
    }
    if (save_settings(&work, err) < 0)
        return -1;
    response_json(response, 200, work.echo);
    return 0;
}

/* What stands between the caller and the weights, as the gate says it. */
static int
describe_caller(json_t *body, struct request *request, struct error *err)
{
    struct target whole = {0};
    struct gate_answer answer;

    if (target_ask(&answer, request, &whole, NULL, err) < 0)
        return -1;
    json_object_set_new(
        body, "access",
        json_pack("{s:b, s:s, s:s?}", "allowed", (int)answer.allowed, "reason",
                  gate_reason_name(answer.reason), "detail", answer.detail));
    if (answer.allowed && answer.valid_until_ms != CLOCK_NEVER) {
        char at[CLOCK_TEXT_SIZE];

        clock_write(at, answer.valid_until_ms);
        json_object_set_new(json_object_get(body, "access"), "until",
                            json_string(at));
    }
    return 0;
}

static int
describe_wait(json_t *body, struct request *request, struct error *err)
{
    struct review_wait wait;

    if (review_list_wait(&wait, request->db, request->arena,
                         request->repository.id, err) < 0)
        return -1;
    json_object_set_new(body, "waiting", json_integer(wait.waiting));
    json_object_set_new(body, "usualWaitSeconds",
                        json_integer(wait.usual_ms / 1000));
    return 0;
}

static void
describe_licence(json_t *body, struct request *request)
{
    json_t *licence = json_object_get(body, "licence");
    const char *digest = json_text(licence, "digest");

    if (digest == NULL)
        return;
    json_object_set_new(licence, "url",
                        json_string(arena_format(
                            request->arena, "%s/api/licences/%s",
                            request->service->url, strchr(digest, ':') + 1)));
}

/* Whom the gate asks for what: for everybody who sees the repository. */
static int
describe_gate(json_t **out, struct request *request,
              const struct gate_settings *gate, struct error *err)
{
    struct form form;
    const char *shown = gate_settings_shown(gate->mode);
    json_t *all = gate_settings_to_json(gate, request->arena);
    json_t *body;

    if (form_find(&form, request->db, request->arena, request->repository.id,
                  gate, err) < 0)
        return -1;
    body = json_keep(request->arena, json_object());
    json_object_set_new(body, "id", json_string(request->repository.full_name));
    json_object_set_new(body, "registry", json_string(request->service->url));
    json_object_set_new(body, "page", json_string(target_url(request)));
    json_object_set_new(body, "gated",
                        shown != NULL ? json_string(shown) : json_false());
    for (const char *const *key =
             (const char *const[]){"mode", "quorum", "licence", "grantDays",
                                   "releasedAt", NULL};
         *key != NULL; key++)
        json_object_set(body, *key, json_object_get(all, *key));
    json_object_set_new(body, "commit",
                        form.commit != NULL ? json_string(form.commit)
                                            : json_null());
    json_object_update(body, form_to_json(&form, request->arena));
    describe_licence(body, request);
    if (request->standing.may_review)
        json_object_set(body, "settings", all);
    *out = body;
    return 0;
}

static int
gate_show(struct request *request, struct response *response, struct error *err)
{
    struct gate_settings gate;
    json_t *body;

    if (gate_settings_find(&gate, request->db, request->arena,
                           request->repository.id, err) < 0 ||
        describe_gate(&body, request, &gate, err) < 0 ||
        describe_caller(body, request, err) < 0 ||
        describe_wait(body, request, err) < 0)
        return -1;
    response_json(response, 200, body);
    return 0;
}

static int
gate_put(struct request *request, struct response *response, struct error *err)
{
    struct gate_change change = {&request->repository, &request->caller, NULL};
    struct gate_settings gate;
    json_t *asked;
    json_t *body;
    int result;

    if (request_json(&asked, request, err) < 0)
        return -1;
    change.members = asked;
    if (db_begin(request->db, err) < 0)
        return -1;
    result = gate_change_save(&gate, request->db, request->arena, &change, err);
    if (db_end(request->db, result, err) < 0)
        return -1;
    if (describe_gate(&body, request, &gate, err) < 0)
        return -1;
    response_json(response, 200, body);
    return 0;
}

static int
check_show(struct request *request, struct response *response,
           struct error *err)
{
    struct target whole = {0};
    struct gate_answer answer;

    if (target_ask(&answer, request, &whole, NULL, err) < 0)
        return -1;
    if (!answer.allowed)
        return refuse_gate(err, &answer, request);
    response_text(response, 200, "OK");
    return 0;
}

/* The right of the route was all there was to check. */
static int
check_write_show(struct request *request, struct response *response,
                 struct error *err)
{
    (void)request;
    (void)err;
    response_text(response, 200, "OK");
    return 0;
}

const struct route gate_routes[] = {
    {"PUT", "/api/{types}/:namespace/:name/settings", RIGHT_MANAGE,
     settings_put, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/gate", RIGHT_SEE, gate_show, NULL,
     0},
    {"PUT", "/api/{types}/:namespace/:name/gate", RIGHT_MANAGE, gate_put, NULL,
     0},
    {"GET", "/api/{types}/:namespace/:name/auth-check", RIGHT_CONTENT,
     check_show, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/auth-check/write", RIGHT_WRITE,
     check_write_show, NULL, 0},
    {0},
};
