/* repo: making, removing and renaming repositories. */
#include <string.h>

#include "auth/change.h"
#include "auth/door.h"
#include "auth/log.h"
#include "auth/right.h"
#include "registry/http/refusal.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"
#include "storage/base/hex.h"
#include "storage/base/text.h"
#include "storage/git/build.h"
#include "storage/git/ref.h"
#include "storage/git/rules.h"

#define FIRST_FILES_LIMIT 100
#define LICENSE_NAME_LIMIT 64

/* What a body of create, delete or move says of one repository. */
struct naming {
    enum repository_kind kind;
    const char *namespace_name; /* NULL: the caller's own */
    const char *name;
};

static int
read_kind(enum repository_kind *out, const json_t *body, struct error *err)
{
    const char *type = json_text(body, "type");

    *out = REPOSITORY_MODEL;
    if (type != NULL && !repository_kind_parse(out, type))
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"type\" is model, dataset or space");
    return 0;
}

/* Splits "namespace/name". */
static void
split(struct naming *out, struct arena *arena, const char *whole)
{
    const char *slash = strchr(whole, '/');

    out->name = slash != NULL ? slash + 1 : whole;
    if (slash != NULL)
        out->namespace_name =
            arena_bytes(arena, whole, (size_t)(slash - whole));
}

static int
read_naming(struct naming *out, struct request *request, const json_t *body,
            struct error *err)
{
    const char *name;

    *out = (struct naming){.namespace_name = json_text(body, "organization")};
    if (read_kind(&out->kind, body, err) < 0 ||
        json_need_text(&name, body, "name", err) < 0)
        return -1;
    split(out, request->arena, name);
    return text_check_name(out->name, err);
}

/* The first commit's files, besides what every repository begins with. */
struct seed {
    struct edit edits[FIRST_FILES_LIMIT + 2];
    size_t count;
};

static int
seed_add(struct seed *seed, struct view *view, const char *path,
         const void *bytes, size_t length, struct error *err)
{
    struct edit *edit = &seed->edits[seed->count];

    if (seed->count == FIRST_FILES_LIMIT + 2)
        return error_set(err, ERROR_BAD_REQUEST, "more than %d files",
                         FIRST_FILES_LIMIT);
    if (text_check_path(path, err) < 0 ||
        build_blob(&edit->blob, view, bytes, length, err) < 0)
        return -1;
    edit->kind = EDIT_WRITE;
    edit->path = path;
    seed->count++;
    return 0;
}

/* One of "files": {"path", "content", "encoding"}. */
static int
seed_add_json(struct seed *seed, struct view *view, const json_t *file,
              struct error *err)
{
    const char *encoding = json_text(file, "encoding");
    const char *content;
    const char *path;
    size_t length;

    if (json_need_text(&path, file, "path", err) < 0 ||
        json_need_text(&content, file, "content", err) < 0)
        return -1;
    length = strlen(content);
    if (encoding != NULL && strcmp(encoding, "base64") == 0) {
        content = base64_read(&length, view_arena(view), content, length);
        if (content == NULL)
            return error_set(err, ERROR_BAD_REQUEST,
                             "the content of %.200s is not base64", path);
    }
    return seed_add(seed, view, path, content, length, err);
}

static int
seed_add_license(struct seed *seed, struct view *view, const char *license,
                 struct error *err)
{
    const char *text;

    if (strspn(license, "abcdefghijklmnopqrstuvwxyz0123456789.-") !=
            strlen(license) ||
        strlen(license) > LICENSE_NAME_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "\"license\" is a name like apache-2.0");
    text = arena_format(view_arena(view), "---\nlicense: %s\n---\n", license);
    return seed_add(seed, view, "README.md", text, strlen(text), err);
}

static int
fill_seed(struct seed *seed, struct view *view, const json_t *body,
          struct error *err)
{
    const json_t *files = json_object_get(body, "files");
    const char *attributes = rules_default();
    const char *license = json_text(body, "license");

