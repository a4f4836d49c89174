#include "storage/base/secret.h"

#include <sodium.h>
#include <stdlib.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(SECRET_SEAL_BYTES ==
                   NONCE_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "nonce and tag");

void *
secret_alloc(size_t length)
{
    void *secret;

    if (sodium_init() < 0)
        abort();
    secret = sodium_malloc(length);
    if (secret == NULL)
        abort();
    return secret;
}

void
secret_free(void *secret)
{
    sodium_free(secret);
}

void
secret_wipe(void *bytes, size_t length)
{
    sodium_memzero(bytes, length);
}

bool
secret_is_equal(const void *a, size_t a_length, const void *b, size_t b_length)
{
    return a_length == b_length && sodium_memcmp(a, b, b_length) == 0;
}

void
secret_seal(uint8_t *out, const uint8_t key[SECRET_KEY_BYTES],
            const void *bytes, size_t length)
{
    if (sodium_init() < 0)
        abort();
    randombytes_buf(out, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_BYTES, NULL, bytes,
                                               length, NULL, 0, NULL, out, key);
}

int
secret_unseal(void *out, const uint8_t key[SECRET_KEY_BYTES],
              const uint8_t *sealed, size_t length, struct error *err)
{
    if (length < SECRET_SEAL_BYTES ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            out, NULL, NULL, sealed + NONCE_BYTES, length - NONCE_BYTES, NULL,
            0, sealed, key) != 0)
        return error_set(err, ERROR_INTERNAL,
                         "a sealed secret does not open with this key");
    return 0;
}
