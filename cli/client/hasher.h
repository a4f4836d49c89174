/*
 * hasher: SHA-256 of files while they arrive, on a thread of its own.
 *
 * Ranges arrive in any order, a digest needs them in one: the thread follows
 * the front of what is here and reads it back out of the page cache.  Of a
 * large file it also pushes what it read to the disk and out of the cache, so
 * that a pull needs no memory of the file's size.  A finished file is synced.
 */
#ifndef CLI_CLIENT_HASHER_H
#define CLI_CLIENT_HASHER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/client/journal.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

/* A file from this size on is not kept in the page cache. */
#define HASHER_LARGE_BYTES ((uint64_t)256 << 20)

struct hasher;

/* The caller's; nothing of it may be touched between add and take. */
struct hasher_file {
    int fd;
    uint64_t size_bytes;
    struct journal *journal; /* NULL for none */
    void *state;             /* the caller's own */
    /* out */
    struct digest digest;
    struct error err; /* ERROR_NONE when the digest is good */
    /* the hasher's own */
    uint64_t ready;
    uint64_t hashed;
    uint64_t synced;
    struct digest_stream *stream;
    struct hasher_file *next;
};

/* wake(state) is called, on the thread, whenever a file is finished. */
int hasher_open(struct hasher **out, void (*wake)(void *), void *state,
                struct error *err);

/* Stops after the piece at hand and forgets the rest.  NULL is allowed. */
void hasher_free(struct hasher *hasher);

void hasher_add(struct hasher *hasher, struct hasher_file *file);

/* The file's first bytes are here; never fewer than before. */
void hasher_set_ready(struct hasher *hasher, struct hasher_file *file,
                      uint64_t bytes);

/* A finished file, once; NULL for none. */
struct hasher_file *hasher_take(struct hasher *hasher);

#endif
