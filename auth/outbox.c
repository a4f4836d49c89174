#include "auth/outbox.h"

#define LEASE_SECONDS (10 * 60)
/* The wait doubles from one minute up to six hours. */
#define FIRST_WAIT_SECONDS 60
#define LONGEST_WAIT_SECONDS (6 * 60 * 60)

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
        .tries = db_get_int(rows, 0, 5),
    };
    return 0;
}

int
outbox_set_sent(struct db *db, struct arena *arena,
                const struct outbox_mail *mail, struct error *err)
{
    return DB_RUN(NULL, db, arena, "outbox_set_sent", err, db_int(mail->id));
}

int
outbox_set_failed(struct db *db, struct arena *arena,
                  const struct outbox_mail *mail, const char *problem,
                  bool is_final, struct error *err)
{
    int64_t wait = FIRST_WAIT_SECONDS;

    for (int64_t i = 1; i < mail->tries && wait < LONGEST_WAIT_SECONDS; i++)
        wait *= 2;
    if (wait > LONGEST_WAIT_SECONDS)
        wait = LONGEST_WAIT_SECONDS;
    if (is_final || mail->tries >= OUTBOX_TRIES)
        wait = 0;
    return DB_RUN(NULL, db, arena, "outbox_set_failed", err, db_int(mail->id),
                  db_text(problem), db_int(wait));
}
