#include "auth/session.h"

#include <endian.h>
#include <string.h>

#include "storage/base/random.h"
#include "storage/base/secret.h"

int
session_add(const char **out_cookie, struct db *db, struct arena *arena,
            int64_t account, const struct caller *from, struct error *err)
{
    char *cookie = arena_alloc(arena, SESSION_COOKIE_LENGTH + 1);
    struct digest hash;

    random_text(cookie, SESSION_COOKIE_LENGTH);
    digest_of(&hash, cookie, SESSION_COOKIE_LENGTH);
    *out_cookie = cookie;
    return DB_RUN(NULL, db, arena, "session_add", err, db_int(account),
                  db_bytes(hash.bytes, sizeof(hash.bytes)),
                  db_int(SESSION_DAYS), db_text(from->address),
                  db_text(from->user_agent));
}

int
session_remove(struct db *db, struct arena *arena, int64_t session,
               struct error *err)
{
    return DB_RUN(NULL, db, arena, "session_remove", err, db_int(session));
}

void
session_write_csrf(char out[DIGEST_TEXT_SIZE], const struct vault *vault,
                   int64_t session)
{
    uint64_t bytes = htole64((uint64_t)session);
    struct digest digest;

    vault_hmac(&digest, vault, VAULT_CSRF, &bytes, sizeof(bytes));
    digest_write(out, &digest);
}

bool
session_is_csrf(const struct vault *vault, int64_t session, const char *text)
{
    char want[DIGEST_TEXT_SIZE];

    session_write_csrf(want, vault, session);
    return session != 0 &&
           secret_is_equal(text, strlen(text), want, strlen(want));
}
