#include "storage/git/refdb.h"

#include <fnmatch.h>
#include <git2/sys/refdb_backend.h>
#include <git2/sys/refs.h>
#include <git2/sys/repository.h>
#include <stdlib.h>

#include "storage/git/handle.h"
#include "storage/git/ref.h"

#define WRITE_PARAMETERS                                                       \
    git_refdb_backend *parent, const git_reference *ref, int force,            \
        const git_signature *who, const char *message, const git_oid *old,     \
        const char *old_target
#define RENAME_PARAMETERS                                                      \
    git_reference **out, git_refdb_backend *parent, const char *old_name,      \
        const char *new_name, int force, const git_signature *who,             \
        const char *message

struct backend {
    git_refdb_backend parent; /* first: libgit2 sees only this */
    struct view *view;
};

struct iterator {
    git_reference_iterator parent; /* first */
    struct ref_list refs;
    const char *glob; /* in the view's arena, or NULL */
    size_t next;
};

static git_reference *
make_reference(const struct ref *ref)
{
    if (ref->symbolic != NULL)
        return git_reference__alloc_symbolic(ref->name, ref->symbolic);
    return git_reference__alloc(ref->name, to_git(&ref->target), NULL);
}

static int
find_reference(git_reference **out, git_refdb_backend *parent, const char *name)
{
    struct view *view = ((struct backend *)parent)->view;
    struct ref ref;

    if (ref_find(&ref, view, name, &view->failure) < 0)
        return GIT_ERROR;
    if (ref.name == NULL)
        return GIT_ENOTFOUND;
    *out = make_reference(&ref);
    return *out != NULL ? 0 : GIT_ERROR;
}

static int
has_reference(int *out, git_refdb_backend *parent, const char *name)
{
    struct view *view = ((struct backend *)parent)->view;
    struct ref ref;

    if (ref_find(&ref, view, name, &view->failure) < 0)
        return GIT_ERROR;
    *out = ref.name != NULL;
    return 0;
}

static const struct ref *
next_ref(git_reference_iterator *parent)
{
    struct iterator *iterator = (struct iterator *)parent;

    while (iterator->next < iterator->refs.count) {
        const struct ref *ref = &iterator->refs.refs[iterator->next++];

        if (iterator->glob == NULL ||
            fnmatch(iterator->glob, ref->name, 0) == 0)
            return ref;
    }
    return NULL;
}

static int
iterate(git_reference **out, git_reference_iterator *parent)
{
    const struct ref *ref = next_ref(parent);

    if (ref == NULL)
        return GIT_ITEROVER;
    *out = make_reference(ref);
    return *out != NULL ? 0 : GIT_ERROR;
}

static int
iterate_names(const char **out, git_reference_iterator *parent)
{
    const struct ref *ref = next_ref(parent);

    if (ref == NULL)
        return GIT_ITEROVER;
    *out = ref->name;
    return 0;
}

static void
free_iterator(git_reference_iterator *parent)
{
    free(parent);
}

static int
open_iterator(git_reference_iterator **out, git_refdb_backend *parent,
              const char *glob)
{
    struct view *view = ((struct backend *)parent)->view;
    struct iterator *iterator;
    struct ref_list refs;

    if (ref_list(&refs, view, "", &view->failure) < 0)
        return GIT_ERROR;
    iterator = xcalloc(1, sizeof(*iterator));
    iterator->parent.next = iterate;
    iterator->parent.next_name = iterate_names;
    iterator->parent.free = free_iterator;
    iterator->refs = refs;
    iterator->glob = arena_text(view->arena, glob);
    *out = &iterator->parent;
    return 0;
}

/* No ref has a log: the registry's own log tells of moves. */
static int
has_log(git_refdb_backend *parent, const char *name)
{
    (void)parent;
    (void)name;
    return 0;
}

/*
 * What libgit2 insists on and may not do here: a ref moves through ref.c, for
 * auth/change alone.
 */
static int
refuse(const char *name)
{
    git_error_set(GIT_ERROR_REFERENCE, "%s: refs are not moved from here",
                  name);
    return GIT_ERROR;
}

/* The parameters are libgit2's. */
/* NOLINTBEGIN(readability-function-size) */
static int
refuse_write(WRITE_PARAMETERS)
{
    (void)parent;
    (void)force;
    (void)who;
    (void)message;
    (void)old;
    (void)old_target;
    return refuse(git_reference_name(ref));
}

static int
refuse_rename(RENAME_PARAMETERS)
{
    (void)out;
    (void)parent;
    (void)new_name;
    (void)force;
    (void)who;
    (void)message;
    return refuse(old_name);
}
/* NOLINTEND(readability-function-size) */

static int
refuse_remove(git_refdb_backend *parent, const char *name, const git_oid *old,
              const char *old_target)
{
    (void)parent;
    (void)old;
    (void)old_target;
    return refuse(name);
}

static int
refuse_log(git_refdb_backend *parent, const char *name)
{
    (void)parent;
    return refuse(name);
}

static int
refuse_log_read(git_reflog **out, git_refdb_backend *parent, const char *name)
{
    (void)out;
    (void)parent;
    return refuse(name);
}

static int
refuse_log_write(git_refdb_backend *parent, git_reflog *log)
{
    (void)parent;
    (void)log;
    return refuse("reflog");
}

static int
refuse_log_rename(git_refdb_backend *parent, const char *old_name,
                  const char *new_name)
{
    (void)parent;
    (void)new_name;
    return refuse(old_name);
}

static void
free_backend(git_refdb_backend *parent)
{
    free(parent);
}

int
refdb_attach(struct view *view)
{
    struct backend *backend = xcalloc(1, sizeof(*backend));
    git_refdb *refdb = NULL;
    int outcome;

    git_refdb_init_backend(&backend->parent, GIT_REFDB_BACKEND_VERSION);
    backend->view = view;
    backend->parent.exists = has_reference;
    backend->parent.lookup = find_reference;
    backend->parent.iterator = open_iterator;
    backend->parent.write = refuse_write;
    backend->parent.rename = refuse_rename;
    backend->parent.del = refuse_remove;
    backend->parent.has_log = has_log;
    backend->parent.ensure_log = refuse_log;
    backend->parent.reflog_read = refuse_log_read;
    backend->parent.reflog_write = refuse_log_write;
    backend->parent.reflog_rename = refuse_log_rename;
    backend->parent.reflog_delete = refuse_log;
    backend->parent.free = free_backend;
    outcome = git_refdb_new(&refdb, view->git);
    if (outcome == 0)
        outcome = git_refdb_set_backend(refdb, &backend->parent);
    if (outcome < 0)
        free(backend);
    else
        outcome = git_repository_set_refdb(view->git, refdb);
    git_refdb_free(refdb);
    return outcome;
}
