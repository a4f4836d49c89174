/*
 * build: new commits, out of changes to an older one.
 *
 * Writes objects and moves nothing.  Objects wait in the view until a ref is
 * set (ref_set flushes) or build_flush.
 */
#ifndef STORAGE_GIT_BUILD_H
#define STORAGE_GIT_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"
#include "storage/model/pointer.h"

enum edit_kind {
    EDIT_WRITE,         /* a file, new or in place of the one there */
    EDIT_REMOVE,        /* a file that is there */
    EDIT_REMOVE_FOLDER, /* a folder that is there, with all in it */
};

struct edit {
    const char *path; /* checked by text_check_path */
    enum edit_kind kind;
    struct oid blob; /* EDIT_WRITE */
};

struct build_draft {
    const struct oid *parent; /* NULL: the first commit */
    const struct edit *edits; /* in any order; removals come first */
    size_t edit_count;
    const char *author_name;
    const char *author_email;
    int64_t at_ms;
    const char *message;
};

int build_blob(struct oid *out, struct view *view, const void *bytes,
               size_t length, struct error *err);

/* The blob of the pointer's text. */
int build_pointer(struct oid *out, struct view *view,
                  const struct pointer *pointer, struct error *err);

/*
 * ERROR_ENTRY_NOT_FOUND "A file with this name doesn't exist" when what is to
 * be removed is not there; ERROR_UNPROCESSABLE when a path is given twice, is
 * a file and a folder at once, or is new and some disk's other name for one
 * that is there.  When the edits change nothing, *out is the parent itself.
 */
int build_commit(struct oid *out, struct view *view,
                 const struct build_draft *draft, struct error *err);

struct tag_draft {
    const char *name;
    struct oid target;
    const char *message;
    const char *author_name;
    const char *author_email;
    int64_t at_ms;
};

/* An annotated tag. */
int build_tag(struct oid *out, struct view *view, const struct tag_draft *draft,
              struct error *err);

int build_flush(struct view *view, struct error *err);

#endif
