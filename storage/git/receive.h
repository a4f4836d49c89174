/*
 * receive: a pack from outside, made rows.
 *
 * libgit2 indexes the pack in a folder that lives as long as the call, so that
 * its deltas are resolved and every object is hashed; then the objects are
 * written like any others.  Nothing names them yet: auth/change examines what
 * a ref is to name.  Trees that no file system should see are refused here.
 */
#ifndef STORAGE_GIT_RECEIVE_H
#define STORAGE_GIT_RECEIVE_H

#include <stddef.h>

#include "storage/base/error.h"
#include "storage/base/source.h"
#include "storage/git/view.h"

#define RECEIVE_OBJECTS_LIMIT 1000000
#define RECEIVE_OBJECT_LIMIT_BYTES ((size_t)16 * 1024 * 1024)

/*
 * Takes the whole pack, which may leave out what the repository has; *out is
 * how many objects it held.  folder is where the temporary one is made.
 * ERROR_UNPROCESSABLE for a pack that is malformed, over a limit, or holds
 * what a commit of the API could not.
 */
int receive_pack(size_t *out, struct view *view, const char *folder,
                 const struct source *pack, struct error *err);

#endif
