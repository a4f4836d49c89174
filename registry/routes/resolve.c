/* resolve: the bytes of a file, behind the gate. */
#include <string.h>

#include "registry/http/refusal.h"
#include "registry/routes/deliver.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/text.h"

/*
 * The gate answers before it is told whether revision or file exist, so that
 * who is outside of it learns nothing of what is inside.
 */
static int
open_gate(struct gate_answer *out, struct gate_object *object,
          struct request *request, struct target *target, struct error *err)
{
    struct error missing;
    int found = target_find(target, request, &missing);

    if (found < 0 && missing.code != ERROR_REVISION_NOT_FOUND) {
        *err = missing;
        return -1;
    }
    object->repository = &request->repository;
    object->standing = &request->standing;
    object->commit = found == 0 ? target->revision.commit.bytes : NULL;
    object->path = request_param(request, "path");
    object->arena = request->arena;
    if (gate_check(out, request->db, &request->caller, object, err) < 0)
        return -1;
    if (!out->allowed)
        return refuse_gate(err, out, request);
    if (found < 0)
        *err = missing;
    return found;
}

/* A file that is missing is remembered by clients, for this commit. */
static int
answer_missing(struct request *request, struct response *response,
               const struct target *target, const struct error *err)
{
    refusal_answer(response, request, err);
    target_name_commit(response, target);
    return 0;
}

/* Git's own bytes; never as what a browser would run. */
static int
answer_blob(struct request *request, struct response *response,
            const struct target *target, const struct entry *file,
            struct error *err)
{
    char oid[OID_TEXT_SIZE];
    const void *bytes;
    size_t length;

    if (entry_read(&bytes, &length, target->view, file, err) < 0)
        return -1;
    oid_write(oid, &file->oid);
    response_etag(response, arena_format(request->arena, "\"%s\"", oid));
    response_bytes(response, 200,
                   text_is_utf8(bytes, length) ? "text/plain; charset=utf-8"
                                               : "application/octet-stream",
                   bytes, length);
    return 0;
}

static int
find_file(struct entry *out, struct request *request,
          const struct target *target, struct error *err)
{
    if (entry_find(out, target->view, &target->revision.commit,
                   request_param(request, "path"), err) < 0)
        return -1;
    if (out->is_folder)
        return error_set(err, ERROR_ENTRY_NOT_FOUND, "%.300s is a folder",
                         out->path);
    return 0;
}

static int
show(struct request *request, struct response *response, bool is_resolve,
     struct error *err)
{
    struct gate_object object = {.is_resolve = is_resolve};
    struct gate_answer answer;
    struct target target;
    struct entry file;
    int result;

    if (open_gate(&answer, &object, request, &target, err) < 0)
        return -1;
    if (find_file(&file, request, &target, err) < 0)
        return err->code != ERROR_ENTRY_NOT_FOUND
                   ? -1
                   : answer_missing(request, response, &target, err);
    target_name_commit(response, &target);
    deliver_name(response, request, file.path);
    object.digest = &file.pointer.digest;
    if (is_resolve && file.is_weights)
        result = deliver_weights(request, response, &object, &answer, err);
    else
        result = answer_blob(request, response, &target, &file, err);
    return result;
}

static int
resolve_show(struct request *request, struct response *response,
             struct error *err)
{
    return show(request, response, true, err);
}

/* A file as git has it: of weights the pointer. */
static int
raw_show(struct request *request, struct response *response, struct error *err)
{
    return show(request, response, false, err);
}

const struct route resolve_routes[] = {
    {"GET", "/{prefix}:namespace/:name/resolve/:revision/*path", RIGHT_CONTENT,
     resolve_show, NULL, 0},
    {"GET", "/{prefix}:namespace/:name/raw/:revision/*path", RIGHT_CONTENT,
     raw_show, NULL, 0},
    {0},
};
