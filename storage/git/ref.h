/*
 * ref: the names of a repository: branches, tags, HEAD, pull requests.
 *
 * Reading is for everybody; ref_set and ref_remove are auth/change's, which
 * holds what belongs to a move together in one transaction.
 */
#ifndef STORAGE_GIT_REF_H
#define STORAGE_GIT_REF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

#define REF_MAIN "refs/heads/main"
#define REF_BRANCHES "refs/heads/"
#define REF_TAGS "refs/tags/"
#define REF_PULLS "refs/pr/"
#define REF_NAME_LIMIT 255 /* bytes */

struct ref {
    const char *name;     /* whole: "refs/heads/main", "HEAD" */
    const char *symbolic; /* the name that it stands for, or NULL */
    struct oid target;    /* zero when symbolic; perhaps a tag object */
};

struct ref_list {
    const struct ref *refs; /* by name, byte for byte */
    size_t count;
};

/* Those whose whole name begins with prefix; "" for all. */
int ref_list(struct ref_list *out, struct view *view, const char *prefix,
             struct error *err);

/* out->name is NULL when there is no such ref, which is not an error. */
int ref_find(struct ref *out, struct view *view, const char *name,
             struct error *err);

/*
 * Git's rules for names, and ours: under a known folder, at most 255 bytes,
 * not like a commit's id.  ERROR_BAD_REQUEST.
 */
int ref_check_name(const char *name, struct error *err);

/*
 * Locks the ref until the transaction ends, with the same answer as ref_find.
 * A ref that is not there yet is guarded by ref_set's compare.
 */
int ref_lock(struct ref *out, struct view *view, const char *name,
             struct error *err);

/*
 * Points name at target if it points at from now (NULL: if it does not
 * exist).  *out_moved is false when it points elsewhere.
 */
int ref_set(bool *out_moved, struct view *view, const char *name,
            const struct oid *from, const struct oid *target,
            struct error *err);

/* Makes HEAD stand for REF_MAIN. */
int ref_set_head(struct view *view, struct error *err);

/* Removes name if it points at from.  *out_moved as above. */
int ref_remove(bool *out_moved, struct view *view, const char *name,
               const struct oid *from, struct error *err);

#endif
