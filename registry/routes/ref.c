/* ref: branches and tags: listed, made and removed. */
#include <string.h>

#include "auth/change.h"
#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"
#include "storage/git/build.h"
#include "storage/git/ref.h"

#define MESSAGE_LIMIT 65536 /* bytes of a tag's message */

/* {"name", "ref", "targetCommit"} of each ref below a folder. */
static int
list_below(json_t **out, struct target *target, const char *folder,
           struct error *err)
{
    struct ref_list refs;

    *out = json_keep(view_arena(target->view), json_array());
    if (ref_list(&refs, target->view, folder, err) < 0)
        return -1;
    for (size_t i = 0; i < refs.count; i++) {
        struct oid commit;

        if (revision_peel(&commit, target->view, &refs.refs[i].target, err) < 0)
            return -1;
        json_array_append_new(*out,
                              json_pack("{s:s, s:s, s:o}", "name",
                                        refs.refs[i].name + strlen(folder),
                                        "ref", refs.refs[i].name,
                                        "targetCommit", shape_oid(&commit)));
    }
    return 0;
}

static int
refs_show(struct request *request, struct response *response, struct error *err)
{
    json_t *body = json_keep(request->arena, json_object());
    struct target target;
    json_t *branches;
    json_t *tags;
    json_t *pulls;

    if (target_open(&target, request, err) < 0 ||
        list_below(&branches, &target, REF_BRANCHES, err) < 0 ||
        list_below(&tags, &target, REF_TAGS, err) < 0)
        return -1;
    json_object_set(body, "branches", branches);
    json_object_set_new(body, "converts", json_array());
    json_object_set(body, "tags", tags);
    if (request_query_flag(request, "include_prs")) {
        if (list_below(&pulls, &target, REF_PULLS, err) < 0)
            return -1;
        json_object_set(body, "pullRequests", pulls);
    }
    response_json(response, 200, body);
    return 0;
}

static int
answer_done(struct request *request, struct response *response)
{
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

static int
change(struct request *request, struct target *target, const char *name,
       const struct oid *ends[2], struct error *err)
{
    const struct change wanted = {
        .caller = &request->caller,
        .standing = &request->standing,
        .repository = &request->repository,
        .ref = name,
        .from = ends[0],
        .to = ends[1],
    };

    return change_ref(target->view, request->service->content, &wanted, err);
}

/* An optional JSON body: {} without one. */
static int
read_body(json_t **out, struct request *request, struct error *err)
{
    size_t length;
    const char *bytes = request_body(&length, request);

    if (bytes != NULL && length == 0) {
        *out = json_keep(request->arena, json_object());
        return 0;
    }
    return request_json(out, request, err);
}

/* A commit without files, for a branch that begins empty. */
static int
build_empty(struct oid *out, struct request *request, struct target *target,
            struct error *err)
{
    const struct build_draft draft = {
        .author_name = request->caller.name,
        .author_email = target_email(request),
        .at_ms = clock_now_ms(),
        .message = "initial commit",
    };

    return build_commit(out, target->view, &draft, err);
}

static int
branch_create(struct request *request, struct response *response,
              struct error *err)
{
    const char *branch = request_param(request, "branch");
    const char *name = arena_format(request->arena, REF_BRANCHES "%s", branch);
    const char *start;
    struct target target;
    struct ref present;
    struct oid commit;
    json_t *body;
    const struct oid *ends[2] = {NULL, &commit};

    if (read_body(&body, request, err) < 0 ||
        target_open(&target, request, err) < 0 ||
        ref_find(&present, target.view, name, err) < 0)
        return -1;
    if (json_flag(body, "overwrite", false) && present.name != NULL)
        ends[0] = &present.target;
    start = json_text(body, "startingPoint");
    if (json_flag(body, "emptyBranch", false)) {
        if (build_empty(&commit, request, &target, err) < 0)
            return -1;
    } else {
        if (revision_find(&target.revision, target.view,
                          start != NULL ? start : "main", err) < 0)
            return -1;
        commit = target.revision.commit;
    }
    if (change(request, &target, name, ends, err) < 0)
        return -1;
    return answer_done(request, response);
}

/* Removes the reference; missing is what to say when there is none. */
static int
remove_reference(struct request *request, struct response *response,
                 const char *name, const char *missing, struct error *err)
{
    struct target target;
    struct ref present;
    const struct oid *ends[2] = {&present.target, NULL};

    if (target_open(&target, request, err) < 0 ||
        ref_find(&present, target.view, name, err) < 0)
        return -1;
    if (present.name == NULL)
        return error_set(err, ERROR_REVISION_NOT_FOUND, "%s", missing);
    if (change(request, &target, name, ends, err) < 0)
        return -1;
    return answer_done(request, response);
}

static int
branch_delete(struct request *request, struct response *response,
              struct error *err)
{
    const char *name = arena_format(request->arena, REF_BRANCHES "%s",
                                    request_param(request, "branch"));

    return remove_reference(request, response, name, "Invalid rev id", err);
}

/* What the tag shall hold: a tag object when there is a message. */
static int
build_target(struct oid *out, struct request *request, struct target *target,
             const struct tag_draft *wanted, struct error *err)
{
    struct tag_draft draft = *wanted;

    *out = wanted->target;
    if (draft.message == NULL || draft.message[0] == '\0')
        return 0;
    if (strlen(draft.message) > MESSAGE_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, "the message is too long");
    draft.author_name = request->caller.name;
    draft.author_email = target_email(request);
    draft.at_ms = clock_now_ms();
    return build_tag(out, target->view, &draft, err);
}

static int
tag_create(struct request *request, struct response *response,
           struct error *err)
{
    struct tag_draft draft = {0};
    struct target target;
    struct oid object;
    const struct oid *ends[2] = {NULL, &object};
    const char *name;
    json_t *body;

    if (request_json(&body, request, err) < 0 ||
        json_need_text(&draft.name, body, "tag", err) < 0 ||
        target_find(&target, request, err) < 0)
        return -1;
    name = arena_format(request->arena, REF_TAGS "%.300s", draft.name);
    if (ref_check_name(name, err) < 0)
        return -1;
    draft.message = json_text(body, "message");
    draft.target = target.revision.commit;
    if (build_target(&object, request, &target, &draft, err) < 0 ||
        change(request, &target, name, ends, err) < 0)
        return -1;
    return answer_done(request, response);
}

static int
tag_delete(struct request *request, struct response *response,
           struct error *err)
{
    const char *tag = request_param(request, "revision");

    return remove_reference(
        request, response, arena_format(request->arena, REF_TAGS "%s", tag),
        arena_format(request->arena, "Invalid rev id: %.200s", tag), err);
}

const struct route ref_routes[] = {
    {"GET", "/api/{types}/:namespace/:name/refs", RIGHT_SEE, refs_show, NULL,
     0},
    {"POST", "/api/{types}/:namespace/:name/branch/:branch", RIGHT_WRITE,
     branch_create, NULL, 0},
    {"DELETE", "/api/{types}/:namespace/:name/branch/:branch", RIGHT_WRITE,
     branch_delete, NULL, 0},
    {"POST", "/api/{types}/:namespace/:name/tag/:revision", RIGHT_WRITE,
     tag_create, NULL, 0},
    {"DELETE", "/api/{types}/:namespace/:name/tag/:revision", RIGHT_WRITE,
     tag_delete, NULL, 0},
    {0},
};
