/*
 * caller: who asks, as far as they proved it.
 *
 * registry/http fills one for each request from the token, the session's
 * cookie or a self-authorising URL; everything below only reads it.
 */
#ifndef AUTH_CALLER_H
#define AUTH_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct question_queue;

enum token_role {
    TOKEN_NONE, /* no token: a session, a link, or nobody */
    TOKEN_READ,
    TOKEN_WRITE,
    TOKEN_FINE_GRAINED,
};

struct caller {
    int64_t account;  /* 0: anonymous */
    const char *name; /* the account's name; "" when anonymous */
    int64_t token;    /* 0: none */
    enum token_role role;
    int64_t session;        /* 0: none */
    bool administrator;     /* of the registry, by account */
    const char *address;    /* where the request comes from, as text */
    const char *user_agent; /* cut and printable; may be "" */
    const char *request_id; /* X-Request-Id, for the record; NULL: none */
    /* Where gate_check notes what this caller asked; NULL in tests alone. */
    struct question_queue *questions;
};

/* Makes it nobody; what is not a proof (address, user agent, …) stays. */
void caller_forget(struct caller *out);

/* Says that a token is not good, whatever is wrong with it; -1. */
int caller_refuse(struct error *err);

/*
 * Finds who holds a token, by its text's digest (token_hash):
 * ERROR_UNAUTHENTICATED "Invalid credentials in Authorization header" when it
 * is unknown, revoked, expired or of a disabled account; these cannot be told
 * apart.  address, user_agent, request_id and questions are for who calls this
 * to set.  Notes the token's use at most once a minute.
 */
int caller_find_by_token(struct caller *out, struct db *db, struct arena *arena,
                         const struct digest *token, struct error *err);

/*
 * Finds who a self-authorising URL was made for, as they are now: an account,
 * 0 for nobody, and the token it asked with, 0 for none.
 * ERROR_UNAUTHENTICATED when the account or the token is no more.
 */
int caller_find_by_link(struct caller *out, struct db *db, struct arena *arena,
                        int64_t account, int64_t token, struct error *err);

/*
 * Finds who holds a session's cookie.  *out stays anonymous when it is
 * unknown or over, which is not an error.  When the session is due for
 * rotation *out_cookie is its new value, else NULL.
 */
int caller_find_by_session(struct caller *out, const char **out_cookie,
                           struct db *db, struct arena *arena,
                           const char *cookie, struct error *err);

#endif
