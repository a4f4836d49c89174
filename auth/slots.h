/*
 * slots: how many uploads each account has under way, over all daemons.
 *
 * An upload holds a slot, a row with a number up to the limit and a lease that
 * its daemon renews; what a killed daemon held is free when the lease is over.
 * A slot whose upload ended is kept for the account's next until slots_write,
 * so that uploads one after the other cost no statement each.
 *
 * Used from any thread; only slots_take and slots_write speak to the database.
 */
#ifndef AUTH_SLOTS_H
#define AUTH_SLOTS_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct slots;

/* Never NULL.  The caller frees it with slots_free. */
struct slots *slots_open(int64_t limit);
void slots_free(struct slots *slots); /* NULL is allowed */

/*
 * Counts one more upload of the account; ERROR_TOO_MANY, with when to try
 * again, when it has as many as there may be.
 */
int slots_take(struct slots *slots, struct db *db, struct arena *arena,
               int64_t account, struct error *err);

/* One that was taken is over. */
void slots_give(struct slots *slots, int64_t account);

/* Gives back what nobody uses, and renews the rest; every second or so. */
int slots_write(struct slots *slots, struct db *db, struct arena *arena,
                struct error *err);

#endif
