/*
 * handle: what a struct view holds.  Only storage/git includes this header.
 *
 * libgit2 calls back into odb.c and refdb.c, which speak to the database and
 * can't hand a struct error through it: they leave it in failure, and
 * library_refuse gives it on.
 */
#ifndef STORAGE_GIT_HANDLE_H
#define STORAGE_GIT_HANDLE_H

#include <git2.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"
#include "storage/git/cache.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

/* Objects written go to the database when there are so many of them. */
#define PENDING_LIMIT 512
#define PENDING_LIMIT_BYTES ((size_t)4 * 1024 * 1024)

struct pending {
    struct cached objects[PENDING_LIMIT]; /* their bytes are owned */
    size_t count;
    size_t held_bytes;
};

/*
 * Objects that a pack will ask for, twice and in this order, so that they can
 * be read in batches.
 */
struct ahead {
    const struct oid *oids;
    size_t count;
    size_t next; /* where the object asked for is looked for */
};

struct view {
    struct db *db;       /* the request's, not ours */
    struct arena *arena; /* the request's, not ours */
    int64_t repository;
    git_repository *git;
    struct cache *cache;
    struct pending *pending; /* NULL until the first write */
    struct ahead ahead;
    struct error failure; /* of a callback; code ERROR_NONE for none */
};

/* Both are 20 bytes. */
static inline const git_oid *
to_git(const struct oid *oid)
{
    return (const git_oid *)oid->bytes;
}

static inline struct oid
from_git(const git_oid *id)
{
    struct oid oid;

    memcpy(oid.bytes, id->id, sizeof(oid.bytes));
    return oid;
}

#endif
