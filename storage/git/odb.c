#include "storage/git/odb.h"

#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>

#include "storage/git/handle.h"
#include "storage/git/objects.h"

struct backend {
    git_odb_backend parent; /* first: libgit2 sees only this */
    struct view *view;      /* frees the backend, through libgit2 */
};

static struct view *
view_of(git_odb_backend *backend)
{
    return ((struct backend *)backend)->view;
}

static int
give(void **out, size_t *out_length, git_object_t *out_kind,
     git_odb_backend *backend, const struct cached *object)
{
    /* libgit2 wants a buffer even for nothing. */
    *out = git_odb_backend_data_alloc(backend, (size_t)object->size + 1);
    if (*out == NULL)
        return GIT_ERROR;
    memcpy(*out, object->bytes, (size_t)object->size);
    *out_length = (size_t)object->size;
    *out_kind = (git_object_t)object->kind;
    return 0;
}

static int
read_object(void **out, size_t *out_length, git_object_t *out_kind,
            git_odb_backend *backend, const git_oid *id)
{
    struct view *view = view_of(backend);
    const struct oid oid = from_git(id);
    const struct cached *object;

    if (objects_find(&object, view, &oid, &view->failure) < 0)
        return GIT_ERROR;
    if (object == NULL || object->bytes == NULL)
        return GIT_ENOTFOUND;
    return give(out, out_length, out_kind, backend, object);
}

static int
read_header(size_t *out_length, git_object_t *out_kind,
            git_odb_backend *backend, const git_oid *id)
{
    struct view *view = view_of(backend);
    const struct oid oid = from_git(id);
    const struct cached *object;

    if (objects_read_headers(view, &oid, 1, &view->failure) < 0)
        return GIT_ERROR;
    object = cache_find(view->cache, &oid);
    if (object == NULL)
        return GIT_ENOTFOUND;
    *out_length = (size_t)object->size;
    *out_kind = (git_object_t)object->kind;
    return 0;
}

static int
write_object(git_odb_backend *backend, const git_oid *id, const void *bytes,
             size_t length, git_object_t kind)
{
    struct view *view = view_of(backend);
    const struct oid oid = from_git(id);

    return objects_write(view, &oid, (int)kind, bytes, length, &view->failure);
}

static int
has_object(git_odb_backend *backend, const git_oid *id)
{
    size_t length;
    git_object_t kind;

    return read_header(&length, &kind, backend, id) == 0;
}

/*
 * Asked before each write whether the object is there already.  Only what is
 * known counts: the row that is there twice is refused by its key, silently.
 */
static int
freshen(git_odb_backend *backend, const git_oid *id)
{
    const struct oid oid = from_git(id);

    return cache_find(view_of(backend)->cache, &oid) != NULL ? 0 : -1;
}

static void
free_backend(git_odb_backend *backend)
{
    free(backend);
}

int
odb_attach(struct view *view)
{
    struct backend *backend = xcalloc(1, sizeof(*backend));
    git_odb *odb = NULL;
    int outcome;

    git_odb_init_backend(&backend->parent, GIT_ODB_BACKEND_VERSION);
    backend->view = view;
    backend->parent.read = read_object;
    backend->parent.read_header = read_header;
    backend->parent.write = write_object;
    backend->parent.exists = has_object;
    backend->parent.freshen = freshen;
    backend->parent.free = free_backend;
    outcome = git_odb_new(&odb);
    if (outcome == 0)
        outcome = git_odb_add_backend(odb, &backend->parent, 1);
    if (outcome < 0)
        free(backend);
    else
        outcome = git_repository_set_odb(view->git, odb);
    git_odb_free(odb);
    return outcome;
}
