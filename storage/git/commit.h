/*
 * commit: commits and their history.
 *
 * Records whose texts live in the view's arena.  Walking a history reads its
 * commits in one round trip.
 */
#ifndef STORAGE_GIT_COMMIT_H
#define STORAGE_GIT_COMMIT_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/git/entry.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

/* A walk ends here, and the total says so much. */
#define COMMIT_WALK_LIMIT 100000
/* How far back the last change of a file is looked for. */
#define COMMIT_LAST_LIMIT 1000

struct commit {
    struct oid oid;
    struct oid tree;
    struct oid parent; /* the first; zero for none */
    size_t parent_count;
    const char *title; /* the first line */
    const char *body;  /* the rest, without the blank line; "" for none */
    const char *author_name;
    const char *author_email;
    int64_t at_ms; /* of the committer; CLOCK_NEVER beyond what fits */
};

struct commit_list {
    struct commit *commits; /* newest first */
    size_t count;
    size_t total; /* of the whole history */
};

struct commit_range {
    struct oid from;
    size_t skip;
    size_t limit;
};

/* ERROR_REVISION_NOT_FOUND when the repository has no such commit. */
int commit_read(struct commit *out, struct view *view, const struct oid *oid,
                struct error *err);

int commit_list(struct commit_list *out, struct view *view,
                const struct commit_range *range, struct error *err);

/*
 * For each entry the last commit that changed it, looking back along first
 * parents; where that is too far, the oldest one seen.  *out has an item for
 * each.
 */
int commit_find_last(struct commit ***out, struct view *view,
                     const struct oid *from, const struct entry_list *entries,
                     struct error *err);

#endif
