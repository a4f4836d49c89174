/* lfs: which weights are to be uploaded or fetched, and from where (git-lfs).
 */
#include "registry/routes/lfs.h"

#include <string.h>

#include "registry/http/refusal.h"
#include "registry/routes/action.h"
#include "registry/routes/routes.h"
#include "registry/routes/target.h"
#include "storage/base/clock.h"
#include "storage/content/object.h"
#include "storage/content/upload.h"

/* Larger objects come in parts, when the client knows how. */
#define PARTS_FROM_BYTES (2 * UPLOAD_PART_BYTES)

/* A batch on its way to the answer. */
struct batch {
    struct lfs_batch asked;
    bool has_parts; /* an object of the answer is to come in parts */
    int64_t grant;  /* that the gate answered a download with */
    const struct object_state *states; /* of the objects asked for */
};

/* The one place for an object's error: it stands in the body. */
static void
set_error(json_t *item, int status, const char *message)
{
    json_object_set_new(
        item, "error",
        json_pack("{s:i, s:s}", "code", status, "message", message));
}

static struct action
make_action(const struct request *request, enum action_kind kind,
            const struct lfs_object *object)
{
    uint64_t gibibytes = 1 + (object->size_bytes >> 30);
    int64_t life_ms = kind == ACTION_DOWNLOAD
                          ? ACTION_DOWNLOAD_MS
                          : ACTION_UPLOAD_MS * (int64_t)gibibytes;

    if (life_ms > ACTION_LIFE_LIMIT_MS)
        life_ms = ACTION_LIFE_LIMIT_MS;
    return (struct action){
        .kind = kind,
        .repository = request->repository.id,
        .account = request->caller.account,
        .token = request->caller.token,
        .digest = object->digest,
        .size_bytes = object->size_bytes,
        .expires_at_ms = clock_now_ms() + life_ms,
    };
}

static json_t *
shape_href(const struct request *request, const struct action *action)
{
    return json_pack(
        "{s:s, s:I}", "href", action_write(request, action), "expires_in",
        (json_int_t)((action->expires_at_ms - clock_now_ms()) / 1000));
}

/* One address a part, and which parts are there from an earlier try. */
static int
shape_parts(json_t **out, struct request *request,
            const struct lfs_object *object, struct error *err)
{
    const struct content_owner owner = {request->repository.id,
                                        request->caller.account};
    struct action action = make_action(request, ACTION_COMPLETE, object);
    json_t *header = json_object();
    json_t *present = json_array();
    struct upload upload;
    bool *is_there;

    *out = NULL;
    if (upload_open(&upload, request->db, &owner, &object->digest,
                    object->size_bytes, err) < 0)
        goto done;
    is_there =
        arena_array(request->arena, (size_t)upload.parts, sizeof(*is_there));
    if (upload_list_parts(is_there, request->db, &upload, err) < 0)
        goto done;
    action.upload = arena_text(request->arena, upload.public_id);
    *out = shape_href(request, &action);
    action.kind = ACTION_PART;
    json_object_set_new(
        header, "chunk_size",
        json_sprintf("%llu", (unsigned long long)upload.part_bytes));
    for (action.part = 1; action.part <= upload.parts; action.part++) {
        json_object_set_new(header,
                            arena_format(request->arena, "%05d", action.part),
                            json_string(action_write(request, &action)));
        if (is_there[action.part - 1])
            json_array_append_new(present, json_integer(action.part));
    }
    json_object_set(*out, "header", header);
    json_object_set(*out, "present", present);

done:
    json_decref(header);
    json_decref(present);
    return *out != NULL ? 0 : -1;
}

/* What to do to bring an object that the repository lacks. */
static int
offer_upload(json_t *item, struct batch *batch, struct request *request,
             const struct lfs_object *object, struct error *err)
{
    const struct action action = make_action(request, ACTION_UPLOAD, object);
    json_t *upload;

    if (batch->asked.knows_parts && object->size_bytes >= PARTS_FROM_BYTES) {
        batch->has_parts = true;
        if (shape_parts(&upload, request, object, err) < 0)
            return -1;
    } else {
        upload = shape_href(request, &action);
    }
    json_object_set_new(
        item, "actions",
        json_pack("{s:o, s:{s:o, s:{}}}", "upload", upload, "verify", "href",
                  json_sprintf("%s.git/info/lfs/verify", target_url(request)),
                  "header"));
    return 0;
}

