/*
 * review: the reviewers' side of a gate: deciding, voting, granting, revoking.
 *
 * Every function is one transaction that locks the request, changes its state
 * and the grant, and writes decision, log entry and mail.  Under a quorum
 * "accepted" is one vote of a named reviewer, and the request stays pending
 * until there are enough; nobody decides on their own there.
 */
#ifndef AUTH_REVIEW_H
#define AUTH_REVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

#define REVIEW_REASON_LIMIT 200 /* characters, as the Hub's */

/* Whose request: exactly one is set. */
struct review_target {
    const char *user;    /* the account's name */
    const char *user_id; /* its public id */
    const char *request; /* the request's public id, or its beginning */
};

struct review {
    const struct repository *repository;
    const struct caller *caller; /* who has RIGHT_REVIEW */
    struct review_target target;
    const char *status; /* accepted, rejected, pending, reset */
    const char *reason; /* of rejected or reset; NULL: none */
    int64_t
        until_ms; /* of accepted: the grant's end; CLOCK_NEVER: the gate's */
};

/*
 * ERROR_NOT_FOUND with the Hub's texts: no such user, or no request that the
 * decision would change; ERROR_BAD_REQUEST, ERROR_FORBIDDEN, ERROR_CONFLICT
 * for a second vote.
 */
int review_decide(struct db *db, struct arena *arena,
                  const struct review *review, struct error *err);

/*
 * Gives access without a request, or lifts one; the status does not matter.
 * ERROR_BAD_REQUEST when there is access already, ERROR_NOT_GATED,
 * ERROR_FORBIDDEN under a quorum.
 */
int review_grant(struct db *db, struct arena *arena,
                 const struct review *review, struct error *err);

/*
 * Takes access away: status reset, after which the person may ask again, or
 * rejected.  ERROR_NOT_FOUND unless the request is accepted.
 */
int review_revoke(struct db *db, struct arena *arena,
                  const struct review *review, struct error *err);

enum review_outcome {
    REVIEW_OK,
    REVIEW_USER_NOT_FOUND,
    REVIEW_REQUEST_NOT_FOUND,
};

/*
 * review_decide as one of a batch: what is not found is an outcome, and a
 * request that has the status already is REVIEW_OK.
 */
int review_decide_one(enum review_outcome *out, struct db *db,
                      struct arena *arena, const struct review *review,
                      struct error *err);

#endif
