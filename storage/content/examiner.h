/*
 * examiner: reads an object's bytes from the disk and says whether they are
 * what its row names.
 *
 * It touches no database, so any thread may examine; one examiner belongs to
 * one thread at a time.  What it reads is bounded by a rate, and does not push
 * out of memory what clients are served from.
 */
#ifndef STORAGE_CONTENT_EXAMINER_H
#define STORAGE_CONTENT_EXAMINER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/content/content.h"

struct examiner;

/* An object, as its row has it. */
struct examiner_item {
    struct digest digest;
    const char *blob;
    uint64_t size_bytes;
    bool was_damaged; /* it is in quarantine */
};

struct examiner_options {
    uint64_t bytes_per_second; /* 0: as fast as they come */
    const atomic_bool *stop;   /* breaks off once it is true; may be NULL */
    /* Called for what was read since the last call; may be NULL. */
    void (*progress)(void *state, uint64_t bytes);
    void *state;
};

/* Never NULL.  The caller frees it with examiner_free. */
struct examiner *examiner_open(struct content_store *store,
                               const struct examiner_options *options);
void examiner_free(struct examiner *examiner); /* NULL is allowed */

/*
 * *out is why the item must not be served ("is missing", "has 3 bytes, not 7",
 * …), or NULL when it is whole; it lives in the arena.  ERROR_INTERRUPTED when
 * it was told to stop; other errors leave open what the item is like.
 */
int examiner_judge(const char **out, struct examiner *examiner,
                   struct arena *arena, const struct examiner_item *item,
                   struct error *err);

#endif