static int
answer_upload(json_t *item, struct batch *batch, struct request *request,
              const struct lfs_object *object, const struct object_state *state,
              struct error *err)
{
    if (!state->is_present)
        return offer_upload(item, batch, request, object, err);
    if (state->size_bytes != object->size_bytes)
        set_error(item, 422, "the object has another size");
    return 0;
}

static void
answer_download(json_t *item, const struct batch *batch,
                const struct request *request, const struct lfs_object *wanted,
                const struct object_state *state)
{
    struct action action = make_action(request, ACTION_DOWNLOAD, wanted);

    if (!state->is_committed) {
        set_error(item, 404, "Object does not exist");
        return;
    }
    action.grant = batch->grant;
    json_object_set_new(
        item, "actions",
        json_pack("{s:o}", "download", shape_href(request, &action)));
}

/* One object of the answer; what is wrong with it stands in it. */
static int
answer_object(json_t *out, struct batch *batch, struct request *request,
              size_t place, struct error *err)
{
    const struct object_state *state = &batch->states[place];
    const json_t *asked = json_array_get(batch->asked.objects, place);
    struct lfs_object object = {.size_bytes = 0};
    struct error wrong;
    json_t *item = json_object();

    json_array_append_new(out, item);
    json_object_set(item, "oid", json_object_get(asked, "oid"));
    json_object_set(item, "size", json_object_get(asked, "size"));
    if (lfs_read_object(&object, asked, &wrong) < 0) {
        set_error(item, wrong.status, refusal_text(&wrong));
        return 0;
    }
    json_object_set_new(item, "authenticated", json_true());
    if (batch->asked.is_upload)
        return answer_upload(item, batch, request, &object, state, err);
    answer_download(item, batch, request, &object, state);
    return 0;
}

/* What is there of all that is asked for, in one statement. */
static int
find_states(struct batch *batch, struct request *request, struct error *err)
{
    size_t count = batch->asked.count;
    struct object_state *states =
        arena_array(request->arena, count, sizeof(*states));
    struct digest *digests =
        arena_array(request->arena, count, sizeof(*digests));

    for (size_t i = 0; i < count; i++) {
        struct lfs_object object = {.size_bytes = 0};
        struct error ignored; /* answer_object says it */

        lfs_read_object(&object, json_array_get(batch->asked.objects, i),
                        &ignored);
        digests[i] = object.digest;
    }
    batch->states = states;
    return object_find_all(states, request->db, request->repository.id, digests,
                           count, err);
}

/* The right to write for an upload, the gate's leave for a download. */
static int
check_right(struct batch *batch, struct request *request, struct error *err)
{
    struct gate_answer answer;
    struct target target;

    if (batch->asked.is_upload) {
        if (request->caller.account == 0)
            return error_set(err, ERROR_UNAUTHENTICATED, NULL);
        if (!request->standing.may_write)
            return error_set(err, ERROR_FORBIDDEN,
                             "You don't have the right to write to %s",
                             request->repository.full_name);
        return 0;
    }
    if (target_open(&target, request, err) < 0 ||
        target_ask(&answer, request, &target, NULL, err) < 0)
        return -1;
    if (!answer.allowed)
        return refuse_gate(err, &answer, request);
    batch->grant = answer.grant;
    return 0;
}

static int
batch_create(struct request *request, struct response *response,
             struct error *err)
{
    json_t *array = json_keep(request->arena, json_array());
    struct batch batch = {.has_parts = false};
    json_t *body;

    if (request_json(&body, request, err) < 0 ||
        lfs_read_batch(&batch.asked, body, err) < 0 ||
        check_right(&batch, request, err) < 0 ||
        find_states(&batch, request, err) < 0)
        return -1;
    for (size_t i = 0; i < batch.asked.count; i++)
        if (answer_object(array, &batch, request, i, err) < 0)
            return -1;
    body = json_pack("{s:s, s:O, s:s}", "transfer",
                     batch.has_parts ? "multipart" : "basic", "objects", array,
                     "hash_algo", "sha256");
    response_json(response, 200, json_keep(request->arena, body));
    response_header(response, "Content-Type", LFS_MEDIA_TYPE);
    return 0;
}

