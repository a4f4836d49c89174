/* settings: a person's own tokens, name and password. */
#include <stdlib.h>
#include <string.h>

#include "auth/account.h"
#include "auth/login.h"
#include "auth/organization.h"
#include "auth/password.h"
#include "auth/token.h"
#include "registry/config.h"
#include "registry/routes/notice.h"
#include "registry/routes/routes.h"
#include "storage/base/clock.h"

#define DAY_MS INT64_C(86400000)
#define DAY_LENGTH 10 /* "2026-11-24" */

static const char *
day_text(struct arena *arena, int64_t at_ms, const char *never)
{
    char text[CLOCK_TEXT_SIZE];

    if (at_ms == CLOCK_NEVER)
        return never;
    clock_write(text, at_ms);
    return arena_format(arena, "%.*s", DAY_LENGTH, text);
}

static int
render_token(const struct html **out, struct request *request,
             const struct token *token, struct error *err)
{
    struct arena *arena = request->arena;

    return page_render(
        out, arena, "tokens_row",
        (struct page_hole[]){
            {"label", token->label, NULL},
            {"hint", token->hint, NULL},
            {"role", token_role_name(token->role), NULL},
            {"made", day_text(arena, token->created_at_ms, ""), NULL},
            {"ends", day_text(arena, token->expires_at_ms, "never"), NULL},
            {"used", day_text(arena, token->last_used_at_ms, "not yet"), NULL},
            {"csrf", page_csrf(request), NULL},
            {"id", token->public_id, NULL},
            {0},
        },
        err);
}

static int
render_tokens(const struct html **out, struct request *request,
              struct error *err)
{
    const struct html **rows;
    struct token *list;
    size_t count;

    if (token_list(&list, &count, request->db, request->arena,
                   request->caller.account, err) < 0)
        return -1;
    if (count == 0)
        return page_render(out, request->arena, "tokens_none",
                           (struct page_hole[]){{0}}, err);
    rows = arena_array(request->arena, count, sizeof(const struct html *));
    for (size_t i = 0; i < count; i++)
        if (render_token(&rows[i], request, &list[i], err) < 0)
            return -1;
    return page_render(
        out, request->arena, "tokens_list",
        (struct page_hole[]){
            {"rows", NULL, page_join(request->arena, rows, count)},
            {0},
        },
        err);
}

static int
tokens_answer(struct request *request, struct response *response,
              const struct html *notice, struct error *err)
{
    const struct html *list;
    const struct html *body;

    if (render_tokens(&list, request, err) < 0 ||
        page_render(&body, request->arena, "tokens",
                    (struct page_hole[]){
                        {"notice", NULL, notice},
                        {"list", NULL, list},
                        {"csrf", page_csrf(request), NULL},
                        {0},
                    },
                    err) < 0)
        return -1;
    return page_answer(request, response, "Tokens", body, err);
}

static int
tokens_show(struct request *request, struct response *response,
            struct error *err)
{
    return tokens_answer(request, response, page_empty(), err);
}

/* One right a line; empty lines count for nothing. */
static int
read_rights(struct token_spec *spec, struct arena *arena, const char *text,
            struct error *err)
{
    struct token_right *rights =
        arena_array(arena, TOKEN_RIGHTS_LIMIT, sizeof(*rights));

    spec->rights = rights;
    while (*text != '\0') {
        size_t length = strcspn(text, "\r\n");

        if (length > 0 && spec->right_count == TOKEN_RIGHTS_LIMIT)
            return error_set(err, ERROR_BAD_REQUEST,
                             "a token has at most %d rights",
                             TOKEN_RIGHTS_LIMIT);
        if (length > 0 &&
            token_right_parse(&rights[spec->right_count++], arena,
                              arena_bytes(arena, text, length), err) < 0)
            return -1;
        text += length + strspn(text + length, "\r\n");
    }
    return 0;
}

static int
read_token(struct token_spec *spec, struct request *request, struct error *err)
{
    long days = strtol(notice_field(request, "days"), NULL, 10);

    *spec = (struct token_spec){
        .account = request->caller.account,
        .label = notice_field(request, "label"),
        .expires_at_ms = CLOCK_NEVER,
    };
    if (days < 0 || days > 3660)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a token ends within ten years or never");
    if (days > 0)
        spec->expires_at_ms = clock_now_ms() + days * DAY_MS;
    if (!token_role_parse(&spec->role, notice_field(request, "role")))
        return error_set(err, ERROR_BAD_REQUEST,
                         "a role is read, write or fine-grained");
    return read_rights(spec, request->arena, notice_field(request, "rights"),
                       err);
}

static int
refuse_token(struct request *request, struct response *response,
             const struct error *refusal, struct error *err)
{
    const struct html *notice;

    if (!notice_is_for_form(refusal)) {
        *err = *refusal;
        return -1;
    }
    if (notice_bad(&notice, request->arena, refusal->message, err) < 0 ||
        tokens_answer(request, response, notice, err) < 0)
        return -1;
    notice_set_status(response, request, refusal);
    return 0;
}

static int
tokens_create(struct request *request, struct response *response,
              struct error *err)
{
    const struct html *notice;
    struct token_spec spec;
    struct error refusal;
    struct token token;
    const char *text;

