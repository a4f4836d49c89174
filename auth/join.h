/*
 * join: how a person gets an account, and back into one.
 *
 * Links leave by mail (auth/outbox), in the transaction that makes them.  An
 * e-mail address that has an account already is answered like a new one; its
 * owner is told by mail, so that nobody learns who is here.
 */
#ifndef AUTH_JOIN_H
#define AUTH_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

enum join_policy {
    JOIN_OPEN,
    JOIN_INVITATION,
    JOIN_CLOSED,
};

struct join {
    const char *name;
    const char *fullname; /* NULL: none */
    const char *email;    /* does not matter with an invitation */
    const char *password;
    const char *invitation; /* text of a link, or NULL */
    const char *address;    /* where the request comes from */
    enum join_policy policy;
    const char *url; /* the registry's own, for links */
};

/* "open", "invitation", "closed"; false for another word. */
bool join_policy_parse(enum join_policy *out, const char *text);

/*
 * Asks for an account.  *out_is_ready says that it can be used at once, since
 * the invitation proved the address; else a link is on its way.
 * ERROR_FORBIDDEN by policy, ERROR_CONFLICT for a name that is taken,
 * ERROR_TOO_MANY, ERROR_BAD_REQUEST.  Not inside a transaction.
 */
int join_ask(bool *out_is_ready, struct db *db, struct arena *arena,
             const struct join *join, struct error *err);

/* Confirms an address; ERROR_NOT_FOUND for a link that is no more. */
int join_verify(struct db *db, struct arena *arena, const char *link,
                struct error *err);

/* Mails the link to confirm an address again; limited. */
int join_remind(struct db *db, struct arena *arena, int64_t account,
                const char *url, struct error *err);

/* Mails an invitation by account. */
int join_invite(struct db *db, struct arena *arena, int64_t account,
                const char *email, const char *url, struct error *err);

/* Mails a link to set a password, if somebody has this address; limited. */
int join_forget(struct db *db, struct arena *arena, const char *email,
                const char *address, const char *url, struct error *err);

/* Sets a password by such a link, and ends all sessions. */
int join_set_password(struct db *db, struct arena *arena, const char *link,
                      const char *password, struct error *err);

#endif
