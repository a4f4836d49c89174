/*
 * dsse: signed envelopes (Dead Simple Signing Envelope, v1.0).
 *
 * An envelope is JSON: a payload (base64), its type, and signatures over
 * "DSSEv1 <length> <type> <length> <payload>".  The payload's bytes are signed
 * as they are and never written again, so their formatting does not matter.
 * Ours carry exactly one signature; more are refused, since nobody could say
 * who vouches for what.
 */
#ifndef AUTH_KEY_DSSE_H
#define AUTH_KEY_DSSE_H

#include <jansson.h>
#include <stddef.h>

#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

struct dsse {
    const char *type;
    const char *payload; /* followed by a NUL that payload_length leaves out */
    size_t payload_length;
    struct key_signature signature;
    const char *key_id; /* a claim, "" for none; never trusted */
};

/* What is signed: the pre-authentication encoding, in the arena. */
char *dsse_encode(size_t *out_length, struct arena *arena, const char *type,
                  const void *payload, size_t payload_length);

/* Fills out->signature from out's type and payload. */
int dsse_sign(struct dsse *out, struct arena *arena, const struct key *key,
              struct error *err);

/* A new reference; the caller gives it away or drops it. */
json_t *dsse_to_json(const struct dsse *dsse, struct arena *arena);

/* Signs as dsse_sign does, and gives the envelope's text in the arena. */
int dsse_seal(char **out, size_t *out_length, struct arena *arena,
              struct dsse *dsse, const struct key *key, struct error *err);

/*
 * Strict: no unknown member, base64 in its one spelling, one signature, and
 * the type that is expected.  ERROR_SIGNATURE otherwise.
 */
int dsse_parse(struct dsse *out, struct arena *arena, const json_t *envelope,
               const char *type, struct error *err);

/* ERROR_SIGNATURE unless the one signature is the key's. */
int dsse_verify(const struct dsse *dsse, const struct key *key,
                struct error *err);

#endif