/* Whether an uploaded object is there, and whole. */
static int
verify_create(struct request *request, struct response *response,
              struct error *err)
{
    struct lfs_object object = {.size_bytes = 0};
    struct object_state state;
    json_t *body;

    if (request_json(&body, request, err) < 0 ||
        lfs_read_object(&object, body, err) < 0 ||
        object_find_all(&state, request->db, request->repository.id,
                        &object.digest, 1, err) < 0)
        return -1;
    if (!state.is_present)
        return error_set(err, ERROR_NOT_FOUND, "Object does not exist");
    if (state.size_bytes != object.size_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the object has another size");
    response_json(response, 200, json_keep(request->arena, json_object()));
    response_header(response, "Content-Type", LFS_MEDIA_TYPE);
    return 0;
}

/* git-lfs asks before it pushes, and does without when told so. */
static int
locks_refuse(struct request *request, struct response *response,
             struct error *err)
{
    (void)request;
    (void)response;
    return error_set(err, ERROR_NOT_IMPLEMENTED, "locking is not offered here");
}

int
lfs_read_batch(struct lfs_batch *out, const json_t *body, struct error *err)
{
    const json_t *transfers = json_object_get(body, "transfers");
    const char *algorithm = json_text(body, "hash_algo");
    const char *operation;
    const json_t *name;
    size_t i;

    *out = (struct lfs_batch){0};
    if (json_need_text(&operation, body, "operation", err) < 0)
        return -1;
    out->is_upload = strcmp(operation, "upload") == 0;
    if (!out->is_upload && strcmp(operation, "download") != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "\"operation\" is upload or download");
    /* Clients in JavaScript write it with an underscore. */
    if (algorithm != NULL && strcmp(algorithm, "sha256") != 0 &&
        strcmp(algorithm, "sha_256") != 0)
        return error_set(err, ERROR_UNPROCESSABLE, "\"hash_algo\" is sha256");
    json_array_foreach(transfers, i, name)
    {
        const char *text = json_string_value(name);

        if (text != NULL && strcmp(text, "multipart") == 0)
            out->knows_parts = true;
    }
    out->objects = json_object_get(body, "objects");
    out->count = json_array_size(out->objects);
    if (out->count > LFS_OBJECTS_LIMIT)
        return error_set(err, ERROR_TOO_LARGE, "a batch has at most %d objects",
                         LFS_OBJECTS_LIMIT);
    return 0;
}

int
lfs_read_object(struct lfs_object *out, const json_t *object, struct error *err)
{
    const char *oid = json_text(object, "oid");
    int64_t size = json_number(object, "size", -1);

    if (oid == NULL || !digest_parse(&out->digest, oid))
        return error_set(err, ERROR_UNPROCESSABLE, "\"oid\" is a SHA-256");
    if (size < 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "\"size\" is a number of bytes");
    if ((uint64_t)size > LFS_SIZE_LIMIT_BYTES)
        return error_set(err, ERROR_TOO_LARGE, "an object has at most 16 TiB");
    out->size_bytes = (uint64_t)size;
    return 0;
}

const struct route lfs_routes[] = {
    {"POST", "/{prefix}:namespace/:name.git/info/lfs/objects/batch",
     RIGHT_CONTENT, batch_create, NULL, 0},
    {"POST", "/{prefix}:namespace/:name.git/info/lfs/verify", RIGHT_WRITE,
     verify_create, NULL, 0},
    {"GET", "/{prefix}:namespace/:name.git/info/lfs/locks", RIGHT_CONTENT,
     locks_refuse, NULL, 0},
    {"POST", "/{prefix}:namespace/:name.git/info/lfs/locks", RIGHT_CONTENT,
     locks_refuse, NULL, 0},
    {"POST", "/{prefix}:namespace/:name.git/info/lfs/locks/verify",
     RIGHT_CONTENT, locks_refuse, NULL, 0},
    {0},
};
