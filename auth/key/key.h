/*
 * key: key pairs in PEM files, and signatures with them.
 *
 * Publishers sign releases with ECDSA P-256, people sign agreements with
 * Ed25519; both are PKCS#8 ("PRIVATE KEY") and SubjectPublicKeyInfo ("PUBLIC
 * KEY") PEM, as `openssl pkey` reads and writes them.  P-384 and P-521 keys
 * come from others, for whom model signing allows them.  A struct key never
 * changes and may be shared between threads.
 */
#ifndef AUTH_KEY_KEY_H
#define AUTH_KEY_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

/* A PEM file above this is no key. */
#define KEY_LIMIT_BYTES 16384
#define KEY_SHORT_SIZE 8 /* "3f9a:c1" and a NUL */

enum key_kind {
    KEY_P256,    /* ECDSA with SHA-256, DER */
    KEY_P384,    /* ECDSA with SHA-384, DER */
    KEY_P521,    /* ECDSA with SHA-512, DER */
    KEY_ED25519, /* 64 bytes */
};

struct key;

struct key_signature {
    const void *bytes;
    size_t length;
};

/* A new pair, KEY_P256 or KEY_ED25519.  The caller frees it with key_free. */
int key_make(struct key **out, enum key_kind kind, struct error *err);
void key_free(struct key *key); /* NULL is allowed; wipes the private half */

/*
 * One PEM block, with text before it at most.  ERROR_BAD_REQUEST when it is
 * something else, is encrypted, or holds a key of another kind.  The caller
 * frees *out.
 */
int key_parse_private(struct key **out, const char *pem, size_t length,
                      struct error *err);
int key_parse_public(struct key **out, const char *pem, size_t length,
                     struct error *err);

/* The same from a file; messages name it. */
int key_read_private(struct key **out, const char *path, struct error *err);
int key_read_public(struct key **out, const char *path, struct error *err);

/* Makes a new file of mode 0600; ERROR_CONFLICT when one is there. */
int key_write_private(const struct key *key, const char *path,
                      struct error *err);
/* Makes or replaces the file, mode 0644. */
int key_write_public(const struct key *key, const char *path,
                     struct error *err);

enum key_kind key_kind(const struct key *key);

/* "P-256", "Ed25519".  Static. */
const char *key_kind_text(const struct key *key);
bool key_is_private(const struct key *key);

/* The public half as PEM text; lives as long as the key. */
const char *key_public_pem(const struct key *key);

/*
 * SHA-256 of the PEM text of the public half: the key's name in our records,
 * and model signing's "hint".  `openssl pkey -pubin -pubout | sha256sum`.
 */
void key_fingerprint(struct digest *out, const struct key *key);

/* The first 24 bits of the fingerprint, for people to compare: "3f9a:c1". */
void key_write_short(char out[KEY_SHORT_SIZE],
                     const struct digest *fingerprint);

/* The signature over bytes, in the arena.  Needs the private half. */
int key_sign(struct key_signature *out, struct arena *arena,
             const struct key *key, const void *bytes, size_t length,
             struct error *err);

/* ERROR_SIGNATURE when it is not this key's over exactly these bytes. */
int key_verify(const struct key *key, const struct key_signature *signature,
               const void *bytes, size_t length, struct error *err);

#endif
