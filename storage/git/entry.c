#include "storage/git/entry.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/text.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"

/* Where a walk over a tree puts what it finds. */
struct walk {
    struct view *view;
    bool is_recursive;
    bool is_files_alone;
    struct entry *entries; /* owned until it is copied to the arena */
    size_t count;
    size_t capacity;
};

static int
not_found(const char *path, struct error *err)
{
    return error_set(err, ERROR_ENTRY_NOT_FOUND, "%.300s does not exist", path);
}

uint64_t
entry_size(const struct entry *entry)
{
    return entry->is_weights ? entry->pointer.size_bytes : entry->blob_bytes;
}

static int
open_root(git_tree **out, struct view *view, const struct oid *commit,
          struct error *err)
{
    git_commit *found = NULL;
    int outcome = git_commit_lookup(&found, view->git, to_git(commit));

    if (outcome == 0)
        outcome = git_commit_tree(out, found);
    git_commit_free(found);
    return outcome < 0 ? library_refuse(view, "read a commit", err) : 0;
}

static int
open_folder(git_tree **out, struct view *view, const struct oid *commit,
            const char *path, struct error *err)
{
    git_tree_entry *entry = NULL;
    git_tree *root = NULL;
    int outcome;
    int result = -1;

    if (path[0] != '\0' && text_check_path(path, err) < 0)
        return not_found(path, err);
    if (open_root(&root, view, commit, err) < 0)
        return -1;
    if (path[0] == '\0') {
        *out = root;
        return 0;
    }
    outcome = git_tree_entry_bypath(&entry, root, path);
    if (outcome == GIT_ENOTFOUND ||
        (outcome == 0 && git_tree_entry_type(entry) != GIT_OBJECT_TREE)) {
        not_found(path, err);
        goto done;
    }
    if (outcome < 0 ||
        git_tree_lookup(out, view->git, git_tree_entry_id(entry)) < 0) {
        library_refuse(view, "read a folder", err);
        goto done;
    }
    result = 0;

done:
    git_tree_entry_free(entry);
    git_tree_free(root);
    return result;
}

/* Adds one entry; true when there are too many. */
static bool
keep(struct walk *walk, const char *folder, const git_tree_entry *entry)
{
    struct entry *kept;

    if (walk->count == ENTRY_LIMIT)
        return true;
    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity == 0 ? 64 : 2 * walk->capacity;
        walk->entries =
            xrealloc(walk->entries, walk->capacity * sizeof(*walk->entries));
    }
    kept = &walk->entries[walk->count++];
    *kept = (struct entry){
        .path = arena_format(walk->view->arena, "%s%s%s", folder,
                             folder[0] != '\0' ? "/" : "",
                             git_tree_entry_name(entry)),
        .is_folder = git_tree_entry_type(entry) == GIT_OBJECT_TREE,
        .oid = from_git(git_tree_entry_id(entry)),
    };
    return false;
}

/* Brings the folders below a folder with one round trip for all of them. */
static int
read_subfolders(struct view *view, const git_tree *tree, struct error *err)
{
    size_t count = git_tree_entrycount(tree);
    struct oid *oids = xcalloc(count, sizeof(*oids));
    size_t found = 0;
    int result;

    for (size_t i = 0; i < count; i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

        if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
            oids[found++] = from_git(git_tree_entry_id(entry));
    }
    result = objects_read(view, oids, found, err);
    free(oids);
    return result;
}

static int
walk_folder(struct walk *walk, const git_tree *tree, const char *folder,
            int depth, struct error *err)
{
    if (depth > ENTRY_DEPTH_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "%.300s is nested too deep",
                         folder);
    if (walk->is_recursive && read_subfolders(walk->view, tree, err) < 0)
        return -1;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);
        bool is_folder = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
        git_tree *below = NULL;
        const char *path;
        int outcome;

        if (keep(walk, folder, entry))
            return error_set(err, ERROR_UNPROCESSABLE,
                             "the commit has more than %d files", ENTRY_LIMIT);
        path = walk->entries[walk->count - 1].path;
        if (is_folder && walk->is_files_alone)
            walk->count--;
        if (!is_folder || !walk->is_recursive)
            continue;
        if (git_tree_lookup(&below, walk->view->git, git_tree_entry_id(entry)) <
            0)
            return library_refuse(walk->view, "read a folder", err);
        outcome = walk_folder(walk, below, path, depth + 1, err);
        git_tree_free(below);
        if (outcome < 0)
            return -1;
    }
    return 0;
}

/*
 * Git sorts a folder as if its name ended in '/'; so does the walk's order,
 * and so is the path that a page goes on after.
 */
static bool
is_after(const struct entry *entry, const char *after)
{
    size_t length = strlen(entry->path);
    int order = strncmp(entry->path, after, length);

    if (order != 0)
        return order > 0;
    if (entry->is_folder)
        return after[length] == '\0' || after[length] < '/';
    return false;
}

