/* resolve: the bytes of a file, behind the gate. */
#include <string.h>

#include "registry/http/refusal.h"
#include "registry/routes/deliver.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/text.h"
#include "storage/git/recent.h"

/* What a request is about, as far as it was found. */
struct wanted {
    struct target target; /* its view is NULL while nobody needed it */
    struct recent_file file;
    bool is_found;
};

static void
name_key(struct recent_key *out, const struct request *request)
{
    *out = (struct recent_key){
        .repository = request->repository.id,
        .target = request->door->target,
        .path = request_param(request, "path"),
    };
}

/* A file that was asked for lately, of what the revision holds now. */
static bool
find_recent(struct recent_file *out, const struct request *request)
{
    struct recent_key key;

    if (request->service->recent == NULL || request->door == NULL ||
        oid_is_zero(&request->door->target))
        return false;
    name_key(&key, request);
    return recent_find(out, request->service->recent, request->arena, &key);
}

/* A file of weights has its bytes elsewhere, and its delivery recorded. */
static bool
is_at_hand(struct request *request)
{
    struct wanted *wanted = arena_alloc(request->arena, sizeof(*wanted));

    memset(wanted, 0, sizeof(*wanted));
    wanted->is_found = find_recent(&wanted->file, request);
    if (wanted->is_found)
        request->state = wanted;
    return wanted->is_found && !wanted->file.entry.is_weights;
}

/*
 * The gate answers before it is told whether revision or file exist, so that
 * who is outside of it learns nothing of what is inside.
 */
static int
open_gate(struct gate_answer *out, struct gate_object *object,
          struct request *request, struct wanted *wanted, struct error *err)
{
    struct target *target = &wanted->target;
    struct error missing;
    int found = 0;

    if (wanted->is_found)
        target->revision.commit = wanted->file.commit;
    else
        found = target_find(target, request, &missing);
    if (found < 0 && missing.code != ERROR_REVISION_NOT_FOUND) {
        *err = missing;
        return -1;
    }
    object->repository = &request->repository;
    object->standing = &request->standing;
    object->facts = request->door != NULL ? &request->door->facts : NULL;
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
static void
answer_blob(struct request *request, struct response *response,
            const struct recent_file *file)
{
    char oid[OID_TEXT_SIZE];

    oid_write(oid, &file->entry.oid);
    response_etag(response, arena_format(request->arena, "\"%s\"", oid));
    response_bytes(response, 200,
                   text_is_utf8(file->bytes, (size_t)file->length)
                       ? "text/plain; charset=utf-8"
                       : "application/octet-stream",
                   file->bytes, (size_t)file->length);
}

/*
 * Kept under what the door named, which the branch may have left since: then
 * the file would be found under a name that it no longer has, so it is not.
 */
static void
remember(const struct request *request, const struct wanted *wanted)
{
    const struct revision *revision = &wanted->target.revision;
    struct recent_key key;

    if (request->service->recent == NULL || request->door == NULL ||
        !oid_is_equal(&revision->target, &request->door->target))
        return;
    name_key(&key, request);
    recent_add(request->service->recent, &key, &wanted->file);
}

static int
find_file(struct wanted *wanted, struct request *request, struct error *err)
{
    const struct target *target = &wanted->target;
    struct recent_file *file = &wanted->file;
    size_t length;

    if (wanted->is_found)
        return 0;
    if (entry_find(&file->entry, target->view, &target->revision.commit,
                   request_param(request, "path"), err) < 0)
        return -1;
    if (file->entry.is_folder)
        return error_set(err, ERROR_ENTRY_NOT_FOUND, "%.300s is a folder",
                         file->entry.path);
    if (entry_read(&file->bytes, &length, target->view, &file->entry, err) < 0)
        return -1;
    file->length = length;
    file->commit = target->revision.commit;
    remember(request, wanted);
    return 0;
}

static int
show(struct request *request, struct response *response, bool is_resolve,
     struct error *err)
{
    struct gate_object object = {.is_resolve = is_resolve};
    struct wanted none = {0};
    struct wanted *wanted = request->state != NULL ? request->state : &none;
    const struct entry *file = &wanted->file.entry;
    struct gate_answer answer;

    if (open_gate(&answer, &object, request, wanted, err) < 0)
        return -1;
    if (find_file(wanted, request, err) < 0)
        return err->code != ERROR_ENTRY_NOT_FOUND
                   ? -1
                   : answer_missing(request, response, &wanted->target, err);
    target_name_commit(response, &wanted->target);
    deliver_name(response, request, file->path);
    object.digest = &file->pointer.digest;
    if (is_resolve && file->is_weights)
        return deliver_weights(request, response, &object, &answer, err);
    answer_blob(request, response, &wanted->file);
    return 0;
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

const struct prompt all_prompts[] = {
    {resolve_show, is_at_hand},
    {raw_show, is_at_hand},
    {0},
};
