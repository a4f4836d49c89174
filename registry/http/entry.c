#include "registry/http/entry.h"

#include <string.h>
#include <strings.h>

#include "registry/http/cookie.h"
#include "registry/http/input.h"
#include "storage/base/hex.h"
#include "storage/base/secret.h"
#include "storage/base/text.h"

static const char invalid[] = "Invalid credentials in Authorization header";

/* What follows the scheme, or NULL for another one. */
static const char *
after_scheme(const char *header, const char *scheme)
{
    size_t length = strlen(scheme);

    if (strncasecmp(header, scheme, length) != 0 || header[length] != ' ')
        return NULL;
    return header + length + strspn(header + length, " ");
}

/* git's way: any user name, the token as password. */
static const char *
read_basic(struct arena *arena, const char *encoded)
{
    size_t length;
    char *pair = base64_read(&length, arena, encoded, strlen(encoded));
    char *password;

    if (pair == NULL || strlen(pair) != length)
        return NULL;
    password = strchr(pair, ':');
    return password != NULL ? password + 1 : NULL;
}

static int
find_by_header(struct request *request, const char *header, struct error *err)
{
    const char *token = after_scheme(header, "Bearer");

    if (token == NULL) {
        const char *basic = after_scheme(header, "Basic");

        token = basic != NULL ? read_basic(request->arena, basic) : NULL;
    }
    if (token == NULL || *token == '\0')
        return error_set(err, ERROR_UNAUTHENTICATED, "%s", invalid);
    return caller_find_by_token(&request->caller, request->db, request->arena,
                                token, err);
}

static bool
changes_something(const struct request *request)
{
    return strcmp(request->method, "GET") != 0 && !request->is_head;
}

/*
 * A browser says where a request was made; one made by another site's page
 * must not act for who is signed in here.
 */
static int
check_site(const struct request *request, struct error *err)
{
    const char *site = request_header(request, "Sec-Fetch-Site");
    const char *origin = request_header(request, "Origin");
    const char *host = request_header(request, "Host");
    bool is_same = true;

    if (site != NULL) {
        is_same = strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    } else if (origin != NULL) {
        const char *name = strstr(origin, "://");

        is_same = name != NULL && host != NULL && strcmp(name + 3, host) == 0;
    }
    if (!is_same)
        return error_set(err, ERROR_FORBIDDEN,
                         "this request was made by another site's page");
    return 0;
}

static int
find_caller(struct request *request, const struct route *route,
            struct error *err)
{
    const char *header = request_header(request, "Authorization");
    const char *cookie;

    if (header != NULL)
        return find_by_header(request, header, err);
    if (changes_something(request) && route->right != RIGHT_LINK &&
        check_site(request, err) < 0)
        return -1;
    cookie = request_cookie(request, COOKIE_SESSION);
    if (cookie == NULL || *cookie == '\0')
        return 0;
    return caller_find_by_session(&request->caller, &request->input->renewed,
                                  request->db, request->arena, cookie, err);
}

bool
entry_is_repository_right(enum right right)
{
    return right == RIGHT_SEE || right == RIGHT_CONTENT || right == RIGHT_ASK ||
           right == RIGHT_WRITE || right == RIGHT_REVIEW ||
           right == RIGHT_MANAGE;
}

int
entry_check(struct request *request, const struct route *route,
            struct error *err)
{
    if (find_caller(request, route, err) < 0)
        return -1;
    if (!entry_is_repository_right(route->right))
        return right_check_account(&request->caller, route->right, err);
    return right_check(
        &request->repository, &request->standing, request->db, request->arena,
        &(struct right_question){
            .caller = &request->caller,
            .right = route->right,
            .kind = request->input->match.kind,
            .namespace_name = request_param(request, "namespace"),
            .name = request_param(request, "name"),
        },
        err);
}

static const struct parameter *
find_parameter(const struct request *request, const char *name)
{
    const struct route_match *match = &request->input->match;

    for (size_t i = 0; i < match->parameter_count; i++)
        if (strcmp(match->parameters[i].name, name) == 0)
            return &match->parameters[i];
    return NULL;
}

const char *
entry_moved(const struct request *request)
{
    const struct repository *repository = &request->repository;
    const struct parameter *owner = find_parameter(request, "namespace");
    const struct parameter *name = find_parameter(request, "name");

    if (repository->id == 0 || owner == NULL || name == NULL ||
        (text_is_same_name(owner->value, repository->namespace_name) &&
         text_is_same_name(name->value, repository->name)))
        return NULL;
    if (changes_something(request) && !request->is_api)
        return NULL;
    return arena_format(request->arena, "%.*s%s/%s%s", (int)owner->offset,
                        request->target, repository->namespace_name,
                        repository->name,
                        request->target + name->offset + name->length);
}
