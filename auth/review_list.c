#include "auth/review_list.h"

#include <string.h>

#include "storage/base/clock.h"

/* Of the beginning of a request's id. */
#define PREFIX_LENGTH_MIN 4

/* Columns of review_list.sql and its kin. */
enum {
    PUBLIC_ID,
    KIND,
    REPOSITORY,
    STATUS,
    ASKED_AT,
    REVIEWED_AT,
    ANSWERS,
    REASON,
    ACCOUNT_ID,
    ACCOUNT,
    FULLNAME,
    EMAIL,
    GRANTED_BY,
    GRANTED_BY_FULLNAME,
    DECIDED_BY,
    GRANT_ENDS_AT,
    LICENCE,
    HOW,
    AGREED_AT,
    VOTES,
};

static void
add_text(json_t *object, const char *key, const struct db_rows *rows,
         int64_t row, int column)
{
    if (!db_is_null(rows, row, column))
        json_object_set_new(object, key,
                            json_string(db_get_text(rows, row, column)));
}

static void
add_time(json_t *object, const char *key, const struct db_rows *rows,
         int64_t row, int column)
{
    char at[CLOCK_TEXT_SIZE];

    if (db_is_null(rows, row, column))
        return;
    clock_write(at, db_get_time(rows, row, column));
    json_object_set_new(object, key, json_string(at));
}

static json_t *
user_to_json(struct arena *arena, const struct db_rows *rows, int64_t row,
             const char *url)
{
    const char *name = db_get_text(rows, row, ACCOUNT);
    json_t *user =
        json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:[]}", "_id",
                  db_get_text(rows, row, ACCOUNT_ID), "avatarUrl",
                  arena_format(arena, "%s/avatars/%s", url, name), "isPro", 0,
                  "fullname", db_get_text(rows, row, FULLNAME), "user", name,
                  "type", "user", "verifiedOrgNames");

    add_text(user, "email", rows, row, EMAIL);
    return user;
}

static void
add_answers(json_t *item, struct arena *arena, const struct db_rows *rows,
            int64_t row)
{
    struct error unused;
    json_t *answers;
    const char *text;

    if (db_is_null(rows, row, ANSWERS))
        return;
    text = db_get_text(rows, row, ANSWERS);
    if (json_read(&answers, arena, text, strlen(text), &unused) == 0)
        json_object_set(item, "fields", answers);
}

static void
add_agreement(json_t *item, const struct db_rows *rows, int64_t row)
{
    json_t *agreement;

    if (db_is_null(rows, row, LICENCE))
        return;
    agreement = json_object();
    add_text(agreement, "licence", rows, row, LICENCE);
    add_text(agreement, "given", rows, row, HOW);
    add_time(agreement, "agreedAt", rows, row, AGREED_AT);
    json_object_set_new(item, "agreement", agreement);
}

static json_t *
item_to_json(struct arena *arena, const struct db_rows *rows, int64_t row,
             const char *url)
{
    json_t *item = json_object();

    json_object_set_new(item, "user", user_to_json(arena, rows, row, url));
    add_answers(item, arena, rows, row);
    add_time(item, "timestamp", rows, row, ASKED_AT);
    add_time(item, "reviewedAt", rows, row, REVIEWED_AT);
    add_text(item, "status", rows, row, STATUS);
    if (!db_is_null(rows, row, GRANTED_BY)) {
        json_t *granted_by = json_object();

        add_text(granted_by, "user", rows, row, GRANTED_BY);
        add_text(granted_by, "fullname", rows, row, GRANTED_BY_FULLNAME);
        json_object_set_new(item, "grantedBy", granted_by);
    }
    add_text(item, "requestId", rows, row, PUBLIC_ID);
    json_object_set_new(item, "repo",
                        json_pack("{s:s, s:s}", "type",
                                  db_get_text(rows, row, KIND), "name",
                                  db_get_text(rows, row, REPOSITORY)));
    add_text(item, "reason", rows, row, REASON);
    add_text(item, "decidedBy", rows, row, DECIDED_BY);
    add_time(item, "grantEndsAt", rows, row, GRANT_ENDS_AT);
    add_agreement(item, rows, row);
    json_object_set_new(item, "votes",
                        json_integer(db_get_int(rows, row, VOTES)));
    return item;
}

/* One row more than the page holds was asked for: it tells of a next page. */
static void
read_page(struct review_page *out, struct arena *arena,
          const struct db_rows *rows, const struct review_query *query)
{
    int64_t count = db_rows_count(rows);
    int64_t shown = count < query->limit ? count : query->limit;

    *out = (struct review_page){.items = json_keep(arena, json_array())};
    for (int64_t i = 0; i < shown; i++)
        json_array_append_new(out->items,
                              item_to_json(arena, rows, i, query->url));
    if (count > shown)
        out->next = db_get_text(rows, shown - 1, PUBLIC_ID);
}

