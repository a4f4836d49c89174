/*
 * receipt: an agreement countersigned by the registry, for a person to keep.
 *
 * A DSSE envelope by the registry's key around the agreement's exact text and
 * what the registry adds: its own time and the request that followed.  Both
 * signatures can be checked years later, without the registry.
 */
#ifndef AUTH_KEY_RECEIPT_H
#define AUTH_KEY_RECEIPT_H

#include <stddef.h>
#include <stdint.h>

#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define RECEIPT_TYPE "application/vnd.weighhouse.receipt+json"
#define RECEIPT_LIMIT_BYTES (1u << 20)

struct receipt {
    const char *registry; /* base URL */
    const char *request;  /* public id, 24 hexadecimal digits, or "" */
    const char *account;
    const char *agreement; /* the envelope's text, exactly as it came */
    int64_t received_at_ms;
    struct digest key; /* the registry's; set by receipt_make */
};

int receipt_make(char **out, size_t *out_length, struct arena *arena,
                 const struct receipt *receipt, const struct key *key,
                 struct error *err);

/* ERROR_SIGNATURE unless the registry's key signed it; key NULL only reads. */
int receipt_read(struct receipt *out, struct arena *arena, const char *bytes,
                 size_t length, const struct key *key, struct error *err);

#endif
