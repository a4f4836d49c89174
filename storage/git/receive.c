#include "storage/git/receive.h"

#include <git2/odb_backend.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"

#define PIECE_BYTES ((size_t)64 * 1024)

/* One pack on its way into rows. */
struct receipt {
    struct view *view;
    git_odb *pack; /* the indexed pack, alone */
    size_t count;
};

/* What libgit2 finds wrong with a pack is the sender's matter. */
static int
refuse(struct view *view, struct error *err)
{
    const git_error *last = git_error_last();

    if (view->failure.code != ERROR_NONE)
        return library_refuse(view, "index", err);
    return error_set(err, ERROR_UNPROCESSABLE, "the pack is malformed: %.200s",
                     last != NULL ? last->message : "unknown");
}

static int
index_pieces(git_indexer *indexer, struct view *view, const struct source *pack,
             struct error *err)
{
    git_indexer_progress progress = {0};
    char piece[PIECE_BYTES];

    for (uint64_t at = 0; at < pack->size_bytes; at += PIECE_BYTES) {
        uint64_t left = pack->size_bytes - at;
        size_t length = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;

        if (source_read(pack, piece, at, length, err) < 0)
            return -1;
        if (git_indexer_append(indexer, piece, length, &progress) < 0)
            return refuse(view, err);
        if (progress.total_objects > RECEIVE_OBJECTS_LIMIT)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "a pack has at most %d objects",
                             RECEIVE_OBJECTS_LIMIT);
    }
    if (git_indexer_commit(indexer, &progress) < 0)
        return refuse(view, err);
    return 0;
}

/* *out is the path of the index, in the view's arena. */
static int
index_pack(const char **out, struct view *view, const char *folder,
           const struct source *pack, struct error *err)
{
    git_indexer *indexer = NULL;
    git_odb *odb = NULL;
    int result = -1;

    if (git_repository_odb(&odb, view->git) < 0 ||
        git_indexer_new(&indexer, folder, 0600, odb, NULL) < 0) {
        library_refuse(view, "index", err);
        goto done;
    }
    if (index_pieces(indexer, view, pack, err) < 0)
        goto done;
    *out = arena_format(view->arena, "%s/pack-%s.idx", folder,
                        git_indexer_name(indexer));
    result = 0;

done:
    git_indexer_free(indexer);
    git_odb_free(odb);
    return result;
}

static int
refuse_tree(struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE, "a folder is malformed");
}

/*
 * A tree is entries of "mode name NUL oid".  Only files and folders, under
 * names that text_check_path takes: no link, no submodule, no ".git".
 */
static int
check_tree(const char *bytes, size_t length, struct error *err)
{
    static const char *const modes[] = {"100644", "100755", "40000"};
    const char *end = bytes + length;

    while (bytes < end) {
        const char *space = memchr(bytes, ' ', (size_t)(end - bytes));
        const char *nul = memchr(bytes, '\0', (size_t)(end - bytes));
        bool is_known = false;

        if (space == NULL || nul == NULL || nul < space ||
            end - nul < OID_BYTES + 1)
            return refuse_tree(err);
        for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
            is_known =
                is_known || ((size_t)(space - bytes) == strlen(modes[i]) &&
                             memcmp(bytes, modes[i], strlen(modes[i])) == 0);
        if (!is_known)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "%.200s is neither a file nor a folder",
                             space + 1);
        if (strchr(space + 1, '/') != NULL)
            return refuse_tree(err);
        if (text_check_path(space + 1, err) < 0)
            return -1;
        bytes = nul + 1 + OID_BYTES;
    }
    return 0;
}

static int
take_object(struct receipt *receipt, const git_oid *id, struct error *err)
{
    const struct oid oid = from_git(id);
    git_odb_object *object = NULL;
    git_object_t kind;
    size_t length;
    int result = -1;

    if (git_odb_read_header(&length, &kind, receipt->pack, id) < 0)
        return refuse(receipt->view, err);
    if (length > RECEIVE_OBJECT_LIMIT_BYTES)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a file in git has at most %zu bytes: keep larger "
                         "ones by git-lfs",
                         RECEIVE_OBJECT_LIMIT_BYTES);
    if (git_odb_read(&object, receipt->pack, id) < 0)
        return refuse(receipt->view, err);
    if (kind == GIT_OBJECT_TREE &&
        check_tree(git_odb_object_data(object), length, err) < 0)
        goto done;
    result = objects_write(receipt->view, &oid, (int)kind,
                           git_odb_object_data(object), length, err);
    receipt->count++;

done:
    git_odb_object_free(object);
    return result;
}

static int
take_one(const git_oid *id, void *state)
{
    struct receipt *receipt = state;

    return take_object(receipt, id, &receipt->view->failure);
}

static int
take_objects(size_t *out, struct view *view, const char *index,
             struct error *err)
{
    struct receipt receipt = {.view = view};
    git_odb_backend *backend = NULL;
    int result = -1;

    if (git_odb_new(&receipt.pack) < 0 ||
        git_odb_backend_one_pack(&backend, index) < 0 ||
        git_odb_add_backend(receipt.pack, backend, 1) < 0 ||
        git_odb_foreach(receipt.pack, take_one, &receipt) < 0) {
        library_refuse(view, "read a pack", err);
        goto done;
    }
    *out = receipt.count;
    result = objects_flush(view, err);

done:
    git_odb_free(receipt.pack);
    return result;
}

int
receive_pack(size_t *out, struct view *view, const char *folder,
             const struct source *pack, struct error *err)
{
    char *place = arena_format(view->arena, "%s/pack.XXXXXX", folder);
    struct error ignored;
    const char *index;
    int result = -1;

    if (mkdtemp(place) == NULL)
        return error_set_system(err, "receive");
    if (index_pack(&index, view, place, pack, err) == 0)
        result = take_objects(out, view, index, err);
    file_remove_tree(place, &ignored);
    if (result < 0)
        objects_drop(view);
    return result;
}
