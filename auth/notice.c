#include "auth/notice.h"

#include <inttypes.h>
#include <string.h>

#include "auth/outbox.h"
#include "storage/base/clock.h"

#define DAY_MS INT64_C(86400000)
#define DAY_LENGTH 10 /* "2026-11-24" */

/* What a person is told, by kind of event. */
static const struct {
    const char *kind;
    const char *subject;
    const char *sentence;
} decisions[] = {
    {"accept", "access granted", "You may have"},
    {"grant", "access granted", "You may have"},
    {"reject", "request rejected", "The reviewers rejected your request for"},
    {"reset", "request reset",
     "The reviewers withdrew your access to, or your request for,"},
    {"revoke", "access withdrawn", "The reviewers withdrew your access to"},
    {"expire", "access ended",
     "The time of your access is over; you may ask again for"},
};

static int
list_recipients(struct db_rows **out, struct db *db, struct arena *arena,
                int64_t repository, struct error *err)
{
    return DB_RUN(out, db, arena, "notice_list_recipients", err,
                  db_int(repository));
}

int
notice_asked(struct db *db, struct arena *arena, const char *url,
             const struct repository *repository, const struct access *access,
             struct error *err)
{
    const char *name = access_repository_name(arena, repository);
    struct outbox_mail mail = {
        .subject =
            arena_format(arena, "%s asks for %s", access->account_name, name),
        .body =
            arena_format(arena,
                         "%s asks for access to %s.\n\n"
                         "Answers and decision: %s/reviews\n"
                         "or: weigh review show %.8s\n",
                         access->account_name, name, url, access->public_id),
    };
    struct db_rows *rows;

    if (list_recipients(&rows, db, arena, repository->id, err) < 0)
        return -1;
    for (int64_t i = 0; i < db_rows_count(rows); i++) {
        if (strcmp(db_get_text(rows, i, 1), "bulk") == 0)
            return 0;
        mail.recipient = db_get_text(rows, i, 0);
        if (outbox_add(db, arena, &mail, err) < 0)
            return -1;
    }
    return 0;
}

static int
mail_decision(struct db *db, struct arena *arena,
              const struct access_event *event, size_t which, struct error *err)
{
    const char *name = access_repository_name(arena, event->repository);
    const char *gap = event->reason != NULL ? "\n\nReason: " : "";
    const char *reason = event->reason != NULL ? event->reason : "";
    struct db_rows *rows;
    struct outbox_mail mail = {
        .subject =
            arena_format(arena, "%s: %s", name, decisions[which].subject),
        .body = arena_format(arena, "%s %s.%s%s\n", decisions[which].sentence,
                             name, gap, reason),
    };

    if (DB_RUN(&rows, db, arena, "notice_find_person", err,
               db_int(event->access->account)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    mail.recipient = db_get_text(rows, 0, 0);
    return outbox_add(db, arena, &mail, err);
}

int
notice_decided(struct db *db, struct arena *arena,
               const struct access_event *event, struct error *err)
{
    size_t count = sizeof(decisions) / sizeof(decisions[0]);

    if (event->by != NULL && event->by->account == event->access->account)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(event->kind, decisions[i].kind) == 0)
            return mail_decision(db, arena, event, i, err);
    return 0;
}

/* What waits on one repository, to each of its recipients. */
static int
mail_daily(struct db *db, struct arena *arena, const char *url,
           const struct db_rows *waiting, int64_t row, struct error *err)
{
    int64_t repository = db_get_int(waiting, row, 0);
    const char *name = db_get_text(waiting, row, 1);
    int64_t count = db_get_int(waiting, row, 2);
    char day[CLOCK_TEXT_SIZE];
    struct db_rows *rows;

    clock_write(day, clock_now_ms() - DAY_MS);
    day[DAY_LENGTH] = '\0';
    if (list_recipients(&rows, db, arena, repository, err) < 0)
        return -1;
    for (int64_t i = 0; i < db_rows_count(rows); i++) {
        const struct outbox_mail mail = {
            .recipient = db_get_text(rows, i, 0),
            .subject = arena_format(arena, "requests for %s", name),
            .body = arena_format(arena,
                                 "%" PRId64 " new on %s wait for a decision on"
                                 " access to %s.\n\n%s/reviews\n",
                                 count, day, name, url),
            .dedupe = arena_format(arena, "daily:%" PRId64 ":%s:%s", repository,
                                   day, db_get_text(rows, i, 0)),
        };

        if (outbox_add(db, arena, &mail, err) < 0)
            return -1;
    }
    return 0;
}

int
notice_send_daily(struct db *db, const char *url, struct error *err)
{
    const struct db_call call = {.name = "notice_list_waiting"};
    struct arena *arena = arena_open();
    struct db_rows *rows;
    int result = db_run(&rows, db, arena, &call, err);

    for (int64_t i = 0; result == 0 && i < db_rows_count(rows); i++)
        result = mail_daily(db, arena, url, rows, i, err);
    arena_free(arena);
    return result;
}

int
notice_set_wanted(struct db *db, struct arena *arena, int64_t account,
                  bool wanted, struct error *err)
{
    return DB_RUN(NULL, db, arena, wanted ? "notice_set_on" : "notice_set_off",
                  err, db_int(account));
}
