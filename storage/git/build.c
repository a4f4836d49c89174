#include "storage/git/build.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/twin.h"
#include "storage/git/entry.h"
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
remove_entry(git_treebuilder *builder, const struct edit *edit,
             const char *name, struct error *err)
{
    const git_tree_entry *entry = git_treebuilder_get(builder, name);
    bool is_folder =
        entry != NULL && git_tree_entry_type(entry) == GIT_OBJECT_TREE;

    if (entry == NULL || is_folder != (edit->kind == EDIT_REMOVE_FOLDER))
        return error_set(err, ERROR_ENTRY_NOT_FOUND,
                         "A file with this name doesn't exist: %.300s",
                         edit->path);
    git_treebuilder_remove(builder, name);
    return 0;
}

static int
write_entry(struct view *view, git_treebuilder *builder,
            const struct edit *edit, const char *name, struct error *err)
{
    const git_tree_entry *entry = git_treebuilder_get(builder, name);
    git_filemode_t mode = GIT_FILEMODE_BLOB;

    if (edit->kind != EDIT_WRITE)
        return remove_entry(builder, edit, name, err);
    if (entry != NULL &&
        git_tree_entry_filemode(entry) == GIT_FILEMODE_BLOB_EXECUTABLE)
        mode = GIT_FILEMODE_BLOB_EXECUTABLE;
    if (git_treebuilder_insert(NULL, builder, name, to_git(&edit->blob), mode) <
        0)
        return library_refuse(view, "write a folder", err);
    return 0;
}

/* Opens the folder called name in the builder; NULL when there is none. */
static int
open_below(git_tree **out, struct view *view, git_treebuilder *builder,
           const char *name, struct error *err)
{
    const git_tree_entry *entry = git_treebuilder_get(builder, name);

    *out = NULL;
    if (entry == NULL || git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        return 0;
    if (git_tree_lookup(out, view->git, git_tree_entry_id(entry)) < 0)
        return library_refuse(view, "read a folder", err);
    return 0;
}

static int
write_below(struct view *view, git_treebuilder *builder, const char *name,
            const struct span *span, struct error *err)
{
    git_tree *base = NULL;
    struct oid below;
    bool is_empty;
    int result = -1;

    if (open_below(&base, view, builder, name, err) < 0 ||
        build_folder(&below, &is_empty, view, base, span, err) < 0)
        goto done;
    if (is_empty && git_treebuilder_get(builder, name) != NULL)
        git_treebuilder_remove(builder, name);
    else if (!is_empty &&
             git_treebuilder_insert(NULL, builder, name, to_git(&below),
                                    GIT_FILEMODE_TREE) < 0) {
        library_refuse(view, "write a folder", err);
        goto done;
    }
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
write_name(size_t *next, struct view *view, git_treebuilder *builder,
           const struct span *span, struct error *err)
{
    const char *path = span->edits[span->first]->path;
    size_t length = strcspn(path + span->depth, "/");
    size_t whole = span->depth + length;
    char *name = arena_bytes(view->arena, path + span->depth, length);
    bool is_written = false;
    size_t i = span->first;

    for (; i < span->end && strlen(span->edits[i]->path) == whole &&
           strncmp(span->edits[i]->path, path, whole) == 0;
         i++) {
        is_written = span->edits[i]->kind == EDIT_WRITE;
        if (write_entry(view, builder, span->edits[i], name, err) < 0)
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
    return write_below(view, builder, name,
                       &(struct span){span->edits, i, *next, whole + 1}, err);
}

/* The names of one folder as a commit leaves it. */
struct names {
    struct arena *arena;
    const git_tree *base; /* the folder before; NULL: there was none */
    const char *folder;   /* its path with '/' at the end, "" for the root */
    struct twin_path *paths;
    size_t count;
    bool has_new;
};

/* Called for each name; 0 keeps it in the builder. */
static int
note_name(const git_tree_entry *entry, void *payload)
{
    struct names *names = payload;
    const char *name = git_tree_entry_name(entry);
    bool is_old =
        names->base != NULL && git_tree_entry_byname(names->base, name) != NULL;

    names->paths[names->count++] = (struct twin_path){
        arena_format(names->arena, "%s%s", names->folder, name), is_old};
    names->has_new = names->has_new || !is_old;
    return 0;
}

/* Twins that are there already stay, so that history can be gone on with. */
static int
check_twins(git_treebuilder *builder, const git_tree *base,
            const struct span *span, struct error *err)
{
    struct arena *arena = arena_open();
    struct names names = {
        .arena = arena,
        .base = base,
        .folder =
            arena_bytes(arena, span->edits[span->first]->path, span->depth),
        .paths = arena_array(arena, git_treebuilder_entrycount(builder),
                             sizeof(*names.paths)),
    };
    int result;

    git_treebuilder_filter(builder, note_name, &names);
    result = names.has_new ? twin_check(names.paths, names.count, err) : 0;
    arena_free(arena);
    return result;
}

static int
build_folder(struct oid *out, bool *out_empty, struct view *view,
             const git_tree *base, const struct span *span, struct error *err)
{
    git_treebuilder *builder = NULL;
    git_oid id;
    int result = -1;

    if (git_treebuilder_new(&builder, view->git, base) < 0) {
        library_refuse(view, "write a folder", err);
        goto done;
    }
    for (size_t next = span->first; next < span->end;) {
        const struct span rest = {span->edits, next, span->end, span->depth};

        if (write_name(&next, view, builder, &rest, err) < 0)
            goto done;
    }
    if (span->first < span->end && check_twins(builder, base, span, err) < 0)
        goto done;
    *out_empty = git_treebuilder_entrycount(builder) == 0;
    /* Git has no empty folder but the root. */
    if ((!*out_empty || span->depth == 0) &&
        git_treebuilder_write(&id, builder) < 0) {
        library_refuse(view, "write a folder", err);
        goto done;
    }
    if (!*out_empty || span->depth == 0)
        *out = from_git(&id);
    result = 0;

done:
    git_treebuilder_free(builder);
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
