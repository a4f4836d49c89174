/*
 * scrub_thread: a thread that reads weights and judges them, one at a time.
 *
 * Reading takes hours at the rate that an operator allows, so neither a worker
 * with its connection nor an IO thread is kept for it.  A job
 * (registry/jobs/scrubber) gives it a batch and takes each item back when it
 * is judged; it alone calls these functions.
 */
#ifndef REGISTRY_JOBS_SCRUB_THREAD_H
#define REGISTRY_JOBS_SCRUB_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "registry/http/meter.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/content/examiner.h"

struct scrub_thread;

/* What became of an item; its texts live until the next batch is given. */
struct scrub_verdict {
    const struct examiner_item *item;
    const char *reason; /* NULL: it is whole */
    bool has_failed;    /* it could not be judged; err says why */
    struct error err;
};

/*
 * Never NULL; starts no thread yet.  Bytes are counted in meter as they are
 * read.  The caller frees it with scrub_thread_free.
 */
struct scrub_thread *scrub_thread_open(struct content_store *store,
                                       uint64_t bytes_per_second,
                                       struct meter *meter);

/* Breaks off what is being read.  NULL is allowed. */
void scrub_thread_free(struct scrub_thread *thread);

/* Whether all that was given has been taken back, or dropped. */
bool scrub_thread_is_idle(struct scrub_thread *thread);

/*
 * Gives an idle thread items that live in the arena; both are the thread's
 * from here.  -1 when no thread can be had.
 */
int scrub_thread_give(struct scrub_thread *thread, struct arena *arena,
                      const struct examiner_item *items, size_t count,
                      struct error *err);

/* The next item in their order, if it is judged; false when none is. */
bool scrub_thread_take(struct scrub_verdict *out, struct scrub_thread *thread);

/* Breaks off: what is not taken is given up.  Waits for at most one read. */
void scrub_thread_drop(struct scrub_thread *thread);

#endif
