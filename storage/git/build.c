#include "storage/git/build.h"

#include <stdlib.h>
#include <string.h>

#include "storage/git/entry.h"
#include "storage/git/folder.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"

/* Edits of one folder: those from first on whose paths begin with it. */
struct span {
    const struct edit *const *edits; /* by path, a removal before a write */
    size_t first;
    size_t end;
    size_t depth; /* bytes of the folder's path with its '/' */
};

int
build_blob(struct oid *out, struct view *view, const void *bytes, size_t length,
           struct error *err)
{
    git_oid id;

    if (git_blob_create_from_buffer(&id, view->git, bytes, length) < 0)
        return library_refuse(view, "write a file", err);
    *out = from_git(&id);
    return 0;
}

int
build_pointer(struct oid *out, struct view *view, const struct pointer *pointer,
              struct error *err)
{
    char text[POINTER_TEXT_SIZE];
    size_t length = pointer_write(text, pointer);

    return build_blob(out, view, text, length, err);
}

static int
compare_edits(const void *a, const void *b)
{
    const struct edit *first = *(const struct edit *const *)a;
    const struct edit *second = *(const struct edit *const *)b;
    const char *x = first->path;
    const char *y = second->path;

    /* '/' before all else keeps what is below a folder together. */
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    if (*x == *y)
        return (first->kind == EDIT_WRITE) - (second->kind == EDIT_WRITE);
    if (*x == '\0' || *y == '\0')
        return *x == '\0' ? -1 : 1;
    if (*x == '/' || *y == '/')
        return *x == '/' ? -1 : 1;
    return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
}

static int build_folder(struct oid *out, bool *out_empty, struct view *view,
                        const git_tree *base, const struct span *span,
                        struct error *err);

static int
remove_item(struct folder_item *item, const struct edit *edit,
            struct error *err)
{
    bool is_folder = item->mode == GIT_FILEMODE_TREE;

    if (item->mode == 0 || is_folder != (edit->kind == EDIT_REMOVE_FOLDER))
        return error_set(err, ERROR_ENTRY_NOT_FOUND,
                         "A file with this name doesn't exist: %.300s",
                         edit->path);
    item->mode = 0;
    return 0;
}

static int
write_item(struct folder_item *item, const struct edit *edit, struct error *err)
{
    if (edit->kind != EDIT_WRITE)
        return remove_item(item, edit, err);
    if (item->mode != GIT_FILEMODE_BLOB_EXECUTABLE)
        item->mode = GIT_FILEMODE_BLOB;
    item->oid = edit->blob;
    return 0;
}

static int
write_below(struct view *view, struct folder_item *item,
            const struct span *span, struct error *err)
{
    git_tree *base = NULL;
    bool is_empty;
    int result = -1;

    if (item->mode == GIT_FILEMODE_TREE &&
        git_tree_lookup(&base, view->git, to_git(&item->oid)) < 0) {
        library_refuse(view, "read a folder", err);
        goto done;
    }
    if (build_folder(&item->oid, &is_empty, view, base, span, err) < 0)
        goto done;
    item->mode = is_empty ? 0 : GIT_FILEMODE_TREE;
    result = 0;

done:
    git_tree_free(base);
    return result;
}

/*
 * Applies the edits of one name in a folder: those of the name itself, then
 * those below it.  *next is where the following name begins.
 */
static int
write_name(size_t *next, struct view *view, struct folder *folder,
           const struct span *span, struct error *err)
{
    const char *path = span->edits[span->first]->path;
    size_t length = strcspn(path + span->depth, "/");
    size_t whole = span->depth + length;
    struct folder_item *item = folder_take(
        folder, arena_bytes(folder->arena, path + span->depth, length));
    bool is_written = false;
    size_t i = span->first;

    for (; i < span->end && strlen(span->edits[i]->path) == whole &&
           strncmp(span->edits[i]->path, path, whole) == 0;
         i++) {
        is_written = span->edits[i]->kind == EDIT_WRITE;
        if (write_item(item, span->edits[i], err) < 0)
            return -1;
    }
    *next = i;
    while (*next < span->end &&
           strncmp(span->edits[*next]->path, path, whole) == 0 &&
           span->edits[*next]->path[whole] == '/')
        ++*next;
    if (*next == i)
        return 0;
    if (is_written)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%.300s would be a file and a folder",
                         span->edits[i - 1]->path);
    return write_below(view, item,
                       &(struct span){span->edits, i, *next, whole + 1}, err);
}

static int
build_folder(struct oid *out, bool *out_empty, struct view *view,
             const git_tree *base, const struct span *span, struct error *err)
{
    struct folder folder;
    const char *above = "";
    int result = -1;

    folder_open(&folder, base);
    for (size_t next = span->first; next < span->end;) {
        const struct span rest = {span->edits, next, span->end, span->depth};

        if (write_name(&next, view, &folder, &rest, err) < 0)
            goto done;
    }
    if (span->depth > 0)
        above = arena_bytes(folder.arena, span->edits[span->first]->path,
                            span->depth);
    if (folder_check_twins(&folder, above, err) < 0)
        goto done;
    *out_empty = folder_is_empty(&folder);
    /* Git has no empty folder but the root. */
    if ((!*out_empty || span->depth == 0) &&
        folder_write(out, &folder, view, err) < 0)
        goto done;
    result = 0;

done:
    folder_close(&folder);
    return result;
}

