/*
 * tally: how many of a thing each account has under way in this daemon.
 *
 * Used from any thread.  What is counted ends with the process, so nothing
 * stays behind when it is killed; several daemons count each for itself.
 */
#ifndef REGISTRY_HTTP_TALLY_H
#define REGISTRY_HTTP_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct tally;

/* The caller frees it with tally_free. */
struct tally *tally_open(int64_t limit);
void tally_free(struct tally *tally); /* NULL is allowed */

/* Counts one more; false when the account has as many as there may be. */
bool tally_add(struct tally *tally, int64_t account);
void tally_remove(struct tally *tally, int64_t account);

#endif
