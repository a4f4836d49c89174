#include "auth/attempt.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "storage/base/digest.h"
#include "storage/base/hex.h"

static const struct {
    const char *name;
    int64_t window_seconds;
    int64_t account_limit;
    int64_t address_limit;
} kinds[] = {
    [ATTEMPT_LOGIN] = {"login", 900, 10, 60},
    [ATTEMPT_JOIN] = {"join", 3600, 30, 30},
    [ATTEMPT_MAIL] = {"mail", 3600, 5, 30},
};

/* Hashed, since what is typed as a name may be a password or very long. */
static const char *
account_key(struct arena *arena, const char *account)
{
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;
    char *lower;

    if (account == NULL)
        return NULL;
    lower = arena_text(arena, account);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    digest_of(&digest, lower, strlen(lower));
    digest_write(text, &digest);
    return arena_format(arena, "account:%s", text);
}

static const char *
address_key(struct arena *arena, const char *address)
{
    char network[2 * 8 + 1];
    struct in6_addr six;

    if (address == NULL)
        return NULL;
    if (inet_pton(AF_INET6, address, &six) != 1)
        return arena_format(arena, "address:%.64s", address);
    if (IN6_IS_ADDR_V4MAPPED(&six))
        return arena_format(arena, "address:%d.%d.%d.%d", six.s6_addr[12],
                            six.s6_addr[13], six.s6_addr[14], six.s6_addr[15]);
    hex_write(network, six.s6_addr, 8);
    return arena_format(arena, "address:%s::", network);
}

static int64_t
pick(int64_t limit, int64_t otherwise)
{
    return limit > 0 ? limit : otherwise;
}

/*
 * Under the keys' lock, taken by a statement of its own: what a statement
 * counts is what was there when it began.
 */
static int
add_locked(int64_t *out_wait, struct db *db, struct arena *arena,
           const struct attempt *attempt, struct error *err)
{
    const struct db_value name = db_text(kinds[attempt->kind].name);
    const struct db_value account =
        db_text(account_key(arena, attempt->account));
    const struct db_value address =
        db_text(address_key(arena, attempt->address));
    struct db_rows *rows;

    if (DB_RUN(NULL, db, arena, "attempt_lock", err, name, account, address) <
            0 ||
        DB_RUN(&rows, db, arena, "attempt_add", err, name, account, address,
               db_int(kinds[attempt->kind].window_seconds),
               db_int(pick(attempt->account_limit,
                           kinds[attempt->kind].account_limit)),
               db_int(pick(attempt->address_limit,
                           kinds[attempt->kind].address_limit))) < 0)
        return -1;
    *out_wait = db_get_int(rows, 0, 0);
    return 0;
}

int
attempt_add(struct db *db, struct arena *arena, const struct attempt *attempt,
            struct error *err)
{
    int64_t wait = 0;

    if (db_begin(db, err) < 0 ||
        db_end(db, add_locked(&wait, db, arena, attempt, err), err) < 0)
        return -1;
    if (wait == 0)
        return 0;
    error_set(err, ERROR_TOO_MANY,
              "too many tries; try again in %" PRId64 " minutes",
              (wait + 59) / 60);
    err->retry_after_seconds = (int)wait;
    return -1;
}

int
attempt_remove(struct db *db, struct arena *arena,
               const struct attempt *attempt, struct error *err)
{
    return DB_RUN(NULL, db, arena, "attempt_remove", err,
                  db_text(kinds[attempt->kind].name),
                  db_text(account_key(arena, attempt->account)),
                  db_text(address_key(arena, attempt->address)));
}
