/*
 * object: which repository has which weights.
 *
 * "Already there" is judged by a repository's own row, never by the store, so
 * that knowing a SHA-256 tells nothing about what others keep.  A row comes
 * with an upload to the repository; a commit that names the object keeps it,
 * and one that no commit named in OBJECT_UNCOMMITTED_MS is the collector's.
 */
#ifndef STORAGE_CONTENT_OBJECT_H
#define STORAGE_CONTENT_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* How long an upload waits for the commit that names it: a week. */
#define OBJECT_UNCOMMITTED_MS (INT64_C(7) * 24 * 3600 * 1000)

/* Digests in one call of those that take several. */
#define OBJECT_LIMIT 10000
/* Objects in one page of object_list. */
#define OBJECT_PAGE 1000

struct object {
    struct digest digest;
    uint64_t size_bytes;
    const char *format; /* what the scan found: "safetensors", "other", … */
    bool is_unsafe;     /* its format can run code */
    const char *detail; /* JSON of what the header says, or NULL */
    int64_t added_at_ms;
    bool is_committed;
};

/* ERROR_NOT_FOUND when the repository does not have it. */
int object_find(struct object *out, struct db *db, struct arena *arena,
                int64_t repository, const struct digest *digest,
                struct error *err);

/* For each of count digests, whether the repository has it and its size. */
struct object_state {
    bool is_present;
    bool is_committed;
    uint64_t size_bytes; /* 0 when it is not present */
};
int object_find_all(struct object_state *out, struct db *db, int64_t repository,
                    const struct digest *digests, size_t count,
                    struct error *err);

/*
 * Marks objects as named by a commit, in the caller's transaction, so that
 * the collector keeps them.  ERROR_UNPROCESSABLE names the first that the
 * repository does not have.
 */
int object_set_committed(struct db *db, int64_t repository,
                         const struct digest *digests, size_t count,
                         struct error *err);

/* What the scan found, for whoever has the object. */
int object_set_format(struct db *db, const struct object *object,
                      struct error *err);

struct object_list {
    struct object *objects; /* in the arena */
    size_t count;
};

/* At most OBJECT_PAGE objects by digest, those after it (NULL: the first). */
int object_list(struct object_list *out, struct db *db, struct arena *arena,
                int64_t repository, const struct digest *after,
                struct error *err);

/* Takes objects from the repository; the collector frees their bytes. */
int object_remove(struct db *db, int64_t repository,
                  const struct digest *digests, size_t count,
                  struct error *err);

#endif
