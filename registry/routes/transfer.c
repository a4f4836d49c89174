/* transfer: the bytes of LFS objects, at addresses that carry a right. */
#include <string.h>

#include "registry/http/refusal.h"
#include "registry/routes/action.h"
#include "registry/routes/deliver.h"
#include "registry/routes/lfs.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/content/object.h"
#include "storage/content/upload.h"

/* What begin keeps for end, beside the sink. */
struct receiving {
    struct action action;
    struct content_writer *writer; /* of a whole object */
    struct upload_part *part;      /* of an object in parts */
};

static int
add_object(void *state, const void *bytes, size_t length, struct error *err)
{
    return content_writer_add(state, bytes, length, err);
}

static void
free_object(void *state)
{
    content_writer_free(state);
}

static int
add_part(void *state, const void *bytes, size_t length, struct error *err)
{
    return upload_part_add(state, bytes, length, err);
}

static void
free_part(void *state)
{
    upload_part_free(state);
}

static int
upload_begin(struct body_sink *out, struct request *request, struct error *err)
{
    struct receiving *receiving =
        arena_alloc(request->arena, sizeof(*receiving));
    const struct action *action = &receiving->action;

    request->state = receiving;
    if (action_read(&receiving->action, request, ACTION_UPLOAD, err) < 0 ||
        request_begin_upload(request, action->account, err) < 0 ||
        content_writer_open(&receiving->writer, request->service->content,
                            &action->digest, action->size_bytes, err) < 0)
        return -1;
    *out = (struct body_sink){add_object, free_object, receiving->writer,
                              action->size_bytes};
    return 0;
}

static int
upload_end(struct request *request, struct response *response,
           struct error *err)
{
    struct receiving *receiving = request->state;
    const struct content_owner owner = {receiving->action.repository,
                                        receiving->action.account};

    if (content_writer_commit(receiving->writer, request->db, &owner, err) < 0)
        return -1;
    response_text(response, 200, "");
    return 0;
}

static int
part_begin(struct body_sink *out, struct request *request, struct error *err)
{
    struct receiving *receiving =
        arena_alloc(request->arena, sizeof(*receiving));
    const struct action *action = &receiving->action;
    struct upload upload;

    request->state = receiving;
    if (action_read(&receiving->action, request, ACTION_PART, err) < 0 ||
        request_begin_upload(request, action->account, err) < 0 ||
        upload_find(&upload, request->db, action->upload, err) < 0 ||
        upload_part_open(&receiving->part, request->service->content, &upload,
                         action->part, err) < 0)
        return -1;
    *out = (struct body_sink){add_part, free_part, receiving->part,
                              upload_part_size(&upload, action->part)};
    return 0;
}

static int
part_end(struct request *request, struct response *response, struct error *err)
{
    struct receiving *receiving = request->state;
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    if (upload_part_commit(&digest, receiving->part, request->db, err) < 0)
        return -1;
    digest_write(text, &digest);
    response_text(response, 200, "");
    response_etag(response, arena_format(request->arena, "\"%s\"", text));
    return 0;
}

/* Joins the parts; the body lists them, and the hash says if they are right. */
static int
complete_create(struct request *request, struct response *response,
                struct error *err)
{
    struct action action;
    struct upload upload;

    if (action_read(&action, request, ACTION_COMPLETE, err) < 0 ||
        upload_find(&upload, request->db, action.upload, err) < 0 ||
        upload_complete(request->service->content, request->db, &upload, err) <
            0)
        return -1;
    response_json(response, 200, json_keep(request->arena, json_object()));
    return 0;
}

/* Where main has the object, for the record; its digest when it has not. */
static int
find_path(const char **out, const struct target *target,
          const struct action *action, struct error *err)
{
    const struct entry_range all = {
        .folder = "", .is_recursive = true, .is_files_alone = true};
    struct entry_list files;
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, &action->digest);
    *out = arena_format(view_arena(target->view), "sha256:%s", text);
    if (oid_is_zero(&target->revision.commit))
        return 0;
    if (entry_list(&files, target->view, &target->revision.commit, &all, err) <
        0)
        return -1;
    for (size_t i = 0; i < files.count; i++)
        if (files.entries[i].is_weights &&
            digest_is_equal(&files.entries[i].pointer.digest, &action->digest))
            *out = files.entries[i].path;
    return 0;
}

static int
open_gate(struct gate_answer *out, struct gate_object *object,
          struct request *request, struct target *target,
          const struct action *action, struct error *err)
{
    if (target_open(target, request, err) < 0 ||
        (revision_find(&target->revision, target->view, "main", err) < 0 &&
         err->code != ERROR_REVISION_NOT_FOUND) ||
        find_path(&object->path, target, action, err) < 0)
        return -1;
    object->repository = &request->repository;
    object->standing = &request->standing;
    object->commit = target->revision.commit.bytes;
    object->digest = &action->digest;
    object->arena = request->arena;
    if (gate_check(out, request->db, &request->caller, object, err) < 0)
        return -1;
    return out->allowed ? 0 : refuse_gate(err, out, request);
}

static int
download_show(struct request *request, struct response *response,
              struct error *err)
{
    struct gate_object gate = {0};
    struct gate_answer answer;
    struct object object;
    struct target target;
    struct action action;

    if (action_read(&action, request, ACTION_DOWNLOAD, err) < 0 ||
        open_gate(&answer, &gate, request, &target, &action, err) < 0 ||
        object_find(&object, request->db, request->arena,
                    request->repository.id, &action.digest, err) < 0)
        return -1;
    /* What no commit took was not looked at yet. */
    if (!object.is_committed)
        return error_set(err, ERROR_NOT_FOUND, "Object does not exist");
    return deliver_weights(request, response, &gate, &answer, err);
}

const struct route transfer_routes[] = {
    {"PUT", "/lfs/upload/:link", RIGHT_LINK, upload_end, upload_begin, 0},
    {"PUT", "/lfs/part/:link", RIGHT_LINK, part_end, part_begin, 0},
    {"POST", "/lfs/complete/:link", RIGHT_LINK, complete_create, NULL, 0},
    {"GET", "/lfs/download/:link", RIGHT_LINK, download_show, NULL, 0},
    {0},
};
