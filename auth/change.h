/*
 * change: the only way to move a ref.
 *
 * Whatever writes to a repository (commit, branch, tag, push, merge) ends here
 * with objects that are in place already.  change_prepare examines what the
 * new commit brings; change_apply then, in one short transaction, compares and
 * moves the ref, keeps the weights, writes the catalogue's row and the log's
 * entry, always in this order of locks, or none of it happens.
 */
#ifndef AUTH_CHANGE_H
#define AUTH_CHANGE_H

#include "auth/caller.h"
#include "auth/examine.h"
#include "auth/release.h"
#include "auth/right.h"
#include "storage/base/error.h"
#include "storage/content/content.h"
#include "storage/db/catalog.h"
#include "storage/db/summary.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

struct change {
    const struct caller *caller;
    const struct standing *standing;
    const struct repository *repository;
    const char *ref;        /* whole: "refs/heads/main" */
    const struct oid *from; /* what it holds now; NULL: it must not exist */
    const struct oid *to;   /* what it shall hold; NULL: it is removed */
    const char *reason;     /* why a release is withdrawn, or NULL */
};

/* What change_apply needs, worked out before the transaction. */
struct change_plan {
    const struct change *change; /* not ours */
    struct oid commit;           /* what change->to comes to */
    struct examination examination;
    struct summary summary;
    bool is_main;    /* the summary is filled */
    bool is_release; /* a tag whose tree is signed; release says how */
    struct release release;
};

/*
 * ERROR_FORBIDDEN without the right to write, ERROR_BAD_REQUEST for a name
 * against the rules or the removal of main, and the errors of examine_commit
 * and release_check.  The plan
 * lives in the view's arena.
 */
int change_prepare(struct change_plan *out, struct view *view,
                   struct content_store *store, const struct change *change,
                   struct error *err);

/*
 * In the caller's transaction.  ERROR_STALE when the ref is not at from,
 * ERROR_CONFLICT when a new one exists already, or a release would move.
 */
int change_apply(struct view *view, const struct change_plan *plan,
                 struct error *err);

/* Both, in a transaction of its own. */
int change_ref(struct view *view, struct content_store *store,
               const struct change *change, struct error *err);

#endif
