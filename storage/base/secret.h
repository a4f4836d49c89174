/*
 * secret: memory for keys, and the one way to compare or seal them.
 *
 * secret_alloc gives locked memory that is not dumped and is wiped when freed.
 * Sealing is XChaCha20-Poly1305: nonce, then the sealed bytes.
 */
#ifndef STORAGE_BASE_SECRET_H
#define STORAGE_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

#define SECRET_KEY_BYTES 32
#define SECRET_SEAL_BYTES 40 /* how much longer the sealed text is */

/* The caller frees it with secret_free.  Never NULL. */
void *secret_alloc(size_t length);
void secret_free(void *secret); /* NULL is allowed */

/* Wipes memory in a way that the compiler keeps. */
void secret_wipe(void *bytes, size_t length);

/* Equal length and bytes, in time that depends on the length of b alone. */
bool secret_is_equal(const void *a, size_t a_length, const void *b,
                     size_t b_length);

/* out holds length + SECRET_SEAL_BYTES. */
void secret_seal(uint8_t *out, const uint8_t key[SECRET_KEY_BYTES],
                 const void *bytes, size_t length);

/* out holds length - SECRET_SEAL_BYTES.  ERROR_INTERNAL with another key. */
int secret_unseal(void *out, const uint8_t key[SECRET_KEY_BYTES],
                  const uint8_t *sealed, size_t length, struct error *err);

#endif
