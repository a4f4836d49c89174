/*
 * recent: small files that were asked for lately, of all repositories.
 *
 * What a commit holds under a path never changes, so this says nothing that
 * could be out of date; who may have it is decided elsewhere, each time.  A
 * table of fixed size, a file in each place, where a newer one pushes out the
 * one before.  May be shared between threads.
 */
#ifndef STORAGE_GIT_RECENT_H
#define STORAGE_GIT_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/git/entry.h"
#include "storage/git/oid.h"

/* Bytes of a file that is kept; at most RECENT_PLACES times as many in all. */
#define RECENT_LIMIT_BYTES 16384
#define RECENT_PLACES 2048

struct recent;

struct recent_key {
    int64_t repository;
    struct oid target; /* what a ref holds: a commit or a tag's object */
    const char *path;
};

struct recent_file {
    struct oid commit; /* what the target comes to */
    struct entry entry;
    const void *bytes; /* git's own, followed by a NUL */
    uint64_t length;
};

/* The caller frees it with recent_free.  Never NULL. */
struct recent *recent_open(void);
void recent_free(struct recent *recent); /* NULL is allowed */

/* False when it is not kept; texts and bytes are copied to the arena. */
bool recent_find(struct recent_file *out, struct recent *recent,
                 struct arena *arena, const struct recent_key *key);

/* Copies the file; a longer one is left alone. */
void recent_add(struct recent *recent, const struct recent_key *key,
                const struct recent_file *file);

#endif