    *seed = (struct seed){0};
    if (seed_add(seed, view, ".gitattributes", attributes, strlen(attributes),
                 err) < 0)
        return -1;
    if (license != NULL && seed_add_license(seed, view, license, err) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (seed_add_json(seed, view, json_array_get(files, i), err) < 0)
            return -1;
    return 0;
}

static int
build_first(struct oid *out, struct request *request, struct view *view,
            const json_t *body, struct error *err)
{
    struct seed *seed = arena_alloc(request->arena, sizeof(*seed));

    if (fill_seed(seed, view, body, err) < 0)
        return -1;
    return build_commit(out, view,
                        &(struct build_draft){
                            .edits = seed->edits,
                            .edit_count = seed->count,
                            .author_name = request->caller.name,
                            .author_email = target_email(request),
                            .at_ms = clock_now_ms(),
                            .message = "initial commit",
                        },
                        err);
}

static bool
is_private(const json_t *body, const struct right_namespace *owner)
{
    const char *visibility = json_text(body, "visibility");
    const json_t *flag = json_object_get(body, "private");

    if (visibility != NULL)
        return strcmp(visibility, "public") != 0;
    if (json_is_boolean(flag))
        return json_is_true(flag);
    return owner->private_by_default;
}

/* Row, first commit, branch and log entry: all or nothing. */
static int
create_in_transaction(struct request *request, const struct naming *naming,
                      const struct right_namespace *owner, const json_t *body,
                      struct error *err)
{
    const struct standing standing = {.may_write = true};
    struct repository *repository = &request->repository;
    struct change change = {.caller = &request->caller,
                            .standing = &standing,
                            .repository = repository,
                            .ref = REF_MAIN};
    struct change_plan plan;
    struct view *view;
    struct oid first;

    if (catalog_add(repository, request->db, request->arena,
                    &(struct catalog_draft){
                        naming->kind, owner->id, naming->name,
                        is_private(body, owner), request->caller.account},
                    err) < 0 ||
        view_open(&view, request->db, request->arena, repository->id, err) <
            0 ||
        build_first(&first, request, view, body, err) < 0)
        return -1;
    change.to = &first;
    if (change_prepare(&plan, view, request->service->content, &change, err) <
            0 ||
        change_apply(view, &plan, err) < 0)
        return -1;
    return ref_set_head(view, err);
}

/* 409 names the repository that is there: clients go on with it. */
static int
answer_taken(struct request *request, struct response *response,
             const struct naming *naming, const struct right_namespace *owner,
             struct error *err)
{
    struct repository *repository = &request->repository;
    const struct catalog_name name = {naming->kind, owner->name, naming->name};
    json_t *body;

    if (catalog_find(repository, request->db, request->arena, &name, err) < 0)
        return -1;
    if (repository->id == 0)
        return error_set(err, ERROR_CONFLICT, NULL);
    error_set(err, ERROR_CONFLICT, "You already created this %s repo: %s",
              repository_kind_name(naming->kind), repository->full_name);
    refusal_answer(response, request, err);
    body = json_pack("{s:s, s:s}", "error", err->message, "url",
                     target_url(request));
    response_json(response, 409, json_keep(request->arena, body));
    return 0;
}

static int
repo_create(struct request *request, struct response *response,
            struct error *err)
{
    struct right_question question = {.caller = &request->caller,
                                      .right = RIGHT_WRITE};
    struct right_namespace owner;
    struct naming naming;
    json_t *body;

    if (request_json(&body, request, err) < 0 ||
        read_naming(&naming, request, body, err) < 0)
        return -1;
    question.namespace_name = naming.namespace_name;
    if (right_check_namespace(&owner, request->db, request->arena, &question,
                              err) < 0 ||
        db_begin(request->db, err) < 0)
        return -1;
    if (create_in_transaction(request, &naming, &owner, body, err) < 0) {
        db_rollback(request->db);
        if (err->code != ERROR_CONFLICT)
            return -1;
        return answer_taken(request, response, &naming, &owner, err);
    }
    if (db_commit(request->db, err) < 0)
        return -1;
    body = json_pack("{s:s, s:s, s:s, s:b}", "url", target_url(request), "id",
                     request->repository.public_id, "name",
                     request->repository.full_name, "private",
                     request->repository.is_private);
    response_json(response, 200, json_keep(request->arena, body));
    return 0;
}

/* Finds a repository of the body that the caller manages. */
static int
find_managed(struct request *request, const struct naming *naming,
             struct error *err)
{
    const struct right_question question = {
        .caller = &request->caller,
        .right = RIGHT_MANAGE,
        .kind = naming->kind,
        .namespace_name = naming->namespace_name != NULL
                              ? naming->namespace_name
                              : request->caller.name,
        .name = naming->name,
    };

