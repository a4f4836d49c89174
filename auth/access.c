#include "auth/access.h"

#include <string.h>

#include "auth/log.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

/* Of the beginning of a public id. */
#define PREFIX_LENGTH_MIN 4

/* Columns of access_lock.sql and its kin. */
enum {
    ID,
    PUBLIC_ID,
    ACCOUNT,
    ACCOUNT_NAME,
    STATUS,
    ROUND,
};

static struct db_value
id_or_null(int64_t id)
{
    return id != 0 ? db_int(id) : db_null();
}

static void
read_row(struct access *out, const struct db_rows *rows)
{
    *out = (struct access){0};
    if (db_rows_count(rows) == 0)
        return;
    out->id = db_get_int(rows, 0, ID);
    out->public_id = db_get_text(rows, 0, PUBLIC_ID);
    out->account = db_get_int(rows, 0, ACCOUNT);
    out->account_name = db_get_text(rows, 0, ACCOUNT_NAME);
    out->status = db_get_text(rows, 0, STATUS);
    out->round = db_get_int(rows, 0, ROUND);
}

int
access_lock(struct access *out, struct db *db, struct arena *arena,
            int64_t repository, int64_t account, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "access_lock", err, db_int(repository),
               db_int(account)) < 0)
        return -1;
    read_row(out, rows);
    return 0;
}

int
access_lock_by_name(struct access *out, struct db *db, struct arena *arena,
                    int64_t repository, const char *name, struct error *err)
{
    size_t length = strlen(name);
    struct db_rows *rows;

    *out = (struct access){0};
    if (length < PREFIX_LENGTH_MIN ||
        strspn(name, "0123456789abcdef") != length)
        return 0;
    if (DB_RUN(&rows, db, arena, "access_lock_by_name", err, db_int(repository),
               db_text(name)) < 0)
        return -1;
    if (db_rows_count(rows) > 1)
        return error_set(err, ERROR_BAD_REQUEST,
                         "several requests begin with %s", name);
    read_row(out, rows);
    return 0;
}

int
access_lock_by_id(struct access *out, struct db *db, struct arena *arena,
                  int64_t id, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "access_lock_by_id", err, db_int(id)) < 0)
        return -1;
    read_row(out, rows);
    return 0;
}

const char *
access_repository_name(struct arena *arena, const struct repository *repository)
{
    return arena_format(arena, "%s%s", repository_kind_prefix(repository->kind),
                        repository->full_name);
}

int
access_lock_or_add(struct access *out, struct db *db, struct arena *arena,
                   const struct access_person *person, struct error *err)
{
    const struct repository *repository = person->repository;
    char public_id[RANDOM_ID_SIZE];
    struct db_rows *rows;

    if (access_lock(out, db, arena, repository->id, person->account, err) < 0)
        return -1;
    if (out->id != 0)
        return 0;
    random_id(public_id);
    if (DB_RUN(&rows, db, arena, "access_add", err, db_text(public_id),
               db_int(repository->id),
               db_text(access_repository_name(arena, repository)),
               db_int(person->account), db_text(person->account_name),
               db_bool(person->asked)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        /* Somebody else's came first, and is committed by now. */
        return access_lock(out, db, arena, repository->id, person->account,
                           err);
    read_row(out, rows);
    out->is_new = true;
    return 0;
}

int
access_ask(struct db *db, struct arena *arena, const struct access *access,
           const char *status, const json_t *answers, struct error *err)
{
    return DB_RUN(NULL, db, arena, "access_ask", err, db_int(access->id),
                  db_text(status), db_text(json_write(NULL, arena, answers)),
                  db_int(access->is_new ? access->round : access->round + 1));
}

int
access_set(struct db *db, struct arena *arena, const struct access *access,
           const struct access_change *change, struct error *err)
{
    return DB_RUN(NULL, db, arena, "access_set", err, db_int(access->id),
                  db_text(change->status), db_text(change->reason),
                  id_or_null(change->decided_by),
                  id_or_null(change->granted_by));
}

/* What the requester does is no decision; an agreement is logged by itself. */
static bool
is_logged(const char *kind)
{
    return strcmp(kind, "ask") != 0 && strcmp(kind, "withdraw") != 0;
}

static int
log_event(struct db *db, struct arena *arena, const struct access_event *event,
          struct error *err)
{
    const struct access *access = event->access;
    json_t *open = json_keep(arena, json_object());
    char at[CLOCK_TEXT_SIZE];
    json_t *record;
    struct log_fact fact = {.kind = event->kind, .open = open};

    clock_write(at, clock_now_ms());
    log_name_model(open, event->repository);
    record =
        json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s}", "repository",
                  access_repository_name(arena, event->repository), "request",
                  access->public_id, "account", access->account_name, "by",
                  event->by != NULL ? event->by->name : "", "reason",
                  event->reason, "at", at);
    fact.record = json_keep(arena, record);
    return log_add(NULL, db, arena, &fact, err);
}

int
access_record(struct db *db, struct arena *arena,
              const struct access_event *event, struct error *err)
{
    const struct caller *by = event->by;

    if (DB_RUN(NULL, db, arena, "access_record", err, db_int(event->access->id),
               db_text(event->kind), id_or_null(by != NULL ? by->account : 0),
               db_text(by != NULL ? by->name : ""), db_text(event->reason)) < 0)
        return -1;
    if (!is_logged(event->kind))
        return 0;
    return log_event(db, arena, event, err);
}
