/*
 * ask: the requester's side of a gate: asking for access, and withdrawing.
 *
 * What follows an ask depends on the mode, on the account's e-mail domain and
 * organisations, and on what was asked before: a pending, accepted or rejected
 * request stays as it is (but for an agreement to a licence that changed), and
 * one that was reset or expired begins another round.
 */
#ifndef AUTH_ASK_H
#define AUTH_ASK_H

#include "auth/agreement_store.h"
#include "auth/caller.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

struct ask {
    const struct repository *repository; /* one that the caller may see */
    const struct caller *caller;         /* an account */
    const struct agreement_registry *registry;
    const json_t *answers;        /* label to text; NULL: none */
    struct agreement_offer offer; /* empty: none */
    int64_t open_limit; /* requests that may wait at once; 0: any number */
};

struct ask_result {
    const char *request; /* public id */
    const char *status;  /* as it is now */
    bool has_changed;
    const char *receipt; /* of an agreement that was kept now; else NULL */
};

/*
 * ERROR_NOT_GATED; ERROR_TOO_MANY over the limit; ERROR_BAD_REQUEST for a
 * question without an answer, or when the gate has a licence and the offer does
 * not agree to it.
 */
int ask_submit(struct ask_result *out, struct db *db, struct arena *arena,
               const struct ask *ask, struct error *err);

/* ERROR_NOT_FOUND unless the caller's request is pending. */
int ask_withdraw(struct db *db, struct arena *arena,
                 const struct repository *repository,
                 const struct caller *caller, struct error *err);

#endif
