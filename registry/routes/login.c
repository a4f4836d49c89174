/* login: names and passwords into tokens, and accounts for new people. */
#include "auth/login.h"

#include <string.h>

#include "auth/join.h"
#include "auth/token.h"
#include "registry/config.h"
#include "registry/routes/routes.h"
#include "storage/base/clock.h"

/* Null for a time that does not come. */
static json_t *
time_to_json(int64_t at_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (at_ms == CLOCK_NEVER)
        return json_null();
    clock_write(text, at_ms);
    return json_string(text);
}

static json_t *
token_to_json(const struct token *token)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "id",
                     token->public_id, "displayName", token->label, "role",
                     token_role_wire(token->role), "hint", token->hint,
                     "createdAt", time_to_json(token->created_at_ms),
                     "expiresAt", time_to_json(token->expires_at_ms),
                     "lastUsedAt", time_to_json(token->last_used_at_ms));
}

static int
read_rights(struct token_spec *spec, struct arena *arena, const json_t *asked,
            struct error *err)
{
    const json_t *list = json_object_get(asked, "rights");
    struct token_right *rights;

    if (list == NULL)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > TOKEN_RIGHTS_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "rights is a list of at most %d", TOKEN_RIGHTS_LIMIT);
    spec->right_count = json_array_size(list);
    rights = arena_array(arena, spec->right_count, sizeof(*rights));
    for (size_t i = 0; i < spec->right_count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (token_right_parse(&rights[i], arena, text != NULL ? text : "",
                              err) < 0)
            return -1;
    }
    spec->rights = rights;
    return 0;
}

/* What is asked for besides name and password, with its defaults. */
static int
read_spec(struct token_spec *spec, struct arena *arena, const json_t *asked,
          struct error *err)
{
    const char *role = json_text(asked, "role");
    const char *expires_at = json_text(asked, "expiresAt");

    *spec = (struct token_spec){
        .label = json_text(asked, "displayName"),
        .role = TOKEN_WRITE,
        .expires_at_ms = CLOCK_NEVER,
    };
    if (role != NULL && !token_role_parse(&spec->role, role))
        return error_set(err, ERROR_BAD_REQUEST,
                         "role is read, write or fineGrained");
    if (expires_at != NULL && (!clock_parse(&spec->expires_at_ms, expires_at) ||
                               spec->expires_at_ms <= clock_now_ms()))
        return error_set(err, ERROR_BAD_REQUEST,
                         "expiresAt is a time to come, as "
                         "2027-11-24T00:00:00Z");
    return read_rights(spec, arena, asked, err);
}

/*
 * Always by password: a token that leaked must not make others that outlive
 * it.
 */
static int
token_create(struct request *request, struct response *response,
             struct error *err)
{
    const struct limits *limits = &request->service->config->limits;
    struct login login = {.address = request->caller.address,
                          .account_limit = limits->login_account,
                          .address_limit = limits->login_address};
    struct token_spec spec;
    struct token token;
    const char *text;
    json_t *asked;
    json_t *body;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&login.name, asked, "name", err) < 0 ||
        json_need_text(&login.password, asked, "password", err) < 0 ||
        read_spec(&spec, request->arena, asked, err) < 0)
        return -1;
    if (login_check(&spec.account, request->db, request->arena, &login, err) <
            0 ||
        token_add(&token, &text, request->db, request->arena, &spec, err) < 0)
        return -1;
    body = token_to_json(&token);
    json_object_set_new(body, "name", json_string(token.account_name));
    json_object_set_new(body, "token", json_string(text));
    response_json(response, 201, json_keep(request->arena, body));
    response_header(response, "Cache-Control", "no-store");
    return 0;
}

static int
tokens_list(struct request *request, struct response *response,
            struct error *err)
{
    struct token *list;
    json_t *body;
    size_t count;

