/*
 * signing_key: the public keys that sign a namespace's releases.
 *
 * One key at a time signs; it is replaced by one that it signed for itself (a
 * rotation), or, once revoked, by any.  Keys are never forgotten: releases of
 * earlier times name them, and clients judge them by their dates.
 */
#ifndef AUTH_SIGNING_KEY_H
#define AUTH_SIGNING_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/db.h"

/* DSSE payload of a rotation: {"namespace", "from", "to"}, keys by hint. */
#define SIGNING_KEY_ROTATION_TYPE "application/vnd.weighhouse.rotation+json"
#define SIGNING_KEY_ROTATION_LIMIT 16384 /* bytes of the envelope */
#define SIGNING_KEY_REASON_LIMIT 200     /* bytes */

struct signing_key {
    int64_t id;       /* 0: none */
    const char *hint; /* SHA-256 of pem, hexadecimal */
    const char *pem;
    const char *rotation; /* the envelope by the key before it, or NULL */
    int64_t begins_at_ms;
    int64_t ends_at_ms;    /* CLOCK_NEVER: goes on */
    int64_t revoked_at_ms; /* CLOCK_NEVER: not revoked */
    const char *revoked_reason;
};

struct signing_key_spec {
    int64_t namespace_id;
    const char *namespace_name;
    const char *pem;
    size_t pem_length;
    const char *rotation; /* NULL: none */
    int64_t account;      /* who registers it */
};

/*
 * Registers a P-256 key in the caller's transaction, with its log entry; one
 * that signs already is no error.  ERROR_CONFLICT while another key signs and
 * no rotation comes along, or for a key that ended; ERROR_SIGNATURE for a
 * rotation that the key before did not sign.
 */
int signing_key_add(struct signing_key *out, struct db *db, struct arena *arena,
                    const struct signing_key_spec *spec, struct error *err);

/* By its hint.  With no such key out->id is 0. */
int signing_key_find(struct signing_key *out, struct db *db,
                     struct arena *arena, int64_t namespace_id,
                     const char *hint, struct error *err);

/* All of a namespace, the newest first; *out is an array in the arena. */
int signing_key_list(struct signing_key **out, size_t *out_count, struct db *db,
                     struct arena *arena, int64_t namespace_id,
                     struct error *err);

/*
 * Takes a key back, in the caller's transaction, with its log entry: it signs
 * nothing from now on.  ERROR_NOT_FOUND when none such signs.
 */
int signing_key_revoke(struct db *db, struct arena *arena, int64_t namespace_id,
                       const char *hint, const char *reason, struct error *err);

/* For the API.  A new reference. */
json_t *signing_key_to_json(const struct signing_key *key);

#endif
