/*
 * cache: the objects of one repository that one request has met.
 *
 * What an object is (kind and size) is kept until the end, its bytes until
 * CACHE_LIMIT_BYTES of them are held and all are dropped together: reads for a
 * pack come in batches and seldom come back.  Only storage/git includes this.
 */
#ifndef STORAGE_GIT_CACHE_H
#define STORAGE_GIT_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "storage/git/oid.h"

#define CACHE_LIMIT_BYTES ((size_t)32 * 1024 * 1024)

/* Git's own numbers. */
enum object_kind {
    OBJECT_COMMIT = 1,
    OBJECT_TREE = 2,
    OBJECT_BLOB = 3,
    OBJECT_TAG = 4,
};

struct cached {
    struct oid oid;
    int kind; /* 0: an empty slot */
    uint64_t size;
    char *bytes; /* owned by the cache; NULL when only the header is known */
};

struct cache;

/* The caller frees it with cache_free.  Never NULL. */
struct cache *cache_open(void);
void cache_free(struct cache *cache); /* NULL is allowed */

/* NULL when it was not met.  Valid until the next cache_add. */
const struct cached *cache_find(const struct cache *cache,
                                const struct oid *oid);

/* bytes may be NULL: the header alone.  Copies them. */
void cache_add(struct cache *cache, const struct oid *oid, int kind,
               uint64_t size, const void *bytes);

#endif