    return door_check(&request->repository, &request->standing, request->db,
                      request->arena, &question, err);
}

/* The log's entry for what happens to a whole repository. */
static int
note(struct request *request, const char *kind, const char *other,
     struct error *err)
{
    json_t *open = json_keep(request->arena, json_object());
    json_t *record = json_keep(request->arena, json_object());
    const struct log_fact fact = {kind, open, record};
    char now[CLOCK_TEXT_SIZE];

    clock_write(now, clock_now_ms());
    log_name_model(open, &request->repository);
    json_object_set_new(record, "repository",
                        json_string(request->repository.full_name));
    json_object_set_new(record, "account", json_string(request->caller.name));
    json_object_set_new(record, "at", json_string(now));
    if (other != NULL)
        json_object_set_new(record, "to", json_string(other));
    return log_add(NULL, request->db, request->arena, &fact, err);
}

static int
repo_delete(struct request *request, struct response *response,
            struct error *err)
{
    struct naming naming;
    json_t *body;
    int result;

    if (request_json(&body, request, err) < 0 ||
        read_naming(&naming, request, body, err) < 0 ||
        find_managed(request, &naming, err) < 0 ||
        db_begin(request->db, err) < 0)
        return -1;
    result = catalog_remove(request->db, request->arena, request->repository.id,
                            err);
    if (result == 0)
        result = note(request, "removal", NULL, err);
    if (db_end(request->db, result, err) < 0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

static int
move_in_transaction(struct request *request, const struct naming *to,
                    const struct right_namespace *owner, struct error *err)
{
    const char *name =
        arena_format(request->arena, "%s/%s", owner->name, to->name);

    if (catalog_move(request->db, request->arena, &request->repository,
                     owner->id, to->name, err) < 0) {
        if (err->code == ERROR_CONFLICT)
            error_set(err, ERROR_CONFLICT,
                      "A %s repository called %s already exists",
                      repository_kind_name(to->kind), name);
        return -1;
    }
    return note(request, "move", name, err);
}

static int
read_move(struct naming *from, struct naming *to, struct request *request,
          struct error *err)
{
    const char *text;
    json_t *body;

    *from = *to = (struct naming){0};
    if (request_json(&body, request, err) < 0 ||
        read_kind(&from->kind, body, err) < 0 ||
        json_need_text(&text, body, "fromRepo", err) < 0)
        return -1;
    split(from, request->arena, text);
    if (json_need_text(&text, body, "toRepo", err) < 0)
        return -1;
    split(to, request->arena, text);
    to->kind = from->kind;
    return text_check_name(to->name, err);
}

static int
repo_move(struct request *request, struct response *response, struct error *err)
{
    struct right_question question = {.caller = &request->caller,
                                      .right = RIGHT_WRITE};
    struct right_namespace owner;
    struct naming from;
    struct naming to;

    if (read_move(&from, &to, request, err) < 0 ||
        find_managed(request, &from, err) < 0)
        return -1;
    question.namespace_name = to.namespace_name;
    if (right_check_namespace(&owner, request->db, request->arena, &question,
                              err) < 0 ||
        db_begin(request->db, err) < 0)
        return -1;
    if (db_end(request->db, move_in_transaction(request, &to, &owner, err),
               err) < 0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

const struct route repo_routes[] = {
    {"POST", "/api/repos/create", RIGHT_SIGNED_IN, repo_create, NULL, 0},
    {"DELETE", "/api/repos/delete", RIGHT_SIGNED_IN, repo_delete, NULL, 0},
    {"POST", "/api/repos/move", RIGHT_SIGNED_IN, repo_move, NULL, 0},
    {0},
};
