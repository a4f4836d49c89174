/*
 * link: a text that is mailed, to be shown back once.
 *
 * It confirms an e-mail address, lets a person join, or sets a password.  The
 * database keeps its SHA-256, and whether it was used.
 */
#ifndef AUTH_LINK_H
#define AUTH_LINK_H

#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

enum link_kind {
    LINK_VERIFY,   /* good for a day */
    LINK_INVITE,   /* good for a week */
    LINK_PASSWORD, /* good for an hour */
};

struct link {
    enum link_kind kind;
    int64_t account; /* 0: none, of an invitation */
    const char *email;
    int64_t created_by; /* 0: nobody; not read back */
};

/* *out_text is 40 letters and digits. */
int link_add(const char **out_text, struct db *db, struct arena *arena,
             const struct link *link, struct error *err);

/* ERROR_NOT_FOUND when it is unknown, used or too old. */
int link_find(struct link *out, struct db *db, struct arena *arena,
              enum link_kind kind, const char *text, struct error *err);

/* The same, and it is used up. */
int link_use(struct link *out, struct db *db, struct arena *arena,
             enum link_kind kind, const char *text, struct error *err);

#endif
