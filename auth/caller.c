#include "auth/caller.h"

#include <string.h>

#include "auth/session.h"
#include "auth/token.h"
#include "storage/base/digest.h"
#include "storage/base/random.h"

void
caller_forget(struct caller *out)
{
    out->account = 0;
    out->name = "";
    out->token = 0;
    out->role = TOKEN_NONE;
    out->session = 0;
    out->administrator = false;
}

int
caller_refuse(struct error *err)
{
    return error_set(err, ERROR_UNAUTHENTICATED,
                     "Invalid credentials in Authorization header");
}

int
caller_find_by_token(struct caller *out, struct db *db, struct arena *arena,
                     const struct digest *token, struct error *err)
{
    struct db_rows *rows;

    caller_forget(out);
    if (DB_RUN(&rows, db, arena, "caller_find_by_token", err,
               db_bytes(token->bytes, sizeof(token->bytes))) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return caller_refuse(err);
    out->token = db_get_int(rows, 0, 0);
    token_role_parse(&out->role, db_get_text(rows, 0, 1));
    out->account = db_get_int(rows, 0, 2);
    out->name = db_get_text(rows, 0, 3);
    out->administrator = db_get_bool(rows, 0, 4);
    return 0;
}

int
caller_find_by_link(struct caller *out, struct db *db, struct arena *arena,
                    int64_t account, int64_t token, struct error *err)
{
    struct db_rows *rows;

    caller_forget(out);
    if (account == 0)
        return 0;
    if (DB_RUN(&rows, db, arena, "caller_find_by_link", err, db_int(account),
               token != 0 ? db_int(token) : db_null()) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_UNAUTHENTICATED,
                         "the token that this address was made with is no "
                         "longer valid");
    out->account = account;
    out->name = db_get_text(rows, 0, 0);
    out->administrator = db_get_bool(rows, 0, 1);
    out->token = token;
    if (token != 0)
        token_role_parse(&out->role, db_get_text(rows, 0, 2));
    return 0;
}

int
caller_find_by_session(struct caller *out, const char **out_cookie,
                       struct db *db, struct arena *arena, const char *cookie,
                       struct error *err)
{
    char fresh[SESSION_COOKIE_LENGTH + 1];
    struct db_rows *rows;
    struct digest hash;
    struct digest next;

    caller_forget(out);
    *out_cookie = NULL;
    if (strlen(cookie) != SESSION_COOKIE_LENGTH)
        return 0;
    random_text(fresh, SESSION_COOKIE_LENGTH);
    digest_of(&hash, cookie, SESSION_COOKIE_LENGTH);
    digest_of(&next, fresh, SESSION_COOKIE_LENGTH);
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
