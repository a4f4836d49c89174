/*
 * objects: git's objects as rows, read and written in batches.
 *
 * Everything read lands in the view's cache.  What is written waits in the
 * view until objects_flush or until there is much of it.  Only storage/git
 * includes this header.
 */
#ifndef STORAGE_GIT_OBJECTS_H
#define STORAGE_GIT_OBJECTS_H

#include <stddef.h>

#include "storage/base/error.h"
#include "storage/git/cache.h"
#include "storage/git/oid.h"

struct db_rows;
struct view;

/* Keeps rows' oid, kind, size and data, from column on; a null oid is none. */
void objects_keep(struct view *view, const struct db_rows *rows, int column);

/* Brings the bytes of those that exist; one round trip, or none. */
int objects_read(struct view *view, const struct oid *oids, size_t count,
                 struct error *err);

/* The same for kind and size alone; small ones come with their bytes. */
int objects_read_headers(struct view *view, const struct oid *oids,
                         size_t count, struct error *err);

/* Brings commits and trees, in one round trip; not all of a huge history. */
int objects_read_commits(struct view *view, struct error *err);
int objects_read_history(struct view *view, struct error *err);

/* One object with the bytes; *out is NULL when the repository lacks it. */
int objects_find(const struct cached **out, struct view *view,
                 const struct oid *oid, struct error *err);

/*
 * The only commit whose name begins with these hexadecimal digits (the rest
 * of prefix is zero).  *out_count is 0, 1 or 2, for several.
 */
int objects_find_prefix(struct oid *out, int *out_count, struct view *view,
                        const struct oid *prefix, size_t digits,
                        struct error *err);

int objects_write(struct view *view, const struct oid *oid, int kind,
                  const void *bytes, size_t length, struct error *err);
int objects_flush(struct view *view, struct error *err);

/* Forgets what was not flushed. */
void objects_drop(struct view *view);

#endif