    if (token_list(&list, &count, request->db, request->arena,
                   request->caller.account, err) < 0)
        return -1;
    body = json_keep(request->arena, json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(body, token_to_json(&list[i]));
    response_json(response, 200, body);
    return 0;
}

static int
answer_empty(struct request *request, struct response *response)
{
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

static int
token_delete(struct request *request, struct response *response,
             struct error *err)
{
    if (token_revoke(request->db, request->arena, request->caller.account,
                     request_param(request, "id"), err) < 0)
        return -1;
    return answer_empty(request, response);
}

/* What `weigh logout` asks for; any token may end itself. */
static int
token_delete_current(struct request *request, struct response *response,
                     struct error *err)
{
    struct token token;

    if (request->caller.token == 0)
        return error_set(err, ERROR_BAD_REQUEST,
                         "this request carries no token");
    if (token_find(&token, request->db, request->arena, request->caller.token,
                   err) < 0 ||
        token_revoke(request->db, request->arena, request->caller.account,
                     token.public_id, err) < 0)
        return -1;
    return answer_empty(request, response);
}

/* The Hub's: always 202, so that nobody learns which of them were real. */
static int
credentials_revoke(struct request *request, struct response *response,
                   struct error *err)
{
    const char **texts;
    json_t *asked;
    json_t *list;
    size_t count;

    if (request_json(&asked, request, err) < 0)
        return -1;
    list = json_object_get(asked, "credentials");
    count = json_array_size(list);
    if (!json_is_array(list) || count > TOKEN_LEAKED_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "credentials is a list of at most %d texts",
                         TOKEN_LEAKED_LIMIT);
    texts = arena_array(request->arena, count, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = json_string_value(json_array_get(list, i));
        if (texts[i] == NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "credentials[%zu] is no text", i);
    }
    if (token_revoke_leaked(request->db, request->arena, texts, count, err) < 0)
        return -1;
    response_json(response, 202, json_keep(request->arena, json_object()));
    return 0;
}

static int
join_create(struct request *request, struct response *response,
            struct error *err)
{
    struct join join = {
        .address = request->caller.address,
        .url = request->service->url,
    };
    bool is_ready;
    json_t *asked;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&join.name, asked, "name", err) < 0 ||
        json_need_text(&join.password, asked, "password", err) < 0)
        return -1;
    join.invitation = json_text(asked, "invitation");
    join.fullname = json_text(asked, "fullname");
    if (join.invitation == NULL &&
        json_need_text(&join.email, asked, "email", err) < 0)
        return -1;
    join_policy_parse(&join.policy, request->service->config->sign_up);
    if (join_ask(&is_ready, request->db, request->arena, &join, err) < 0)
        return -1;
    response_json(
        response, is_ready ? 201 : 202,
        json_keep(request->arena, json_pack("{s:s, s:b}", "name", join.name,
                                            "emailVerified", (int)is_ready)));
    return 0;
}

static int
verify_create(struct request *request, struct response *response,
              struct error *err)
{
    const char *link;
    json_t *asked;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&link, asked, "link", err) < 0 ||
        join_verify(request->db, request->arena, link, err) < 0)
        return -1;
    return answer_empty(request, response);
}

static int
invitation_create(struct request *request, struct response *response,
                  struct error *err)
{
    const char *email;
    json_t *asked;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&email, asked, "email", err) < 0 ||
        join_invite(request->db, request->arena, request->caller.account, email,
                    request->service->url, err) < 0)
        return -1;
    response_json(response, 202, json_keep(request->arena, json_object()));
    return 0;
}

const struct route login_routes[] = {
    {"POST", "/api/tokens", RIGHT_PUBLIC, token_create, NULL, 0},
    {"GET", "/api/tokens", RIGHT_ACCOUNT, tokens_list, NULL, 0},
    {"DELETE", "/api/tokens/current", RIGHT_SIGNED_IN, token_delete_current,
     NULL, 0},
    {"DELETE", "/api/tokens/:id", RIGHT_ACCOUNT, token_delete, NULL, 0},
    {"POST", "/api/credentials/revoke", RIGHT_PUBLIC, credentials_revoke, NULL,
     0},
    {"POST", "/api/join", RIGHT_PUBLIC, join_create, NULL, 0},
    {"POST", "/api/verify", RIGHT_PUBLIC, verify_create, NULL, 0},
    {"POST", "/api/invitations", RIGHT_OPERATE, invitation_create, NULL, 0},
    {0},
};
