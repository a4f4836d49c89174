/*
 * revision: what a person calls a state of a repository, made a commit.
 *
 * A branch goes before a tag of the same name, both before a whole ref name
 * ("refs/pr/1"), and these before a commit's id, which may be cut to 7 digits.
 * A commit that no ref leads to is not there: it was refused, or withdrawn.
 */
#ifndef STORAGE_GIT_REVISION_H
#define STORAGE_GIT_REVISION_H

#include <stdbool.h>

#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

#define REVISION_DIGITS_LEAST 7

struct revision {
    const char *ref;   /* the whole name; NULL for a commit's id */
    struct oid target; /* what the ref holds: the tag object, if it is one */
    struct oid commit; /* what it comes to */
};

/* ERROR_REVISION_NOT_FOUND when nothing is called so. */
int revision_find(struct revision *out, struct view *view, const char *text,
                  struct error *err);

/* Whether some branch, tag or pull request leads to the commit. */
int revision_is_reachable(bool *out, struct view *view,
                          const struct oid *commit, struct error *err);

/* What a tag object comes to; a commit is itself. */
int revision_peel(struct oid *out, struct view *view, const struct oid *oid,
                  struct error *err);

#endif
