/*
 * agreement_store: agreements as evidence, exactly as they were given.
 *
 * A person's envelope is checked against the account, the model and the
 * licence it is offered for, then kept byte for byte and countersigned.  A
 * person without a key, at a browser, has the registry sign for them, and the
 * agreement says so.  Each is an entry in the log, in the same transaction.
 */
#ifndef AUTH_AGREEMENT_STORE_H
#define AUTH_AGREEMENT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/access.h"
#include "auth/caller.h"
#include "auth/gate_settings.h"
#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"

/* How far the clock of a person's machine may be off, or a request be late. */
#define AGREEMENT_STORE_PAST_MS (24 * INT64_C(3600000))
#define AGREEMENT_STORE_FUTURE_MS INT64_C(600000)

/* How the registry signs, and what it calls itself. */
struct agreement_registry {
    const char *url;
    const struct key *key; /* the vault's VAULT_RECEIPT */
};

/* An agreement as it comes: a signed envelope, or the digest alone. */
struct agreement_offer {
    const char *envelope; /* NULL: none */
    const char *key;      /* PEM of the person's public key */
    const char *digest;   /* "sha256:…", ticked or given; NULL: none */
};

struct agreement_case {
    const struct agreement_registry *registry;
    const struct repository *repository;
    const struct caller *caller;
    const struct gate_settings *settings; /* with a licence */
    const struct agreement_offer *offer;
    const char *commit; /* main's newest, for what the registry signs */
    /* For agreement_store_add: the request, and the answers to the form. */
    const struct access *access;
    const json_t *answers;
};

/*
 * Refuses an offer that is not this account's agreement to this licence for
 * this model: ERROR_BAD_REQUEST, or ERROR_SIGNATURE.  *out_answers is what a
 * signed envelope holds, else NULL.
 */
int agreement_store_check(json_t **out_answers, struct arena *arena,
                          const struct agreement_case *offered,
                          struct error *err);

/*
 * Keeps an offer that agreement_store_check took, inside the transaction of
 * the request that it belongs to; *out is the receipt.
 */
int agreement_store_add(const char **out, struct db *db, struct arena *arena,
                        const struct agreement_case *offered,
                        struct error *err);

/* Whether the account agreed to the gate's licence for the repository. */
int agreement_store_has(bool *out, struct db *db, struct arena *arena,
                        const struct agreement_case *offered,
                        struct error *err);

/* The receipt of an account's newest agreement; NULL when there is none. */
int agreement_store_find_receipt(const char **out, struct db *db,
                                 struct arena *arena, int64_t repository,
                                 int64_t account, struct error *err);

#endif
