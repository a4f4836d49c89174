/* account: who is who, as the Hub's clients ask for it. */
#include "auth/account.h"

#include <string.h>

#include "auth/organization.h"
#include "auth/token.h"
#include "registry/routes/routes.h"
#include "storage/base/clock.h"

/* Where the picture of an account is, whether it has one or not. */
static const char *
avatar_url(const struct request *request, const char *name)
{
    return arena_format(request->arena, "%s/avatars/%s", request->service->url,
                        name);
}

static int
find_account(struct account *out, struct request *request, bool organization,
             struct error *err)
{
    const char *name = request_param(request, "account");

    if (account_find(out, request->db, request->arena, name, err) < 0)
        return -1;
    if (out->id == 0 || out->is_disabled ||
        out->is_organization != organization)
        return error_set(err, ERROR_NOT_FOUND, "%s not found",
                         organization ? "Organization" : "User");
    return 0;
}

static json_t *
organization_to_json(const struct request *request,
                     const struct membership *membership)
{
    const struct account *account = &membership->account;

    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:n, s:b, s:s, s:s}",
                     "type", "org", "id", account->public_id, "name",
                     account->name, "fullname", account->fullname, "canPay", 0,
                     "billingMode", "prepaid", "periodEnd", "isEnterprise", 0,
                     "avatarUrl", avatar_url(request, account->name),
                     "roleInOrg", membership->role);
}

static int
list_organizations(json_t **out, struct request *request, int64_t account,
                   struct error *err)
{
    struct membership *list;
    size_t count;

    if (organization_list_of(&list, &count, request->db, request->arena,
                             account, err) < 0)
        return -1;
    *out = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(*out, organization_to_json(request, &list[i]));
    return 0;
}

/* How the caller proved who they are. */
static int
describe_proof(json_t **out, struct request *request, struct error *err)
{
    char created_at[CLOCK_TEXT_SIZE];
    struct token token;

    if (request->caller.token == 0) {
        *out = json_pack("{s:s}", "type", "session");
        return 0;
    }
    if (token_find(&token, request->db, request->arena, request->caller.token,
                   err) < 0)
        return -1;
    if (token.id == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, NULL);
    clock_write(created_at, token.created_at_ms);
    *out = json_pack("{s:s, s:{s:s, s:s, s:s}}", "type", "access_token",
                     "accessToken", "displayName", token.label, "role",
                     token_role_wire(token.role), "createdAt", created_at);
    if (token.expires_at_ms != CLOCK_NEVER) {
        char expires_at[CLOCK_TEXT_SIZE];

        clock_write(expires_at, token.expires_at_ms);
        json_object_set_new(json_object_get(*out, "accessToken"), "expiresAt",
                            json_string(expires_at));
    }
    return 0;
}

static int
whoami_show(struct request *request, struct response *response,
            struct error *err)
{
    struct account account;
    json_t *organizations;
    json_t *proof = NULL;
    json_t *body;

    if (account_find_by_id(&account, request->db, request->arena,
                           request->caller.account, err) < 0)
        return -1;
    if (account.id == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, NULL);
    if (describe_proof(&proof, request, err) < 0)
        return -1;
    json_keep(request->arena, proof);
    if (list_organizations(&organizations, request, account.id, err) < 0)
        return -1;
    body = json_pack("{s:s, s:s, s:s, s:s, s:s?, s:b, s:b, s:s, s:n, s:b, s:s,"
                     " s:o, s:O}",
                     "type", "user", "id", account.public_id, "name",
                     account.name, "fullname", account.fullname, "email",
                     account.email, "emailVerified", account.is_verified,
                     "canPay", 0, "billingMode", "prepaid", "periodEnd",
                     "isPro", 0, "avatarUrl", avatar_url(request, account.name),
                     "orgs", organizations, "auth", proof);
    if (account.is_administrator)
        json_object_set_new(body, "isAdministrator", json_true());
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

static int
user_show(struct request *request, struct response *response, struct error *err)
{
    char created_at[CLOCK_TEXT_SIZE];
    /* Who belongs where is for those who are here themselves. */
    bool is_guest = request->caller.account == 0;
    struct account_counts counts;
    struct account account;
    json_t *organizations;
    json_t *body;

    if (find_account(&account, request, false, err) < 0 ||
        account_count(&counts, request->db, request->arena, account.id, err) <
            0 ||
        list_organizations(&organizations, request, is_guest ? 0 : account.id,
                           err) < 0)
        return -1;
    clock_write(created_at, account.created_at_ms);
    body = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:o, s:s, s:i, s:i}",
        "type", "user", "_id", account.public_id, "user", account.name,
        "fullname", account.fullname, "avatarUrl",
        avatar_url(request, account.name), "isPro", 0, "numModels",
        (json_int_t)counts.models, "numDatasets", (json_int_t)counts.datasets,
        "numSpaces", (json_int_t)counts.spaces, "orgs", organizations,
        "createdAt", created_at, "numFollowers", 0, "numFollowing", 0);
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

