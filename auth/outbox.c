#include "auth/outbox.h"

#define LEASE_SECONDS 600 /* 10 * 60 */

int
outbox_add(struct db *db, struct arena *arena, const struct outbox_mail *mail,
           struct error *err)
{
    return DB_RUN(NULL, db, arena, "outbox_add", err, db_text(mail->recipient),
                  db_text(mail->subject), db_text(mail->body),
                  db_text(mail->dedupe));
}

int
outbox_take(struct outbox_mail *out, struct db *db, struct arena *arena,
            struct error *err)
{
    struct db_rows *rows;

    *out = (struct outbox_mail){0};
    if (DB_RUN(&rows, db, arena, "outbox_take", err, db_int(LEASE_SECONDS)) < 0)
        return -1;
    if (db_rows_count(rows) == 0)
        return 0;
    *out = (struct outbox_mail){
        .id = db_get_int(rows, 0, 0),
        .recipient = db_get_text(rows, 0, 1),
        .subject = db_get_text(rows, 0, 2),
        .body = db_get_text(rows, 0, 3),
        .dedupe = db_get_text(rows, 0, 4),
    };
    return 0;
}

int
outbox_set_sent(struct db *db, struct arena *arena, int64_t mail,
                struct error *err)
{
    return DB_RUN(NULL, db, arena, "outbox_set_sent", err, db_int(mail));
}

int
outbox_set_failed(struct db *db, struct arena *arena, int64_t mail,
                  const char *problem, bool is_final, struct error *err)
{
    return DB_RUN(NULL, db, arena, "outbox_set_failed", err, db_int(mail),
                  db_text(problem), db_int(is_final ? 0 : OUTBOX_TRIES));
}
