/*
 * attempt: how often something may be tried, over all daemons.
 *
 * Tries are rows.  One over its limit is refused before any work is done for
 * it and is not counted, so the wait ends when the window has moved on.  An
 * address of IPv6 counts by its /64, which is what one person has.
 */
#ifndef AUTH_ATTEMPT_H
#define AUTH_ATTEMPT_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

enum attempt_kind {
    ATTEMPT_LOGIN, /* 10 an account, 60 an address, in 15 minutes */
    ATTEMPT_JOIN,  /* 30 an address in an hour */
    ATTEMPT_MAIL,  /* 5 an account, 30 an address, in an hour */
};

struct attempt {
    enum attempt_kind kind;
    const char *account;   /* a name or an e-mail address, as given; or NULL */
    const char *address;   /* of the caller, as text; or NULL */
    int64_t account_limit; /* in the kind's place; 0: the kind's */
    int64_t address_limit;
};

/*
 * Counts one; ERROR_TOO_MANY, with when to try again, over a limit.  Outside
 * of a transaction: it has its own, in which nobody else counts these keys.
 */
int attempt_add(struct db *db, struct arena *arena,
                const struct attempt *attempt, struct error *err);

/* It succeeded: forgets the account's tries and one of the address's. */
int attempt_remove(struct db *db, struct arena *arena,
                   const struct attempt *attempt, struct error *err);

#endif
