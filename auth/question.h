/*
 * question: what the gate was asked, and what it answered, for the record.
 *
 * Questions wait in a queue of the daemon and are written in batches, outside
 * of the requests' transactions, by a job that runs at least once a second and
 * at stop; a kill loses that second.  A full queue is written by who adds to
 * it, so that the record falls behind only when the database is out of reach.
 * A struct question_queue may be shared between threads.
 */
#ifndef AUTH_QUESTION_H
#define AUTH_QUESTION_H

#include "auth/caller.h"
#include "auth/gate.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* How many reasons a gate's answer can have. */
#define QUESTION_REASONS (GATE_DISABLED + 1)

/* Questions that wait at most. */
#define QUESTION_QUEUE_LIMIT 32768

/* The caller frees it with question_queue_free.  Never NULL. */
struct question_queue *question_queue_open(void);
void question_queue_free(struct question_queue *queue); /* NULL is allowed */

/*
 * Notes one question of caller's in the caller's queue; db serves to write a
 * full queue and must not be in a transaction.
 */
void question_add(struct db *db, const struct caller *caller,
                  const struct gate_object *object,
                  const struct gate_answer *answer);

/* Writes what waits.  On -1 what could not be written waits on. */
int question_flush(struct question_queue *queue, struct db *db,
                   struct error *err);

/*
 * Removes what was asked more than so many days ago, in batches; outside of a
 * transaction.
 */
int question_remove(struct db *db, int64_t days, struct error *err);

/*
 * How many were lost since the last call: the queue was full and the database
 * out of reach.  For the log.
 */
int64_t question_take_lost(struct question_queue *queue);

/* How many were answered with each reason since the queue was opened. */
void question_count(uint64_t out[QUESTION_REASONS],
                    const struct question_queue *queue);

#endif
