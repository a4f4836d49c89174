/*
 * scrubber: a daemon's part in reading all weights again, round after round.
 *
 * One daemon has the round at a time, by a lease in the database; each step of
 * the job takes what its thread has judged, writes it down with the place, and
 * gives the thread more.  A daemon that ends leaves the round to another, or
 * to its successor, which goes on behind the last object that was judged.
 */
#ifndef REGISTRY_JOBS_SCRUBBER_H
#define REGISTRY_JOBS_SCRUBBER_H

#include "registry/config.h"
#include "registry/http/meter.h"
#include "storage/content/content.h"

struct scrubber;

/*
 * NULL when the configuration wants no rounds.  The caller frees it with
 * scrubber_free, before the store.
 */
struct scrubber *scrubber_open(const struct config *config,
                               struct content_store *store,
                               struct meter *meter);
void scrubber_free(struct scrubber *scrubber); /* NULL is allowed */

#endif
