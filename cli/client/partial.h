/*
 * partial: a file that is being pulled, under a name that nobody uses.
 *
 * It gets its final name when it is complete, on the disk, and has the digest
 * that was expected, and at no other moment.  Its journal lies beside it, so
 * the next run goes on where this one was killed.  One process at a time: who
 * calls holds the model's lock.
 */
#ifndef CLI_CLIENT_PARTIAL_H
#define CLI_CLIENT_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/client/blocks.h"
#include "cli/client/hasher.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

struct partial_item {
    const char *url;     /* from the registry's root, encoded */
    const char *name;    /* for messages */
    const char *partial; /* where it grows; the journal has ".journal" added */
    const char *final;   /* its name when it is right */
    uint64_t size_bytes;
    const char *etag;     /* names the object in the journal */
    struct digest digest; /* expected */
    bool has_digest;
    const char *oid; /* expected name in git; NULL for none */
};

struct partial {
    const struct partial_item *item;
    int fd;
    struct blocks blocks;
    struct hasher_file hashing;
    size_t flights; /* ranges on their way; for who fetches */
    bool was_wrong; /* its digest was wrong once already */
};

/* Opens or begins the file.  ERROR_NO_SPACE when it does not fit. */
int partial_open(struct partial *out, const struct partial_item *item,
                 struct arena *arena, const char *boot, struct error *err);

/* Closes; what is there stays for the next run. */
void partial_close(struct partial *partial);

/* Writes bytes that arrived and notes the blocks that they complete. */
int partial_add(struct partial *partial, uint64_t offset, const void *bytes,
                size_t length, struct error *err);

/*
 * Takes the hasher's verdict.  0 with *out_again false: the file has its final
 * name.  0 with *out_again true: the bytes were wrong, for the first time, and
 * all are missing again.  -1: they were wrong twice, or the disk failed.
 */
int partial_finish(bool *out_again, struct partial *partial, struct error *err);

/* The bytes on the disk that are still to be had, for one that is not open. */
uint64_t partial_missing_bytes(const struct partial_item *item);

#endif
