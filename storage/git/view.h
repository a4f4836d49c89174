/*
 * view: one repository's git data, as one request sees it.
 *
 * Objects and refs are rows in PostgreSQL; libgit2 reads and writes them
 * through odb.c and refdb.c and never touches a file.  A view belongs to the
 * thread that has its database connection, and dies with its arena.  Objects
 * may be written outside of a transaction: nobody sees them before a ref
 * names them, and moving a ref is auth/change's alone.
 */
#ifndef STORAGE_GIT_VIEW_H
#define STORAGE_GIT_VIEW_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct view;

/* Costs no round trip.  Freed with the arena. */
int view_open(struct view **out, struct db *db, struct arena *arena,
              int64_t repository, struct error *err);

/* The connection that the view was opened on. */
struct db *view_db(const struct view *view);
struct arena *view_arena(const struct view *view);
int64_t view_repository(const struct view *view);

#endif
