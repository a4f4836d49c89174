/*
 * access: one person's request for one model, as a row that is locked.
 *
 * Whoever changes a request's state locks its row first and then looks, so
 * that of two who decide at once the second sees what the first did.  Rows
 * that were withdrawn are kept and never found.
 */
#ifndef AUTH_ACCESS_H
#define AUTH_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

struct access {
    int64_t id;            /* 0: none */
    const char *public_id; /* "requestId": 24 hexadecimal digits */
    int64_t account;
    const char *account_name;
    const char *status; /* pending, accepted, rejected, reset */
    int64_t round;      /* counts asks */
    bool is_new;        /* the row was made by this transaction */
};

/* Finds and locks, inside a transaction.  With no such request id is 0. */
int access_lock(struct access *out, struct db *db, struct arena *arena,
                int64_t repository, int64_t account, struct error *err);

/* By public id or the beginning of one; ERROR_BAD_REQUEST if several fit. */
int access_lock_by_name(struct access *out, struct db *db, struct arena *arena,
                        int64_t repository, const char *name,
                        struct error *err);

/* The same by row. */
int access_lock_by_id(struct access *out, struct db *db, struct arena *arena,
                      int64_t id, struct error *err);

/* Who a new request is from, and on what. */
struct access_person {
    const struct repository *repository;
    int64_t account;
    const char *account_name;
    bool asked; /* false: granted without asking */
};

/* access_lock, making a pending request when there is none. */
int access_lock_or_add(struct access *out, struct db *db, struct arena *arena,
                       const struct access_person *person, struct error *err);

/* Begins another round: new answers, a new time; status as given. */
int access_ask(struct db *db, struct arena *arena, const struct access *access,
               const char *status, const json_t *answers, struct error *err);

/* A decision, as the row keeps it. */
struct access_change {
    const char *status;
    const char *reason; /* or NULL */
    int64_t decided_by; /* account; 0: the registry itself */
    int64_t granted_by; /* account; 0: was not granted by hand */
};

/* "pending" takes the time of the review away; any other status sets it. */
int access_set(struct db *db, struct arena *arena, const struct access *access,
               const struct access_change *change, struct error *err);

/* What a decision's row, log entry and mail tell. */
struct access_event {
    const struct repository *repository;
    const struct access *access;
    const char *kind; /* of table decision: "ask", "accept", "vote", … */
    const struct caller *by; /* NULL: the registry itself */
    const char *reason;      /* or NULL */
};

/*
 * Records an event; decisions are entries in the log too.  A second vote in
 * one round is ERROR_CONFLICT, which ends the transaction.
 */
int access_record(struct db *db, struct arena *arena,
                  const struct access_event *event, struct error *err);

/* "acme/tiny", "datasets/acme/words": how evidence names a repository. */
const char *access_repository_name(struct arena *arena,
                                   const struct repository *repository);

#endif
