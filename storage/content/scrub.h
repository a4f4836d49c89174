/*
 * scrub: reads all objects again and compares size and SHA-256.
 *
 * An object whose bytes are missing, of another length, unreadable or wrong is
 * quarantined: its row says why, no reader opens it, and an upload of the
 * right bytes, or the right file in its place and another scrub, heals it.
 * Safe while the registry works: an object that got another blob meanwhile is
 * left alone.
 */
#ifndef STORAGE_CONTENT_SCRUB_H
#define STORAGE_CONTENT_SCRUB_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/content/content.h"

/* Repositories that a finding names. */
#define SCRUB_OWNER_LIMIT 10

struct scrub_finding {
    struct digest digest;
    const char *blob;
    uint64_t size_bytes; /* what it should be */
    const char *reason;  /* "missing", "has 3 bytes, not 7", … */
    const char *owners[SCRUB_OWNER_LIMIT]; /* NAMESPACE/NAME */
    size_t owner_count;
};

struct scrub_counts {
    int64_t objects;
    int64_t damaged;
    int64_t healed; /* quarantined before, whole again */
    uint64_t bytes; /* read */
};

struct scrub_options {
    uint64_t bytes_per_second; /* 0: as fast as they come */
    /* Called for each damaged object; what it gets lives during the call. */
    void (*found)(void *state, const struct scrub_finding *finding);
    /* Called now and then; may be NULL. */
    void (*progress)(void *state, const struct scrub_counts *counts);
    void *state;
};

/* One round over everything; outside of a transaction. */
int scrub_check(struct scrub_counts *out, struct content_store *store,
                struct db *db, const struct scrub_options *options,
                struct error *err);

#endif
