#include "storage/git/closure.h"

#include <stdlib.h>
#include <string.h>

#include "storage/git/commit.h"
#include "storage/git/entry.h"
#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"
#include "storage/git/revision.h"

/* Objects in one statement. */
#define BATCH 10000

struct item {
    struct oid oid;
    int depth; /* from 1 */
};

struct work {
    struct view *view;
    const struct wants *wants;
    struct closure *out;
    struct cache *client;  /* commits that the client has */
    struct cache *shallow; /* of them, those without their parents */
    struct cache *seen;    /* objects that need no more looking at */
    struct item *queue;
    size_t count;
    size_t capacity;
};

static bool
is_in(const struct cache *set, const struct oid *oid)
{
    return cache_find(set, oid) != NULL;
}

/* True when it was not there yet. */
static bool
put(struct cache *set, const struct oid *oid)
{
    if (is_in(set, oid))
        return false;
    cache_add(set, oid, OBJECT_COMMIT, 0, NULL);
    return true;
}

static void
append(struct oid_list *list, struct arena *arena, const struct oid *oid)
{
    /* Full when its count is a power of two, from 64 on. */
    if (list->count == 0 ||
        (list->count >= 64 && (list->count & (list->count - 1)) == 0)) {
        size_t capacity = list->count == 0 ? 64 : 2 * list->count;
        struct oid *oids = arena_array(arena, capacity, sizeof(*oids));

        if (list->count > 0)
            memcpy(oids, list->oids, list->count * sizeof(*oids));
        list->oids = oids;
    }
    list->oids[list->count++] = *oid;
}

static void
enqueue(struct work *work, const struct oid *oid, int depth)
{
    if (work->count == work->capacity) {
        work->capacity = work->capacity == 0 ? 256 : 2 * work->capacity;
        work->queue =
            xrealloc(work->queue, work->capacity * sizeof(*work->queue));
    }
    work->queue[work->count++] = (struct item){*oid, depth};
}

static int
open_commit(git_commit **out, struct work *work, const struct oid *oid,
            struct error *err)
{
    if (git_commit_lookup(out, work->view->git, to_git(oid)) < 0)
        return library_refuse(work->view, "read a commit", err);
    return 0;
}

/* Queues the parents that a set does not hold yet, and puts them into it. */
static int
enqueue_parents(struct work *work, struct cache *set, const struct item *item,
                struct error *err)
{
    git_commit *commit = NULL;
    unsigned count;

    if (open_commit(&commit, work, &item->oid, err) < 0)
        return -1;
    count = git_commit_parentcount(commit);
    for (unsigned i = 0; i < count; i++) {
        const struct oid parent = from_git(git_commit_parent_id(commit, i));

        if (put(set, &parent))
            enqueue(work, &parent, item->depth + 1);
    }
    git_commit_free(commit);
    return 0;
}

/* All commits behind those that the client says it has. */
static int
find_client(struct work *work, struct error *err)
{
    const struct wants *wants = work->wants;

    for (size_t i = 0; i < wants->shallows.count; i++) {
        put(work->shallow, &wants->shallows.oids[i]);
        put(work->client, &wants->shallows.oids[i]);
    }
    if (objects_read_headers(work->view, wants->haves.oids, wants->haves.count,
                             err) < 0)
        return -1;
    work->count = 0;
    for (size_t i = 0; i < wants->haves.count; i++) {
        const struct oid *oid = &wants->haves.oids[i];
        const struct cached *known = cache_find(work->view->cache, oid);

        if (known != NULL && known->kind == OBJECT_COMMIT &&
            put(work->client, oid))
            enqueue(work, oid, 1);
    }
    for (size_t i = 0; i < work->count && i < COMMIT_WALK_LIMIT; i++) {
        const struct item item = work->queue[i];

        if (!is_in(work->shallow, &item.oid) &&
            enqueue_parents(work, work->client, &item, err) < 0)
            return -1;
    }
    return 0;
}

/* A want that is a tag goes into the pack, with what it tags wanted instead. */
static int
find_starts(struct work *work, struct cache *met, struct error *err)
{
    struct view *view = work->view;
    const struct oid_list *wants = &work->wants->wants;

    work->count = 0;
    for (size_t i = 0; i < wants->count; i++) {
        struct oid commit;

        if (revision_peel(&commit, view, &wants->oids[i], err) < 0)
            return -1;
        if (!oid_is_equal(&commit, &wants->oids[i]) &&
            put(work->seen, &wants->oids[i]))
            append(&work->out->objects, view->arena, &wants->oids[i]);
        if (put(met, &commit))
            enqueue(work, &commit, 1);
    }
    return 0;
}

/* Notes a commit that is sent, or had, without its parents from now on. */
static int
note_end(struct work *work, const struct item *item, struct error *err)
{
    git_commit *commit = NULL;
    unsigned parents;

    if (open_commit(&commit, work, &item->oid, err) < 0)
        return -1;
    parents = git_commit_parentcount(commit);
    git_commit_free(commit);
    if (parents > 0 && !is_in(work->shallow, &item->oid))
        append(&work->out->shallows, work->view->arena, &item->oid);
    return 0;
}

