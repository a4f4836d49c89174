/*
 * password: Argon2id, with libsodium's interactive limits.
 *
 * A hash is text that holds its own salt and limits: 64 MiB, two passes, some
 * 60 ms of one core.
 */
#ifndef AUTH_PASSWORD_H
#define AUTH_PASSWORD_H

#include <stdbool.h>

#include "storage/base/error.h"

#define PASSWORD_HASH_SIZE 128
#define PASSWORD_SHORTEST 8 /* characters that a person may choose */
#define PASSWORD_LIMIT 1024 /* bytes */

/* What a person may choose; ERROR_BAD_REQUEST says what is wrong with it. */
int password_check(const char *password, struct error *err);

/* ERROR_BAD_REQUEST for an empty one or one over PASSWORD_LIMIT. */
int password_hash(char out[PASSWORD_HASH_SIZE], const char *password,
                  struct error *err);

/*
 * Whether password is the one that hash was made of.  With hash NULL it is
 * not, after the same work, so that time does not tell who has an account.
 */
bool password_is_right(const char *hash, const char *password);

#endif
