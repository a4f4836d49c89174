/* site: the front page, and signing in and out. */
#include <string.h>

#include "auth/join.h"
#include "auth/login.h"
#include "auth/right.h"
#include "auth/session.h"
#include "registry/config.h"
#include "registry/http/cookie.h"
#include "registry/routes/notice.h"
#include "registry/routes/routes.h"
#include "storage/base/clock.h"

#define SECONDS_A_DAY 86400 /* 24 * 60 * 60 */
#define DAY_LENGTH 10       /* "2026-11-24" */
#define NEXT_LIMIT 2048

/* What the front page says about a model. */
static const char *
state_text(const struct repository *model)
{
    if (model->is_private)
        return "private";
    return strcmp(model->gate_mode, "open") == 0 ? "open" : "gated";
}

static int
render_row(const struct html **out, struct arena *arena,
           const struct repository *model, struct error *err)
{
    char at[CLOCK_TEXT_SIZE];

    clock_write(at, model->updated_at_ms);
    return page_render(
        out, arena, "home_row",
        (struct page_hole[]){
            {"name", model->full_name, NULL},
            {"state", state_text(model), NULL},
            {"changed_at", at, NULL},
            {"changed_on", arena_format(arena, "%.*s", DAY_LENGTH, at), NULL},
            {0},
        },
        err);
}

static int
render_list(const struct html **out, struct request *request, struct error *err)
{
    struct arena *arena = request->arena;
    const struct html **rows;
    struct repository *list;
    size_t count;

    if (right_list(&list, &count, request->db, arena, &request->caller, err) <
        0)
        return -1;
    if (count == 0)
        return page_render(
            out, arena, "home_none",
            (struct page_hole[]){
                {"namespace",
                 request->caller.account != 0 ? request->caller.name : "NAME",
                 NULL},
                {0},
            },
            err);
    rows = arena_array(arena, count, sizeof(const struct html *));
    for (size_t i = 0; i < count; i++)
        if (render_row(&rows[i], arena, &list[i], err) < 0)
            return -1;
    return page_render(out, arena, "home_list",
                       (struct page_hole[]){
                           {"rows", NULL, page_join(arena, rows, count)},
                           {0},
                       },
                       err);
}

static int
home_show(struct request *request, struct response *response, struct error *err)
{
    const struct html *list;
    const struct html *body;

    if (render_list(&list, request, err) < 0 ||
        page_render(&body, request->arena, "home",
                    (struct page_hole[]){{"list", NULL, list}, {0}}, err) < 0)
        return -1;
    return page_answer(request, response, "Models", body, err);
}

/*
 * Where to go after signing in: a path of ours or the front page.  "//host"
 * and "/\host" lead to another site.
 */
static const char *
local_path(const char *next)
{
    if (next == NULL || next[0] != '/' || next[1] == '/' ||
        strlen(next) > NEXT_LIMIT)
        return "/";
    for (const char *c = next; *c != '\0'; c++)
        if (*c == '\\' || (unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f)
            return "/";
    return next;
}

static int
login_form(struct request *request, struct response *response, const char *next,
           const struct error *refusal, struct error *err)
{
    const char *name = refusal != NULL ? notice_field(request, "name") : "";
    const struct html *notice;
    const struct html *body;

    if (notice_bad(&notice, request->arena,
                   refusal != NULL ? refusal->message : NULL, err) < 0 ||
        page_render(&body, request->arena, "login",
                    (struct page_hole[]){
                        {"notice", NULL, notice},
                        {"next", next, NULL},
                        {"name", name, NULL},
                        {0},
                    },
                    err) < 0 ||
        page_answer(request, response, "Sign in", body, err) < 0)
        return -1;
    if (refusal != NULL)
        notice_set_status(response, request, refusal);
    return 0;
}

static int
login_show(struct request *request, struct response *response,
           struct error *err)
{
    const char *next = local_path(request_query(request, "next"));

    if (request->caller.session != 0) {
        response_redirect(response, 303, next);
        return 0;
    }
    return login_form(request, response, next, NULL, err);
}

/* A new session always: one that somebody else began is of no use to them. */
static int
begin_session(struct request *request, struct response *response,
              int64_t account, struct error *err)
{
    const char *cookie;

    if (request->caller.session != 0 &&
        session_remove(request->db, request->arena, request->caller.session,
                       err) < 0)
        return -1;
    if (session_add(&cookie, request->db, request->arena, account,
                    &request->caller, err) < 0)
        return -1;
    cookie_set_session(response, request, cookie, SESSION_DAYS * SECONDS_A_DAY);
    return 0;
}

/* The right password before the address was confirmed: another link. */
static void
remind(struct request *request, int64_t account)
{
    struct error ignored;

    join_remind(request->db, request->arena, account, request->service->url,
                &ignored);
}

static int
login_create(struct request *request, struct response *response,
             struct error *err)
{
    const char *next = local_path(request_form(request, "next", 0));
    const struct login login = {
        .name = notice_field(request, "name"),
        .password = notice_field(request, "password"),
        .address = request->caller.address,
        .account_limit = request->service->config->limits.login_account,
        .address_limit = request->service->config->limits.login_address,
    };
    struct error refusal;
    int64_t account;

    if (login_check(&account, request->db, request->arena, &login, &refusal) <
        0) {
        if (account != 0)
            remind(request, account);
        if (notice_is_for_form(&refusal))
            return login_form(request, response, next, &refusal, err);
        *err = refusal;
        return -1;
    }
    response_redirect(response, 303, next);
    return begin_session(request, response, account, err);
}

static int
logout_create(struct request *request, struct response *response,
              struct error *err)
{
    if (request->caller.session != 0 &&
        (request_check_csrf(request, err) < 0 ||
         session_remove(request->db, request->arena, request->caller.session,
                        err) < 0))
        return -1;
    response_redirect(response, 303, "/");
    cookie_remove_session(response, request);
    return 0;
}

const struct route site_routes[] = {
    {"GET", "/", RIGHT_PUBLIC, home_show, NULL, 0},
    {"GET", "/login", RIGHT_PUBLIC, login_show, NULL, 0},
    {"POST", "/login", RIGHT_PUBLIC, login_create, NULL, 0},
    {"POST", "/logout", RIGHT_PUBLIC, logout_create, NULL, 0},
    {0},
};
