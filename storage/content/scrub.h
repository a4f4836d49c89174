/*
 * scrub: reads all objects again and compares size and SHA-256.
 *
 * An object whose bytes are missing, of another length, unreadable or wrong is
 * quarantined: its row says why, no reader opens it, and an upload of the
 * right bytes, or the right file in its place and another scrub, heals it.
 * Safe while the registry works: an object that got another blob meanwhile is
 * left alone.
 *
 * scrub_check is a whole round at once.  A daemon makes its rounds in steps
 * (registry/jobs/scrubber): scrub_take, then scrub_list, examiner_judge,
 * scrub_note and scrub_advance in turn, then scrub_finish.
 */
#ifndef STORAGE_CONTENT_SCRUB_H
#define STORAGE_CONTENT_SCRUB_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/content/content.h"
#include "storage/content/examiner.h"

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

struct scrub_items {
    const struct examiner_item *items;
    size_t count;
};

/* Objects by digest, behind after, or from the first when it is NULL. */
int scrub_list(struct scrub_items *out, struct db *db, struct arena *arena,
               const struct digest *after, int64_t limit, struct error *err);

/*
 * Writes down what was found of an item: finding's reason, which came from
 * examiner_judge.  *out_is_noted is false when the item has other bytes by
 * now, and nothing was found of those; else the rest of finding is filled when
 * there is a reason.
 */
int scrub_note(bool *out_is_noted, struct scrub_finding *finding, struct db *db,
               struct arena *arena, const struct examiner_item *item,
               struct error *err);

/* How far a daemon's round is. */
struct scrub_round {
    const char *daemon; /* any name that no other has */
    int64_t lease_ms;   /* another daemon may go on when it is over */
    bool has_last;
    struct digest last; /* what was judged last */
};

/*
 * Begins a round that is due, rest_ms after the end of the last, or goes on
 * with one whose daemon has given up; *out_is_ours is false without either.
 */
int scrub_take(bool *out_is_ours, struct scrub_round *round, int64_t rest_ms,
               struct db *db, struct error *err);

/* Notes where the round is, and adds the counts; renews the lease. */
int scrub_advance(bool *out_is_ours, const struct scrub_round *round,
                  const struct scrub_counts *counts, struct db *db,
                  struct error *err);

/* The round is over; *out is what there was of it. */
int scrub_finish(struct scrub_counts *out, const struct scrub_round *round,
                 struct db *db, struct error *err);

#endif
