#include "storage/git/commit.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/clock.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"

/* A commit not made here may name any second. */
static int64_t
read_time(const git_commit *commit)
{
    int64_t at_ms;

    if (__builtin_mul_overflow((int64_t)git_commit_time(commit), 1000, &at_ms))
        return CLOCK_NEVER;
    return at_ms;
}

static void
fill_commit(struct commit *out, struct arena *arena, const git_commit *commit)
{
    const char *message = git_commit_message(commit);
    const char *title = message + strspn(message, "\n");
    size_t length = strcspn(title, "\n");
    const char *body = title + length;
    const git_signature *author = git_commit_author(commit);

    body += strspn(body, "\n");
    *out = (struct commit){
        .oid = from_git(git_commit_id(commit)),
        .tree = from_git(git_commit_tree_id(commit)),
        .parent_count = git_commit_parentcount(commit),
        .title = arena_bytes(arena, title, length),
        .body = arena_text(arena, body),
        .author_name = arena_text(arena, author->name),
        .author_email = arena_text(arena, author->email),
        .at_ms = read_time(commit),
    };
    if (out->parent_count > 0)
        out->parent = from_git(git_commit_parent_id(commit, 0));
}

int
commit_read(struct commit *out, struct view *view, const struct oid *oid,
            struct error *err)
{
    git_commit *commit = NULL;
    int outcome = git_commit_lookup(&commit, view->git, to_git(oid));

    if (outcome == GIT_ENOTFOUND)
        return error_set(err, ERROR_REVISION_NOT_FOUND, NULL);
    if (outcome < 0)
        return library_refuse(view, "read a commit", err);
    fill_commit(out, view->arena, commit);
    git_commit_free(commit);
    return 0;
}

int
commit_list(struct commit_list *out, struct view *view,
            const struct commit_range *range, struct error *err)
{
    git_revwalk *walk = NULL;
    git_oid id;
    int outcome = 0;
    int result = -1;

    *out = (struct commit_list){0};
    out->commits =
        arena_array(view->arena, range->limit, sizeof(*out->commits));
    if (objects_read_commits(view, err) < 0)
        return -1;
    if (git_revwalk_new(&walk, view->git) < 0 ||
        git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME) < 0 ||
        git_revwalk_push(walk, to_git(&range->from)) < 0) {
        library_refuse(view, "walk", err);
        goto done;
    }
    while (out->total < COMMIT_WALK_LIMIT &&
           (outcome = git_revwalk_next(&id, walk)) == 0) {
        size_t place = out->total++;
        const struct oid oid = from_git(&id);

        if (place < range->skip || out->count == range->limit)
            continue;
        if (commit_read(&out->commits[out->count++], view, &oid, err) < 0)
            goto done;
    }
    if (outcome < 0 && outcome != GIT_ITEROVER) {
        library_refuse(view, "walk", err);
        goto done;
    }
    result = 0;

done:
    git_revwalk_free(walk);
    return result;
}

/* Whether the commit has the entry just so.  -1 when it can't be read. */
static int
has_entry(struct view *view, const struct oid *tree, const struct entry *entry,
          struct error *err)
{
    git_tree *root = NULL;
    git_tree_entry *found = NULL;
    int outcome = git_tree_lookup(&root, view->git, to_git(tree));

    if (outcome == 0)
        outcome = git_tree_entry_bypath(&found, root, entry->path);
    if (outcome == 0)
        outcome = git_oid_equal(git_tree_entry_id(found), to_git(&entry->oid));
    else if (outcome == GIT_ENOTFOUND)
        outcome = 0;
    else
        library_refuse(view, "look back", err);
    git_tree_entry_free(found);
    git_tree_free(root);
    return outcome;
}

/* Names commit for the entries that its parent lacks or has otherwise. */
static int
mark_changed(struct commit **last, struct view *view,
             const struct entry_list *entries, struct commit *const pair[2],
             struct error *err)
{
    int left = 0;

    for (size_t i = 0; i < entries->count; i++) {
        int is_same = 0;

        if (last[i] != NULL)
            continue;
        if (pair[1] != NULL)
            is_same =
                has_entry(view, &pair[1]->tree, &entries->entries[i], err);
        if (is_same < 0)
            return -1;
        if (is_same)
            left++;
        else
            last[i] = pair[0];
    }
    return left;
}

int
commit_find_last(struct commit ***out, struct view *view,
                 const struct oid *from, const struct entry_list *entries,
                 struct error *err)
{
    struct commit **last =
        arena_array(view->arena, entries->count, sizeof(struct commit *));
    struct commit *pair[2] = {arena_alloc(view->arena, sizeof(**last)), NULL};
    int left = 1;

    if (objects_read_history(view, err) < 0 ||
        commit_read(pair[0], view, from, err) < 0)
        return -1;
    for (int step = 0; left > 0; step++, pair[0] = pair[1]) {
        pair[1] = NULL;
        if (pair[0]->parent_count > 0 && step < COMMIT_LAST_LIMIT) {
            pair[1] = arena_alloc(view->arena, sizeof(*pair[1]));
            if (commit_read(pair[1], view, &pair[0]->parent, err) < 0)
                return -1;
        }
        left = mark_changed(last, view, entries, pair, err);
        if (left < 0)
            return -1;
    }
    *out = last;
    return 0;
}
