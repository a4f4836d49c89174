/* release: publishers' keys of a namespace, and the releases of a model. */
#include "auth/release.h"

#include <string.h>

#include "auth/account.h"
#include "auth/right.h"
#include "auth/signing_key.h"
#include "registry/routes/routes.h"

static int
key_list(struct request *request, struct response *response, struct error *err)
{
    const char *name = request_param(request, "namespace");
    json_t *list = json_keep(request->arena, json_array());
    struct account account;
    struct signing_key *keys;
    size_t count;

    if (account_find(&account, request->db, request->arena, name, err) < 0)
        return -1;
    if (account.id == 0)
        return error_set(err, ERROR_NOT_FOUND, "there is no namespace %s",
                         name);
    if (signing_key_list(&keys, &count, request->db, request->arena, account.id,
                         err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, signing_key_to_json(&keys[i]));
    response_json(response, 200, list);
    return 0;
}

/* The namespace of the path, when the caller manages it. */
static int
find_managed(struct right_namespace *out, struct request *request,
             struct error *err)
{
    const struct right_question question = {
        .caller = &request->caller,
        .right = RIGHT_MANAGE,
        .namespace_name = request_param(request, "namespace"),
    };

    return right_check_namespace(out, request->db, request->arena, &question,
                                 err);
}

/* Registers {"pem": …, "rotation": …}. */
static int
key_add(struct request *request, struct response *response, struct error *err)
{
    struct right_namespace owner;
    struct signing_key_spec spec = {.account = request->caller.account};
    struct signing_key key;
    json_t *body;
    int result;

    if (find_managed(&owner, request, err) < 0 ||
        request_json(&body, request, err) < 0 ||
        json_need_text(&spec.pem, body, "pem", err) < 0)
        return -1;
    spec.pem_length = strlen(spec.pem);
    spec.rotation = json_text(body, "rotation");
    spec.namespace_id = owner.id;
    spec.namespace_name = owner.name;
    if (db_begin(request->db, err) < 0)
        return -1;
    result = signing_key_add(&key, request->db, request->arena, &spec, err);
    if (db_end(request->db, result, err) < 0)
        return -1;
    response_json(response, 200,
                  json_keep(request->arena, signing_key_to_json(&key)));
    return 0;
}

/* Takes back the key of the path; {"reason": …} is kept. */
static int
key_revoke(struct request *request, struct response *response,
           struct error *err)
{
    struct right_namespace owner;
    const char *reason;
    json_t *body;
    int result;

    if (find_managed(&owner, request, err) < 0 ||
        request_json(&body, request, err) < 0)
        return -1;
    reason = json_text(body, "reason");
    if (db_begin(request->db, err) < 0)
        return -1;
    result = signing_key_revoke(request->db, request->arena, owner.id,
                                request_param(request, "hint"),
                                reason != NULL ? reason : "", err);
    if (db_end(request->db, result, err) < 0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

static int
releases_show(struct request *request, struct response *response,
              struct error *err)
{
    json_t *list = json_keep(request->arena, json_array());
    struct release *releases;
    size_t count;

    if (release_list(&releases, &count, request->db, request->arena,
                     request->repository.id, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, release_to_json(&releases[i]));
    response_json(response, 200, list);
    return 0;
}

const struct route release_routes[] = {
    {"GET", "/api/namespaces/:namespace/keys", RIGHT_PUBLIC, key_list, NULL, 0},
    {"POST", "/api/namespaces/:namespace/keys", RIGHT_SIGNED_IN, key_add, NULL,
     0},
    {"POST", "/api/namespaces/:namespace/keys/:hint/revoke", RIGHT_SIGNED_IN,
     key_revoke, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/releases", RIGHT_SEE, releases_show,
     NULL, 0},
    {0},
};