/* Asks for a status and nothing else: what reviewers see all day. */
static bool
is_plain(const struct review_query *query)
{
    return query->status != NULL && query->search == NULL &&
           query->after_ms == 0 && query->before_ms == CLOCK_NEVER;
}

static int
list_status(struct review_page *out, struct db *db, struct arena *arena,
            const struct db_value place[2], const struct review_query *query,
            struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "review_list_status", err, place[0], place[1],
               db_text(query->status), db_text(query->cursor),
               db_int(query->limit + 1)) < 0)
        return -1;
    read_page(out, arena, rows, query);
    return 0;
}

/* An account's own: for one repository, or, with 0, for any. */
static int
list_own(struct review_page *out, struct db *db, struct arena *arena,
         const int64_t ids[2], const struct review_query *query,
         struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "review_list_own", err, db_int(ids[1]),
               ids[0] != 0 ? db_int(ids[0]) : db_null(), db_text(query->cursor),
               db_int(query->limit + 1)) < 0)
        return -1;
    read_page(out, arena, rows, query);
    return 0;
}

int
review_list(struct review_page *out, struct db *db, struct arena *arena,
            int64_t repository, const struct review_query *query,
            struct error *err)
{
    const struct db_value place[] = {db_int(repository), db_null()};
    struct db_rows *rows;

    if (query->account != 0)
        return list_own(out, db, arena, (int64_t[]){repository, query->account},
                        query, err);
    if (is_plain(query))
        return list_status(out, db, arena, place, query, err);
    if (DB_RUN(&rows, db, arena, "review_list", err, db_int(repository),
               db_text(query->status), db_text(query->search),
               query->after_ms != 0 ? db_time(query->after_ms) : db_null(),
               db_time(query->before_ms), db_text(query->cursor),
               db_int(query->limit + 1)) < 0)
        return -1;
    read_page(out, arena, rows, query);
    return 0;
}

int
review_list_queue(struct review_page *out, struct db *db, struct arena *arena,
                  int64_t account, const struct review_query *query,
                  struct error *err)
{
    const struct db_value place[] = {db_null(), db_int(account)};

    return list_status(out, db, arena, place, query, err);
}

int
review_list_own(struct review_page *out, struct db *db, struct arena *arena,
                int64_t account, const struct review_query *query,
                struct error *err)
{
    return list_own(out, db, arena, (int64_t[]){0, account}, query, err);
}

int
review_list_find(json_t **out, struct db *db, struct arena *arena,
                 int64_t account, const struct review_query *query,
                 struct error *err)
{
    const char *name = query->search;
    size_t length = strlen(name);
    struct db_rows *rows;

    if (length < PREFIX_LENGTH_MIN ||
        strspn(name, "0123456789abcdef") != length)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a request is named by 4 to 24 hexadecimal digits");
    if (DB_RUN(&rows, db, arena, "review_list_find", err, db_int(account),
               db_text(name)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return error_set(err, ERROR_NOT_FOUND, "no request begins with %s",
                         name);
    if (db_rows_count(rows) > 1)
        return error_set(err, ERROR_BAD_REQUEST,
                         "several requests begin with %s", name);
    *out = json_keep(arena, item_to_json(arena, rows, 0, query->url));
    return 0;
}

int
review_list_wait(struct review_wait *out, struct db *db, struct arena *arena,
                 int64_t repository, struct error *err)
{
    struct db_rows *rows;

    if (DB_RUN(&rows, db, arena, "review_list_wait", err, db_int(repository)) <
        0)
        return -1;
    out->waiting = db_get_int(rows, 0, 0);
    out->usual_ms = db_get_int(rows, 0, 1);
    return 0;
}

json_t *
review_list_report(const json_t *item)
{
    static const char *const copied[] = {"reviewedAt", "status", "grantedBy"};
    const json_t *user = json_object_get(item, "user");
    json_t *entry = json_pack("{s:O, s:O, s:O?, s:O}", "fullname",
                              json_object_get(user, "fullname"), "user",
                              json_object_get(user, "user"), "email",
                              json_object_get(user, "email"), "time",
                              json_object_get(item, "timestamp"));

    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
        if (json_object_get(item, copied[i]) != NULL)
            json_object_set(entry, copied[i], json_object_get(item, copied[i]));
    return entry;
}
