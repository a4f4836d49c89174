#include "registry/http/entry.h"

#include <string.h>
#include <strings.h>

#include "auth/token.h"
#include "registry/http/cookie.h"
#include "registry/http/input.h"
#include "storage/base/hex.h"
#include "storage/base/secret.h"
#include "storage/base/text.h"

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
read_token(struct entry *entry, const char *header, struct error *err)
{
    const char *token = after_scheme(header, "Bearer");

    if (token == NULL) {
        const char *basic = after_scheme(header, "Basic");

        token = basic != NULL ? read_basic(entry->request->arena, basic) : NULL;
    }
    if (token == NULL || *token == '\0')
        return caller_refuse(err);
    token_hash(&entry->token, token);
    entry->has_token = true;
    return 0;
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

/* A token's holder stays to be found; a session's is found at once. */
static int
read_proof(struct entry *entry, struct db *db, struct error *err)
{
    struct request *request = entry->request;
    const char *header = request_header(request, "Authorization");
    const char *cookie;

    if (header != NULL)
        return read_token(entry, header, err);
    if (changes_something(request) && entry->route->right != RIGHT_LINK &&
        check_site(request, err) < 0)
        return -1;
    cookie = request_cookie(request, COOKIE_SESSION);
    if (cookie == NULL || *cookie == '\0')
        return 0;
    return caller_find_by_session(&request->caller, &request->input->renewed,
                                  db, request->arena, cookie, err);
}

bool
entry_is_repository_right(enum right right)
{
    return right == RIGHT_SEE || right == RIGHT_CONTENT || right == RIGHT_ASK ||
           right == RIGHT_WRITE || right == RIGHT_REVIEW ||
           right == RIGHT_MANAGE;
}

int
entry_begin(struct entry *out, struct request *request,
            const struct route *route, struct db *db, struct error *err)
{
    *out = (struct entry){.request = request, .route = route};
    return read_proof(out, db, err);
}

struct door_question
entry_question(const struct entry *entry)
{
    struct request *request = entry->request;

    return (struct door_question){
        .arena = request->arena,
        .token = entry->has_token ? &entry->token : NULL,
        .caller = &request->caller,
        .kind = request->input->match.kind,
        .namespace_name = request_param(request, "namespace"),
        .name = request_param(request, "name"),
        .revision = request_param(request, "revision"),
    };
}

int
entry_end(const struct entry *entry, const struct door_answer *answer,
          struct error *err)
{
    struct request *request = entry->request;

    if (entry->has_token && door_take_caller(&request->caller, answer, err) < 0)
        return -1;
    request->repository = answer->repository;
    request->standing = answer->standing;
    request->door = answer;
    return right_decide(&request->repository, &request->standing,
                        &request->caller, entry->route->right, err);
}

static int
check_account(struct entry *entry, struct db *db, struct error *err)
{
    struct request *request = entry->request;

    if (entry->has_token &&
        caller_find_by_token(&request->caller, db, request->arena,
                             &entry->token, err) < 0)
        return -1;
    return right_check_account(&request->caller, entry->route->right, err);
}

int
entry_check(struct request *request, const struct route *route,
            struct error *err)
{
    const struct door_answer *answer;
    struct door_question question;
    struct entry entry;

    if (entry_begin(&entry, request, route, request->db, err) < 0)
        return -1;
    if (!entry_is_repository_right(route->right))
        return check_account(&entry, request->db, err);
    question = entry_question(&entry);
    if (door_ask(&answer, request->db, &question, 1, err) < 0)
        return -1;
    return entry_end(&entry, answer, err);
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