static void
fill_file(struct entry *entry, struct view *view)
{
    const struct cached *object = cache_find(view->cache, &entry->oid);
    struct error ignored;

    if (object == NULL)
        return;
    entry->blob_bytes = object->size;
    entry->is_weights = object->bytes != NULL &&
                        pointer_is_text(object->bytes, (size_t)object->size) &&
                        pointer_parse(&entry->pointer, object->bytes,
                                      (size_t)object->size, &ignored) == 0;
}

/* What git holds for the files of a page, in one round trip. */
static int
fill_files(struct view *view, struct entry *entries, size_t count,
           struct error *err)
{
    struct oid *oids = xcalloc(count + 1, sizeof(*oids));
    size_t files = 0;
    int result;

    for (size_t i = 0; i < count; i++)
        if (!entries[i].is_folder)
            oids[files++] = entries[i].oid;
    result = objects_read_headers(view, oids, files, err);
    for (size_t i = 0; result == 0 && i < count; i++)
        if (!entries[i].is_folder)
            fill_file(&entries[i], view);
    free(oids);
    return result;
}

static int
cut_page(struct entry_list *out, const struct walk *walk,
         const struct entry_range *range, struct error *err)
{
    size_t first = 0;

    while (range->after != NULL && first < walk->count &&
           !is_after(&walk->entries[first], range->after))
        first++;
    out->count = walk->count - first;
    if (range->limit != 0 && out->count > range->limit) {
        out->count = range->limit;
        out->has_more = true;
    }
    out->entries =
        arena_array(walk->view->arena, out->count, sizeof(*out->entries));
    if (out->count > 0)
        memcpy(out->entries, walk->entries + first,
               out->count * sizeof(*out->entries));
    return fill_files(walk->view, out->entries, out->count, err);
}

int
entry_list(struct entry_list *out, struct view *view, const struct oid *commit,
           const struct entry_range *range, struct error *err)
{
    struct walk walk = {.view = view,
                        .is_recursive = range->is_recursive,
                        .is_files_alone = range->is_files_alone};
    git_tree *tree = NULL;
    int result = -1;

    *out = (struct entry_list){0};
    if (open_folder(&tree, view, commit, range->folder, err) < 0)
        return -1;
    if (walk_folder(&walk, tree, range->folder, 0, err) < 0 ||
        cut_page(out, &walk, range, err) < 0)
        goto done;
    result = 0;

done:
    free(walk.entries);
    git_tree_free(tree);
    return result;
}

int
entry_pick(struct entry_list *out, struct view *view, const struct oid *commit,
           const struct entry_wish *wish, struct error *err)
{
    git_tree *root = NULL;
    int result = -1;

    *out = (struct entry_list){0};
    out->entries = arena_array(view->arena, wish->count, sizeof(*out->entries));
    if (open_root(&root, view, commit, err) < 0)
        return -1;
    for (size_t i = 0; i < wish->count; i++) {
        git_tree_entry *found = NULL;
        int outcome;

        if (text_check_path(wish->paths[i], err) < 0)
            continue;
        outcome = git_tree_entry_bypath(&found, root, wish->paths[i]);
        if (outcome == 0)
            out->entries[out->count++] = (struct entry){
                .path = wish->paths[i],
                .is_folder = git_tree_entry_type(found) == GIT_OBJECT_TREE,
                .oid = from_git(git_tree_entry_id(found))};
        git_tree_entry_free(found);
        if (outcome < 0 && outcome != GIT_ENOTFOUND) {
            library_refuse(view, "find a file", err);
            goto done;
        }
    }
    result = fill_files(view, out->entries, out->count, err);

done:
    git_tree_free(root);
    return result;
}

int
entry_find(struct entry *out, struct view *view, const struct oid *commit,
           const char *path, struct error *err)
{
    const struct entry_wish wish = {&path, 1};
    struct entry_list found;

    if (entry_pick(&found, view, commit, &wish, err) < 0)
        return -1;
    if (found.count == 0)
        return not_found(path, err);
    *out = found.entries[0];
    return 0;
}

int
entry_peek(const void **out, size_t *out_length, struct view *view,
           const struct entry *entry, struct error *err)
{
    const struct cached *object;

    if (objects_find(&object, view, &entry->oid, err) < 0)
        return -1;
    if (object == NULL || object->bytes == NULL)
        return not_found(entry->path, err);
    *out_length = (size_t)object->size;
    *out = object->bytes;
    return 0;
}

int
entry_read(const void **out, size_t *out_length, struct view *view,
           const struct entry *entry, struct error *err)
{
    if (entry_peek(out, out_length, view, entry, err) < 0)
        return -1;
    *out = arena_bytes(view->arena, *out, *out_length);
    return 0;
}

void
entry_expect(struct view *view, const struct entry *const *files, size_t count)
{
    struct oid *oids = arena_array(view->arena, count, sizeof(*oids));

    for (size_t i = 0; i < count; i++)
        oids[i] = files[i]->oid;
    view->ahead = (struct ahead){.oids = oids, .count = count};
}
