/*
 * login: checks a name and a password.
 *
 * An unknown name, a wrong password, an account without one and one that is
 * switched off get one answer after the same statements and the same work.
 */
#ifndef AUTH_LOGIN_H
#define AUTH_LOGIN_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct login {
    const char *name; /* or the e-mail address */
    const char *password;
    const char *address;   /* where the request comes from */
    int64_t account_limit; /* of tries; 0: auth/attempt's */
    int64_t address_limit;
};

/*
 * Gives the account.  ERROR_UNAUTHENTICATED when it is not so, ERROR_TOO_MANY
 * over auth/attempt's limits, ERROR_FORBIDDEN for the right password of an
 * account whose e-mail address is not verified yet; only then *out_account is
 * set beside an error, for join_remind.
 */
int login_check(int64_t *out_account, struct db *db, struct arena *arena,
                const struct login *login, struct error *err);

#endif