/* Goes back from the wants; what is left in the queue are commits to send. */
static int
find_commits(struct work *work, struct error *err)
{
    struct cache *met = cache_open();
    int depth = work->wants->depth;
    int result = -1;

    if (find_starts(work, met, err) < 0)
        goto done;
    for (size_t i = 0; i < work->count && i < COMMIT_WALK_LIMIT; i++) {
        const struct item item = work->queue[i];

        if (depth == 0 && is_in(work->client, &item.oid))
            continue;
        if (depth != 0 && item.depth == depth) {
            if (note_end(work, &item, err) < 0)
                goto done;
            continue;
        }
        if (is_in(work->shallow, &item.oid))
            append(&work->out->unshallows, work->view->arena, &item.oid);
        if (enqueue_parents(work, met, &item, err) < 0)
            goto done;
    }
    result = 0;

done:
    cache_free(met);
    return result;
}

static int walk_tree(struct work *work, const struct oid *oid, bool is_sent,
                     int depth, struct error *err);

/* Of one entry: notes it, and adds it to the pack unless the client has it. */
static int
take_entry(struct work *work, const git_tree_entry *entry, bool is_sent,
           int depth, struct error *err)
{
    const struct oid oid = from_git(git_tree_entry_id(entry));

    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        return walk_tree(work, &oid, is_sent, depth + 1, err);
    if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB &&
        put(work->seen, &oid) && is_sent)
        append(&work->out->objects, work->view->arena, &oid);
    return 0;
}

static int
walk_tree(struct work *work, const struct oid *oid, bool is_sent, int depth,
          struct error *err)
{
    git_tree *tree = NULL;
    int result = 0;

    if (!put(work->seen, oid))
        return 0;
    if (depth > ENTRY_DEPTH_LIMIT || work->out->objects.count > CLOSURE_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the repository is too large for one pack");
    if (is_sent)
        append(&work->out->objects, work->view->arena, oid);
    if (git_tree_lookup(&tree, work->view->git, to_git(oid)) < 0)
        return library_refuse(work->view, "read a folder", err);
    for (size_t i = 0; result == 0 && i < git_tree_entrycount(tree); i++)
        result = take_entry(work, git_tree_entry_byindex(tree, i), is_sent,
                            depth, err);
    git_tree_free(tree);
    return result;
}

static int
walk_commit(struct work *work, const struct oid *oid, bool is_sent,
            struct error *err)
{
    git_commit *commit = NULL;
    struct oid tree;

    if (!put(work->seen, oid))
        return 0;
    if (is_sent)
        append(&work->out->objects, work->view->arena, oid);
    if (open_commit(&commit, work, oid, err) < 0)
        return -1;
    tree = from_git(git_commit_tree_id(commit));
    git_commit_free(commit);
    return walk_tree(work, &tree, is_sent, 0, err);
}

/* First what the client's commits hold, so that it is not sent again. */
static int
find_objects(struct work *work, struct error *err)
{
    for (size_t i = 0; i < work->count; i++)
        if (is_in(work->client, &work->queue[i].oid) &&
            walk_commit(work, &work->queue[i].oid, false, err) < 0)
            return -1;
    for (size_t i = 0; i < work->count; i++)
        if (!is_in(work->client, &work->queue[i].oid) &&
            walk_commit(work, &work->queue[i].oid, true, err) < 0)
            return -1;
    return 0;
}

static int
compare_sizes(const void *a, const void *b, void *state)
{
    const struct cached *first = cache_find(state, a);
    const struct cached *second = cache_find(state, b);

    if (first == NULL || second == NULL)
        return (first == NULL) - (second == NULL);
    if (first->kind != second->kind)
        return first->kind < second->kind ? -1 : 1;
    if (first->size != second->size)
        return first->size > second->size ? -1 : 1;
    return memcmp(a, b, OID_BYTES);
}

/* In the order in which libgit2 will read them, twice. */
static int
sort_objects(struct work *work, struct error *err)
{
    struct oid_list *objects = &work->out->objects;

    for (size_t i = 0; i < objects->count; i += BATCH) {
        size_t left = objects->count - i;

        if (objects_read_headers(work->view, objects->oids + i,
                                 left < BATCH ? left : BATCH, err) < 0)
            return -1;
    }
    if (objects->count > 1)
        qsort_r(objects->oids, objects->count, sizeof(*objects->oids),
                compare_sizes, work->view->cache);
    return 0;
}

static int
run(struct closure *out, struct view *view, const struct wants *wants,
    bool with_objects, struct error *err)
{
    struct work work = {.view = view,
                        .wants = wants,
                        .out = out,
                        .client = cache_open(),
                        .shallow = cache_open(),
                        .seen = cache_open()};
    int result = -1;

    *out = (struct closure){0};
    if (objects_read_history(view, err) < 0 || find_client(&work, err) < 0 ||
        find_commits(&work, err) < 0)
        goto done;
    if (with_objects &&
        (find_objects(&work, err) < 0 || sort_objects(&work, err) < 0))
        goto done;
    result = 0;

done:
    free(work.queue);
    cache_free(work.client);
    cache_free(work.shallow);
    cache_free(work.seen);
    return result;
}

int
closure_find_shallow(struct closure *out, struct view *view,
                     const struct wants *wants, struct error *err)
{
    return run(out, view, wants, false, err);
}

int
closure_find(struct closure *out, struct view *view, const struct wants *wants,
             struct error *err)
{
    return run(out, view, wants, true, err);
}
