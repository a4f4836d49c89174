/*
 * hashing: the digests of many files, on a few threads at once.
 *
 * SHA-256 keeps one core busy, and a model is many gigabytes.  Opens each file
 * without following a link, or through one that stays inside links_root.
 */
#ifndef AUTH_KEY_HASHING_H
#define AUTH_KEY_HASHING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key/signature.h"
#include "storage/base/error.h"

struct hashing_job {
    /* In: the name; begin and end of a shard, both 0 for the whole file. */
    struct signature_file file;
    bool is_link;
    bool is_skipped;     /* in: not hashed, its digest stays zero */
    uint64_t size_bytes; /* out: of the file; 0 for a shard but the first */
};

struct hashing {
    int folder;             /* that names are relative to */
    const char *root;       /* the same, as a path */
    const char *links_root; /* resolved; NULL when links are refused */
    int (*digest)(struct digest *out, void *state, const char *name, int fd,
                  struct error *err);
    bool (*is_stopped)(void *state); /* NULL: never */
    void *state;
    struct hashing_job *jobs;
    size_t count;
};

/*
 * Fills the digests and sizes; a shard that the file does not have, or a last
 * one that the file goes on after, gets a zero digest.  The first failure
 * stops it.
 */
int hashing_run(struct hashing *hashing, struct error *err);

#endif
