/*
 * outbox: mail as rows, written in the transaction that decides on it.
 *
 * A job takes them out and sends them (registry/jobs/outbox).  One that was
 * taken and neither sent nor failed, since its daemon died, comes up again.
 */
#ifndef AUTH_OUTBOX_H
#define AUTH_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* Tries before a mail is given up: over some two days. */
#define OUTBOX_TRIES 12

struct outbox_mail {
    int64_t id;            /* set by outbox_take; 0: none */
    const char *recipient; /* one address; "": kept without body, not sent */
    const char *subject;   /* one line */
    const char *body;      /* plain text, lines ended by '\n' */
    /*
     * Of two mails with the same one only the first is kept; NULL: keep all.
     * What begins with "link:" holds a link that only the recipient may see.
     */
    const char *dedupe;
};

/* Takes part in the caller's transaction. */
int outbox_add(struct db *db, struct arena *arena,
               const struct outbox_mail *mail, struct error *err);

/* The mail that waits longest, ours for ten minutes; id 0 when none waits. */
int outbox_take(struct outbox_mail *out, struct db *db, struct arena *arena,
                struct error *err);

int outbox_set_sent(struct db *db, struct arena *arena, int64_t mail,
                    struct error *err);

/* It comes up again later, unless is_final or OUTBOX_TRIES were enough. */
int outbox_set_failed(struct db *db, struct arena *arena, int64_t mail,
                      const char *problem, bool is_final, struct error *err);

#endif
