#include "storage/git/view.h"

#include <git2/sys/repository.h>
#include <stdlib.h>

#include "storage/git/handle.h"
#include "storage/git/library.h"
#include "storage/git/objects.h"
#include "storage/git/odb.h"
#include "storage/git/refdb.h"
#include "storage/git/setting.h"

static void
free_view(void *state)
{
    struct view *view = state;

    git_repository_free(view->git);
    objects_drop(view);
    cache_free(view->cache);
    free(view);
}

int
view_open(struct view **out, struct db *db, struct arena *arena,
          int64_t repository, struct error *err)
{
    struct view *view;

    if (library_start(err) < 0)
        return -1;
    view = xcalloc(1, sizeof(*view));
    view->db = db;
    view->arena = arena;
    view->repository = repository;
    view->cache = cache_open();
    arena_defer(arena, free_view, view);
    if (git_repository_new(&view->git) < 0 || setting_attach(view) < 0 ||
        odb_attach(view) < 0 || refdb_attach(view) < 0)
        return library_refuse(view, "open", err);
    *out = view;
    return 0;
}

struct db *
view_db(const struct view *view)
{
    return view->db;
}

struct arena *
view_arena(const struct view *view)
{
    return view->arena;
}

int64_t
view_repository(const struct view *view)
{
    return view->repository;
}