    if (request_check_csrf(request, err) < 0)
        return -1;
    if (read_token(&spec, request, &refusal) < 0 ||
        token_add(&token, &text, request->db, request->arena, &spec, &refusal) <
            0)
        return refuse_token(request, response, &refusal, err);
    if (page_render(&notice, request->arena, "tokens_new",
                    (struct page_hole[]){{"token", text, NULL}, {0}}, err) < 0)
        return -1;
    response_header(response, "Cache-Control", "no-store");
    return tokens_answer(request, response, notice, err);
}

static int
tokens_revoke(struct request *request, struct response *response,
              struct error *err)
{
    if (request_check_csrf(request, err) < 0 ||
        token_revoke(request->db, request->arena, request->caller.account,
                     notice_field(request, "id"), err) < 0)
        return -1;
    response_redirect(response, 303, "/settings/tokens");
    return 0;
}

/* "acme (admin), lab (read)" */
static int
list_organizations(const char **out, struct request *request, struct error *err)
{
    struct membership *list;
    const char *text = "";
    size_t count;

    if (organization_list_of(&list, &count, request->db, request->arena,
                             request->caller.account, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        text =
            arena_format(request->arena, "%s%s%s (%s)", text, i > 0 ? ", " : "",
                         list[i].account.name, list[i].role);
    *out = count > 0 ? text : "none";
    return 0;
}

static int
account_answer(struct request *request, struct response *response,
               const struct html *notice, struct error *err)
{
    const char *organizations;
    struct account account;
    const struct html *body;

    if (account_find_by_id(&account, request->db, request->arena,
                           request->caller.account, err) < 0 ||
        list_organizations(&organizations, request, err) < 0)
        return -1;
    if (account.id == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, NULL);
    if (page_render(
            &body, request->arena, "account",
            (struct page_hole[]){
                {"notice", NULL, notice},
                {"name", account.name, NULL},
                {"email", account.email != NULL ? account.email : "", NULL},
                {"organizations", organizations, NULL},
                {"fullname", account.fullname, NULL},
                {"csrf", page_csrf(request), NULL},
                {0},
            },
            err) < 0)
        return -1;
    return page_answer(request, response, "Account", body, err);
}

static int
account_show(struct request *request, struct response *response,
             struct error *err)
{
    return account_answer(request, response, page_empty(), err);
}

/* The page again: "saved", or why not. */
static int
answer_change(struct request *request, struct response *response,
              const struct error *refusal, const char *saved, struct error *err)
{
    const struct html *notice;
    int result;

    if (refusal != NULL && !notice_is_for_form(refusal)) {
        *err = *refusal;
        return -1;
    }
    result = refusal != NULL
                 ? notice_bad(&notice, request->arena, refusal->message, err)
                 : notice_good(&notice, request->arena, saved, err);
    if (result < 0 || account_answer(request, response, notice, err) < 0)
        return -1;
    if (refusal != NULL)
        notice_set_status(response, request, refusal);
    return 0;
}

static int
account_change(struct request *request, struct response *response,
               struct error *err)
{
    struct error refusal;
    bool is_saved;

    if (request_check_csrf(request, err) < 0)
        return -1;
    is_saved = account_set_fullname(
                   request->db, request->arena, request->caller.account,
                   notice_field(request, "fullname"), &refusal) == 0;
    return answer_change(request, response, is_saved ? NULL : &refusal,
                         "Your full name is saved.", err);
}

/* Whoever finds an open browser does not get the account with it. */
static int
set_password(struct request *request, struct error *err)
{
    const struct login login = {
        .name = request->caller.name,
        .password = notice_field(request, "old"),
        .address = request->caller.address,
        .account_limit = request->service->config->limits.login_account,
        .address_limit = request->service->config->limits.login_address,
    };
    const char *password = notice_field(request, "password");
    int64_t account;

    if (password_check(password, err) < 0)
        return -1;
    if (login_check(&account, request->db, request->arena, &login, err) < 0) {
        if (err->code == ERROR_UNAUTHENTICATED)
            error_set(err, ERROR_FORBIDDEN, "that is not your password now");
        return -1;
    }
    return account_set_password(request->db, request->arena, account, password,
                                request->caller.session, err);
}

static int
password_change(struct request *request, struct response *response,
                struct error *err)
{
    struct error refusal;
    bool is_saved;

    if (request_check_csrf(request, err) < 0)
        return -1;
    is_saved = set_password(request, &refusal) == 0;
    return answer_change(request, response, is_saved ? NULL : &refusal,
                         "Your password is set.", err);
}

const struct route settings_routes[] = {
    {"GET", "/settings/tokens", RIGHT_ACCOUNT, tokens_show, NULL, 0},
    {"POST", "/settings/tokens", RIGHT_ACCOUNT, tokens_create, NULL, 0},
    {"POST", "/settings/tokens/revoke", RIGHT_ACCOUNT, tokens_revoke, NULL, 0},
    {"GET", "/settings/account", RIGHT_ACCOUNT, account_show, NULL, 0},
    {"POST", "/settings/account", RIGHT_ACCOUNT, account_change, NULL, 0},
    {"POST", "/settings/password", RIGHT_ACCOUNT, password_change, NULL, 0},
    {0},
};