static int
check_depth(const char *path, struct error *err)
{
    int depth = 0;

    for (const char *at = path; *at != '\0'; at++)
        depth += *at == '/';
    if (depth > ENTRY_DEPTH_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "%.300s is nested too deep",
                         path);
    return 0;
}

static int
check_edits(const struct edit *const *edits, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (check_depth(edits[i]->path, err) < 0)
            return -1;
    for (size_t i = 1; i < count; i++)
        if (strcmp(edits[i - 1]->path, edits[i]->path) == 0 &&
            edits[i - 1]->kind == edits[i]->kind)
            return error_set(err, ERROR_UNPROCESSABLE, "%.300s is given twice",
                             edits[i]->path);
    return 0;
}

static const struct edit *const *
sort_edits(struct arena *arena, const struct build_draft *draft)
{
    const struct edit **edits =
        arena_array(arena, draft->edit_count, sizeof(const struct edit *));

    for (size_t i = 0; i < draft->edit_count; i++)
        edits[i] = &draft->edits[i];
    if (draft->edit_count > 1)
        qsort(edits, draft->edit_count, sizeof(const struct edit *),
              compare_edits);
    return edits;
}

/* Tells libgit2 in one round trip that the blobs exist. */
static int
read_blobs(struct view *view, const struct build_draft *draft,
           struct error *err)
{
    struct oid *oids = xcalloc(draft->edit_count + 1, sizeof(*oids));
    size_t count = 0;
    int result;

    for (size_t i = 0; i < draft->edit_count; i++)
        if (draft->edits[i].kind == EDIT_WRITE)
            oids[count++] = draft->edits[i].blob;
    result = objects_read_headers(view, oids, count, err);
    free(oids);
    return result;
}

static int
write_commit(struct oid *out, struct view *view,
             const struct build_draft *draft, const git_tree *tree,
             const git_commit *parent, struct error *err)
{
    const git_commit *parents[] = {parent};
    git_signature *author = NULL;
    git_oid id;
    int outcome =
        git_signature_new(&author, draft->author_name, draft->author_email,
                          draft->at_ms / 1000, 0);

    if (outcome == 0)
        outcome =
            git_commit_create(&id, view->git, NULL, author, author, "UTF-8",
                              draft->message, tree, parent != NULL, parents);
    git_signature_free(author);
    if (outcome < 0)
        return library_refuse(view, "write a commit", err);
    *out = from_git(&id);
    return 0;
}

int
build_commit(struct oid *out, struct view *view,
             const struct build_draft *draft, struct error *err)
{
    const struct edit *const *edits = sort_edits(view->arena, draft);
    const struct span all = {edits, 0, draft->edit_count, 0};
    git_commit *parent = NULL;
    git_tree *base = NULL;
    git_tree *tree = NULL;
    struct oid root;
    bool is_empty;
    int result = -1;

    if (check_edits(edits, draft->edit_count, err) < 0 ||
        read_blobs(view, draft, err) < 0)
        return -1;
    if (draft->parent != NULL &&
        (git_commit_lookup(&parent, view->git, to_git(draft->parent)) < 0 ||
         git_commit_tree(&base, parent) < 0)) {
        library_refuse(view, "read a commit", err);
        goto done;
    }
    if (build_folder(&root, &is_empty, view, base, &all, err) < 0)
        goto done;
    if (base != NULL && git_oid_equal(git_tree_id(base), to_git(&root))) {
        *out = *draft->parent;
        result = 0;
        goto done;
    }
    if (git_tree_lookup(&tree, view->git, to_git(&root)) < 0) {
        library_refuse(view, "read a folder", err);
        goto done;
    }
    result = write_commit(out, view, draft, tree, parent, err);

done:
    git_tree_free(tree);
    git_tree_free(base);
    git_commit_free(parent);
    return result;
}

int
build_tag(struct oid *out, struct view *view, const struct tag_draft *draft,
          struct error *err)
{
    git_signature *author = NULL;
    git_object *target = NULL;
    git_oid id;
    int outcome = git_object_lookup(&target, view->git, to_git(&draft->target),
                                    GIT_OBJECT_COMMIT);

    if (outcome == 0)
        outcome =
            git_signature_new(&author, draft->author_name, draft->author_email,
                              draft->at_ms / 1000, 0);
    if (outcome == 0)
        outcome = git_tag_annotation_create(&id, view->git, draft->name, target,
                                            author, draft->message);
    git_signature_free(author);
    git_object_free(target);
    if (outcome < 0)
        return library_refuse(view, "write a tag", err);
    *out = from_git(&id);
    return build_flush(view, err);
}

int
build_flush(struct view *view, struct error *err)
{
    return objects_flush(view, err);
}
