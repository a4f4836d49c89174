#include "auth/caller.h"

#include <string.h>

#include "storage/base/digest.h"
#include "storage/base/random.h"

/* A longer text is no token of ours; seeded ones may have any shape. */
#define TOKEN_LIMIT 512
/* Letters and digits in a cookie: 238 bits. */
#define COOKIE_LENGTH 40

static const struct {
    const char *name;
    enum token_role role;
} roles[] = {
    {"read", TOKEN_READ},
    {"write", TOKEN_WRITE},
    {"fine-grained", TOKEN_FINE_GRAINED},
};

static enum token_role
parse_role(const char *name)
{
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(roles[i].name, name) == 0)
            return roles[i].role;
    return TOKEN_NONE;
}

/* Leaves address and user_agent, which are not ours to set. */
static void
set_anonymous(struct caller *out)
{
    out->account = 0;
    out->name = "";
    out->token = 0;
    out->role = TOKEN_NONE;
    out->session = 0;
    out->administrator = false;
}

int
caller_find_by_token(struct caller *out, struct db *db, struct arena *arena,
                     const char *token, struct error *err)
{
    size_t length = strlen(token);
    struct db_rows *rows;
    struct digest hash;

    set_anonymous(out);
    digest_of(&hash, token, length > TOKEN_LIMIT ? 0 : length);
    if (DB_RUN(&rows, db, arena, "caller_find_by_token", err,
               db_bytes(hash.bytes, sizeof(hash.bytes))) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_UNAUTHENTICATED,
                         "Invalid credentials in Authorization header");
    out->token = db_get_int(rows, 0, 0);
    out->role = parse_role(db_get_text(rows, 0, 1));
    out->account = db_get_int(rows, 0, 2);
    out->name = db_get_text(rows, 0, 3);
    out->administrator = db_get_bool(rows, 0, 4);
    return 0;
}

int
caller_find_by_session(struct caller *out, const char **out_cookie,
                       struct db *db, struct arena *arena, const char *cookie,
                       struct error *err)
{
    char fresh[COOKIE_LENGTH + 1];
    struct db_rows *rows;
    struct digest hash;
    struct digest next;

    set_anonymous(out);
    *out_cookie = NULL;
    if (strlen(cookie) != COOKIE_LENGTH)
        return 0;
    random_text(fresh, COOKIE_LENGTH);
    digest_of(&hash, cookie, COOKIE_LENGTH);
    digest_of(&next, fresh, COOKIE_LENGTH);
    if (DB_RUN(&rows, db, arena, "caller_find_by_session", err,
               db_bytes(hash.bytes, sizeof(hash.bytes)),
               db_bytes(next.bytes, sizeof(next.bytes))) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    out->session = db_get_int(rows, 0, 0);
    out->account = db_get_int(rows, 0, 1);
    out->name = db_get_text(rows, 0, 2);
    out->administrator = db_get_bool(rows, 0, 3);
    if (db_get_bool(rows, 0, 4))
        *out_cookie = arena_text(arena, fresh);
    return 0;
}