static int
organization_show(struct request *request, struct response *response,
                  struct error *err)
{
    struct account_counts counts;
    struct account account;
    json_t *body;

    if (find_account(&account, request, true, err) < 0 ||
        account_count(&counts, request->db, request->arena, account.id, err) <
            0)
        return -1;
    body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:b,"
                     " s:b}",
                     "type", "org", "_id", account.public_id, "name",
                     account.name, "fullname", account.fullname, "avatarUrl",
                     avatar_url(request, account.name), "numUsers",
                     (json_int_t)counts.members, "numModels",
                     (json_int_t)counts.models, "numDatasets",
                     (json_int_t)counts.datasets, "numSpaces",
                     (json_int_t)counts.spaces, "numFollowers", 0, "isVerified",
                     0, "isEnterprise", 0);
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

static int
members_list(struct request *request, struct response *response,
             struct error *err)
{
    struct membership *list;
    struct account account;
    json_t *body;
    size_t count;

    if (find_account(&account, request, true, err) < 0 ||
        organization_list_members(&list, &count, request->db, request->arena,
                                  account.id, err) < 0)
        return -1;
    body = json_keep(request->arena, json_array());
    for (size_t i = 0; i < count; i++) {
        const struct account *person = &list[i].account;

        json_array_append_new(
            body, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "type",
                            "user", "_id", person->public_id, "user",
                            person->name, "fullname", person->fullname,
                            "avatarUrl", avatar_url(request, person->name),
                            "isPro", 0, "role", list[i].role));
    }
    response_json(response, 200, body);
    return 0;
}

/* An account without a picture and no account get the same one. */
static int
avatar_show(struct request *request, struct response *response,
            struct error *err)
{
    struct account_avatar avatar;

    if (account_find_avatar(&avatar, request->db, request->arena,
                            request_param(request, "account"), err) < 0)
        return -1;
    if (avatar.length == 0) {
        response_redirect(response, 302, "/static/avatar.svg");
        return 0;
    }
    response_bytes(response, 200, avatar.type, avatar.bytes, avatar.length);
    response_header(response, "Cache-Control", "public, max-age=3600");
    return 0;
}

/* Whoever makes an organisation is its first administrator. */
static int
organization_create(struct request *request, struct response *response,
                    struct error *err)
{
    const struct organization_member member = {request->caller.name, "admin"};
    struct organization_spec spec = {.members = &member, .member_count = 1};
    struct account account;
    json_t *asked;
    json_t *body;

    if (request_json(&asked, request, err) < 0 ||
        json_need_text(&spec.account.name, asked, "name", err) < 0)
        return -1;
    spec.account.fullname = json_text(asked, "fullname");
    spec.account.private_by_default =
        json_flag(asked, "privateByDefault", false);
    if (organization_add(&account, request->db, request->arena, &spec, err) < 0)
        return -1;
    body = json_pack("{s:s, s:s, s:s}", "id", account.public_id, "name",
                     account.name, "url",
                     arena_format(request->arena, "%s/%s",
                                  request->service->url, account.name));
    response_json(response, 201, json_keep(request->arena, body));
    return 0;
}

/* PUT with {"role": …} adds or changes, DELETE removes. */
static int
member_set(struct request *request, struct response *response,
           struct error *err)
{
    const struct right_question question = {
        .caller = &request->caller,
        .right = RIGHT_MANAGE,
        .namespace_name = request_param(request, "account"),
    };
    struct right_namespace organization;
    const char *role = NULL;
    struct account person;
    json_t *asked;

    if (strcmp(request->method, "DELETE") != 0 &&
        (request_json(&asked, request, err) < 0 ||
         json_need_text(&role, asked, "role", err) < 0))
        return -1;
    if (right_check_namespace(&organization, request->db, request->arena,
                              &question, err) < 0 ||
        account_find(&person, request->db, request->arena,
                     request_param(request, "member"), err) < 0)
        return -1;
    if (person.id == 0 || person.is_organization ||
        !organization.is_organization)
        return error_set(err, ERROR_NOT_FOUND, "User not found");
    if (organization_set_member(request->db, request->arena, organization.id,
                                person.id, role, err) < 0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

const struct route account_routes[] = {
    {"GET", "/api/whoami-v2", RIGHT_SIGNED_IN, whoami_show, NULL, 0},
    {"GET", "/api/users/:account/overview", RIGHT_PUBLIC, user_show, NULL, 0},
    {"GET", "/api/organizations/:account/overview", RIGHT_PUBLIC,
     organization_show, NULL, 0},
    {"GET", "/api/organizations/:account/members", RIGHT_SIGNED_IN,
     members_list, NULL, 0},
    {"PUT", "/api/organizations/:account/members/:member", RIGHT_ACCOUNT,
     member_set, NULL, 0},
    {"DELETE", "/api/organizations/:account/members/:member", RIGHT_ACCOUNT,
     member_set, NULL, 0},
    {"POST", "/api/organizations/create", RIGHT_ACCOUNT, organization_create,
     NULL, 0},
    {"GET", "/avatars/:account", RIGHT_PUBLIC, avatar_show, NULL, 0},
    {0},
};
