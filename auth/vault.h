/*
 * vault: the registry's own keys.
 *
 * Each is 32 random bytes in table "secret", sealed under the secret file,
 * which is the same on all daemons.  What is missing is made at first need;
 * daemons that start at once end up with the same keys, since the row that is
 * there first is the one that all of them read.  A struct vault never changes
 * after vault_open and may be shared between threads; its memory is locked.
 */
#ifndef AUTH_VAULT_H
#define AUTH_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "auth/key/key.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/secret.h"
#include "storage/db/db.h"

/* What a key is for; none serves for two things. */
enum vault_purpose {
    VAULT_LINK,    /* self-authorising URLs: vault_hmac */
    VAULT_CSRF,    /* forms of pages: vault_hmac */
    VAULT_LOG,     /* the transparency log's checkpoints: vault_key */
    VAULT_RECEIPT, /* countersigned agreements: vault_key */
    VAULT_PURPOSES,
};

struct vault;

/*
 * Reads the secret file: 64 hexadecimal digits.  A missing one is made, mode
 * 0600, with its folder; ERROR_INTERNAL when it is open to others or no key.
 * out is for vault_open alone: wipe it with secret_wipe afterwards.
 */
int vault_read_file(uint8_t out[SECRET_KEY_BYTES], const char *path,
                    struct error *err);

/*
 * Opens the keys, making what is missing.  ERROR_INTERNAL when the secret
 * file is not the one they were sealed with.  Not inside a transaction.  The
 * caller frees *out with vault_free.
 */
int vault_open(struct vault **out, struct db *db,
               const uint8_t secret[SECRET_KEY_BYTES], struct error *err);
void vault_free(struct vault *vault); /* NULL is allowed */

/* HMAC-SHA-256 under the key for VAULT_LINK or VAULT_CSRF. */
void vault_hmac(struct digest *out, const struct vault *vault,
                enum vault_purpose purpose, const void *bytes, size_t length);

/* The Ed25519 pair for VAULT_LOG or VAULT_RECEIPT; lives as long as vault. */
const struct key *vault_key(const struct vault *vault,
                            enum vault_purpose purpose);

#endif
