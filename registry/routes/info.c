/* info: what a repository is, in the shape of the Hub's model_info. */
#include <string.h>

#include "auth/describe.h"
#include "registry/routes/routes.h"
#include "registry/routes/shape.h"
#include "registry/routes/target.h"
#include "storage/db/summary.h"
#include "storage/git/commit.h"
#include "storage/model/card.h"

/* One member of "siblings". */
static json_t *
shape_sibling(const struct entry *file, bool is_masked, bool with_blobs)
{
    json_t *item = json_pack("{s:s}", "rfilename", file->path);

    if (!with_blobs)
        return item;
    json_object_set_new(item, "size",
                        json_integer((json_int_t)entry_size(file)));
    json_object_set_new(item, "blobId", shape_oid(&file->oid));
    if (file->is_weights)
        json_object_set_new(item, "lfs",
                            shape_weights(file, is_masked, "sha256"));
    return item;
}

static int
add_siblings(json_t *info, struct request *request, const struct target *target,
             struct error *err)
{
    const struct entry_range all = {
        .folder = "", .is_recursive = true, .is_files_alone = true};
    bool with_blobs = request_query_flag(request, "blobs");
    json_t *siblings = json_array();
    struct entry_list files;
    bool is_masked = false;

    json_object_set_new(info, "siblings", siblings);
    if (oid_is_zero(&target->revision.commit))
        return 0;
    if (with_blobs && target_is_masked(&is_masked, request, target, err) < 0)
        return -1;
    if (entry_list(&files, target->view, &target->revision.commit, &all, err) <
        0)
        return -1;
    for (size_t i = 0; i < files.count; i++)
        json_array_append_new(
            siblings, shape_sibling(&files.entries[i], is_masked, with_blobs));
    return 0;
}

/* The card of another revision than the head of main. */
static int
set_card(json_t *info, const struct target *target, struct error *err)
{
    const struct oid *commit = &target->revision.commit;
    struct entry_wish wish = {(const char *[]){DESCRIBE_CARD}, 1};
    struct entry_list found;
    const void *bytes;
    size_t length;
    struct card card;

    json_object_set_new(info, "cardData", json_object());
    if (entry_pick(&found, target->view, commit, &wish, err) < 0)
        return -1;
    if (found.count == 0 || found.entries[0].is_folder ||
        found.entries[0].blob_bytes > CARD_LIMIT_BYTES)
        return 0;
    if (entry_read(&bytes, &length, target->view, &found.entries[0], err) < 0)
        return -1;
    /* What a branch holds was not checked as main is. */
    if (card_parse(&card, view_arena(target->view), bytes, length, err) == 0)
        json_object_set(info, "cardData", card.data);
    return 0;
}

/* Sets what depends on the revision. */
static int
set_revision(json_t *info, const struct target *target,
             const struct summary *summary, struct error *err)
{
    const struct oid *oid = &target->revision.commit;
    struct commit commit;

    if (oid_is_zero(oid))
        return 0;
    if (commit_read(&commit, target->view, oid, err) < 0)
        return -1;
    json_object_set_new(info, "sha", shape_oid(oid));
    json_object_set_new(info, "lastModified", shape_time(commit.at_ms));
    if (memcmp(oid->bytes, summary->head, sizeof(summary->head)) == 0)
        return 0;
    return set_card(info, target, err);
}

static int
answer(struct request *request, struct response *response,
       const struct target *target, struct error *err)
{
    struct summary summary;
    json_t *info;

    if (shape_check_expand(request, request->repository.kind, err) < 0 ||
        summary_find(&summary, request->db, request->arena,
                     request->repository.id, err) < 0)
        return -1;
    info = json_keep(
        request->arena,
        shape_repository(request->arena, &request->repository, &summary));
    if (set_revision(info, target, &summary, err) < 0)
        return -1;
    if ((request_query_at(request, "expand", 0) == NULL ||
         shape_is_expanded(request, "siblings")) &&
        add_siblings(info, request, target, err) < 0)
        return -1;
    if (request_query_flag(request, "securityStatus"))
        json_object_set_new(
            info, "securityRepoStatus",
            json_pack("{s:b, s:[]}", "scansDone", 1, "filesWithIssues"));
    response_json(
        response, 200,
        json_keep(request->arena, shape_expand(request, json_incref(info))));
    return 0;
}

/* Of main; a repository without a commit is shown all the same. */
static int
info_show(struct request *request, struct response *response, struct error *err)
{
    struct target target;

    if (target_open(&target, request, err) < 0)
        return -1;
    if (revision_find(&target.revision, target.view, "main", err) < 0 &&
        err->code != ERROR_REVISION_NOT_FOUND)
        return -1;
    return answer(request, response, &target, err);
}

static int
info_show_revision(struct request *request, struct response *response,
                   struct error *err)
{
    struct target target;

    if (target_find(&target, request, err) < 0)
        return -1;
    return answer(request, response, &target, err);
}

const struct route info_routes[] = {
    {"GET", "/api/{types}/:namespace/:name", RIGHT_SEE, info_show, NULL, 0},
    {"GET", "/api/{types}/:namespace/:name/revision/:revision", RIGHT_SEE,
     info_show_revision, NULL, 0},
    {0},
};
