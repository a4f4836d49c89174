/*
 * crew: threads that take tasks from one queue.
 *
 * The server has two: workers, each with a database connection, and IO
 * threads.  Tasks are run in the order in which they came; crew_free lets
 * those that are there be done first.  The thread that rested last is woken
 * first, since what it needs lies nearest.  Tasks with a run_many are taken
 * many at once, by one thread at a time: a round trip costs less a task the
 * more share it, and while one is under way the next turn fills.
 */
#ifndef REGISTRY_CREW_H
#define REGISTRY_CREW_H

#include "registry/http/host.h"
#include "registry/http/meter.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* Tasks that one call of run_many gets at most. */
#define CREW_GATHER_LIMIT 128

struct crew;

/*
 * Starts count threads called name; with database not NULL each opens a
 * connection first, and none starts if one cannot.  The caller frees *out
 * with crew_free.
 */
int crew_open(struct crew **out, const char *name, int count,
              const struct db_options *database, struct error *err);

/* From any thread. */
void crew_post(struct crew *crew, struct task *task);

/* How many threads there are, and what they have to do now. */
void crew_read(struct meter_crew *out, struct crew *crew);

/* Waits until the queue is empty and no task runs; others may still post. */
void crew_drain(struct crew *crew);

/* NULL is allowed. */
void crew_free(struct crew *crew);

#endif
