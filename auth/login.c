#include "auth/login.h"

#include "auth/attempt.h"
#include "auth/password.h"

int
login_check(int64_t *out_account, struct db *db, struct arena *arena,
            const struct login *login, struct error *err)
{
    const struct attempt attempt = {ATTEMPT_LOGIN, login->name, login->address,
                                    login->account_limit, login->address_limit};
    const char *hash = NULL;
    struct db_rows *rows;

    *out_account = 0;
    if (attempt_add(db, arena, &attempt, err) < 0 ||
        DB_RUN(&rows, db, arena, "login_find", err, db_text(login->name)) < 0)
        return -1;
    if (db_rows_count(rows) == 1)
        hash = db_get_text(rows, 0, 1);
    if (!password_is_right(hash, login->password))
        return error_set(err, ERROR_UNAUTHENTICATED,
                         "Invalid username or password.");
    *out_account = db_get_int(rows, 0, 0);
    if (!db_get_bool(rows, 0, 2))
        return error_set(err, ERROR_FORBIDDEN,
                         "confirm your e-mail address first: open the link "
                         "that was sent to it");
    return attempt_remove(db, arena, &attempt, err);
}
