#include "auth/grant.h"

#include "auth/notice.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

#define DAY_MS INT64_C(86400000)

/* Requests that one call ends. */
#define BATCH_LIMIT 1000

static const char expired[] = "expired";

int
grant_end(int64_t *out_ms, const struct gate_settings *settings,
          int64_t until_ms, struct error *err)
{
    int64_t now_ms = clock_now_ms();
    int64_t latest_ms = CLOCK_NEVER;

    if (settings->grant_days > 0)
        latest_ms = now_ms + settings->grant_days * DAY_MS;
    if (until_ms == CLOCK_NEVER) {
        *out_ms = latest_ms;
        return 0;
    }
    if (until_ms <= now_ms)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a grant cannot end in the past");
    /* A whole day more, so that "in 365 days" may be said as a date. */
    if (latest_ms != CLOCK_NEVER && until_ms > latest_ms + DAY_MS)
        return error_set(err, ERROR_BAD_REQUEST,
                         "this gate's grants last at most %d days",
                         (int)settings->grant_days);
    *out_ms = until_ms;
    return 0;
}

int
grant_add(struct db *db, struct arena *arena, const struct access *access,
          int64_t ends_at_ms, int64_t given_by, struct error *err)
{
    char public_id[RANDOM_ID_SIZE];

    random_id(public_id);
    return DB_RUN(NULL, db, arena, "grant_add", err, db_text(public_id),
                  db_int(access->id), db_time(ends_at_ms),
                  given_by != 0 ? db_int(given_by) : db_null());
}

int
grant_revoke(struct db *db, struct arena *arena, const struct access *access,
             const char *reason, struct error *err)
{
    return DB_RUN(NULL, db, arena, "grant_revoke", err, db_int(access->id),
                  db_text(reason));
}

int
grant_find(struct grant *out, struct db *db, struct arena *arena,
           const struct access *access, struct error *err)
{
    struct db_rows *rows;

    *out = (struct grant){.ends_at_ms = CLOCK_NEVER};
    if (DB_RUN(&rows, db, arena, "grant_find", err, db_int(access->id)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    out->id = db_get_int(rows, 0, 0);
    out->begins_at_ms = db_get_time(rows, 0, 1);
    out->ends_at_ms = db_get_time(rows, 0, 2);
    out->is_over = db_get_bool(rows, 0, 3);
    return 0;
}

int
grant_expire(struct db *db, struct arena *arena,
             const struct repository *repository, struct access *access,
             struct error *err)
{
    const struct access_change change = {.status = "reset", .reason = expired};
    const struct access_event event = {.repository = repository,
                                       .access = access,
                                       .kind = "expire",
                                       .reason = expired};
    struct grant grant;

    if (grant_find(&grant, db, arena, access, err) < 0)
        return -1;
    if (!grant.is_over)
        return 0;
    if (grant_revoke(db, arena, access, expired, err) < 0 ||
        access_set(db, arena, access, &change, err) < 0 ||
        access_record(db, arena, &event, err) < 0 ||
        notice_decided(db, arena, &event, err) < 0)
        return -1;
    access->status = change.status;
    return 0;
}

static int
expire_one(struct db *db, struct arena *arena, int64_t request,
           int64_t repository_id, struct error *err)
{
    struct repository repository;
    struct access access;
    int result;

    if (catalog_find_by_id(&repository, db, arena, repository_id, err) < 0)
        return -1;
    if (db_begin(db, err) < 0)
        return -1;
    result = access_lock_by_id(&access, db, arena, request, err);
    if (result == 0 && access.id != 0 && repository.id != 0)
        result = grant_expire(db, arena, &repository, &access, err);
    return db_end(db, result, err);
}

int
grant_expire_all(int64_t *out, struct db *db, struct error *err)
{
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = -1;

    *out = 0;
    if (DB_RUN(&rows, db, arena, "grant_list_over", err, db_int(BATCH_LIMIT)) <
        0)
        goto done;
    for (; *out < db_rows_count(rows); (*out)++)
        if (expire_one(db, arena, db_get_int(rows, *out, 0),
                       db_get_int(rows, *out, 1), err) < 0)
            goto done;
    result = 0;

done:
    arena_free(arena);
    return result;
}
