/*
 * delivery: which weights left, to whom, and on what right.
 *
 * A row is there before the first byte leaves and serves again for an hour, so
 * that a pull in many ranges is one delivery.  How much left follows in
 * batches, from a queue of the daemon that a job writes at least once a second
 * and at stop.  A struct delivery_queue may be shared between threads.
 */
#ifndef AUTH_DELIVERY_H
#define AUTH_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/gate.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct delivery_queue;

/* What leaves: object has repository, commit and path, and digest if known. */
struct delivery {
    const struct gate_object *object;
    const struct gate_answer *answer; /* one that allows */
    uint64_t size_bytes;              /* of the whole file */
};

/* Records that bytes are about to leave; *out is the row's id. */
int delivery_begin(int64_t *out, struct db *db, const struct caller *caller,
                   const struct delivery *delivery, struct error *err);

/* The caller frees it with delivery_queue_free.  Never NULL. */
struct delivery_queue *delivery_queue_open(void);
void delivery_queue_free(struct delivery_queue *queue); /* NULL is allowed */

/*
 * Adds bytes that left to a delivery; all says that they were the whole file.
 * A delivery is complete when one answer was all of it, or when as many bytes
 * as it has left in ranges.  Never waits for the database.
 */
void delivery_note(struct delivery_queue *queue, int64_t delivery,
                   uint64_t bytes, bool all);

/* Writes what waits.  On -1 what could not be written waits on. */
int delivery_flush(struct delivery_queue *queue, struct db *db,
                   struct error *err);

#endif
