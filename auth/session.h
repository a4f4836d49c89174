/*
 * session: a person at a browser, by a cookie.
 *
 * The database keeps the SHA-256 of the cookie's value.  The value changes
 * once an hour (caller_find_by_session); the one before stays good for a
 * minute, for requests under way.  A session ends after SESSION_DAYS, or when
 * its person signs out or changes the password.
 */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "auth/vault.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

#define SESSION_DAYS 30
#define SESSION_COOKIE_LENGTH 40 /* letters and digits: 238 bits */

/* Begins one for account; *out_cookie is the value that the browser keeps. */
int session_add(const char **out_cookie, struct db *db, struct arena *arena,
                int64_t account, const struct caller *from, struct error *err);

/* Ends one; one that is over already is no error. */
int session_remove(struct db *db, struct arena *arena, int64_t session,
                   struct error *err);

/*
 * What the forms of a session carry, to show that its own page sent them.
 * Lives as long as the session, whatever its cookie is.
 */
void session_write_csrf(char out[DIGEST_TEXT_SIZE], const struct vault *vault,
                        int64_t session);
bool session_is_csrf(const struct vault *vault, int64_t session,
                     const char *text);

#endif
