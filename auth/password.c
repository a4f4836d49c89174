#include "auth/password.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "room for a hash");

/* Of random bytes that nobody kept; its limits are those of password_hash. */
static const char nobodys_hash[PASSWORD_HASH_SIZE] =
    "$argon2id$v=19$m=65536,t=2,p=1$16FEVyVCMPHnJIxZwdawmA"
    "$6rfxyRQshEoJVgcZaABRky8gVNOyBtHIsxo+RNe3iAg";

int
password_check(const char *password, struct error *err)
{
    size_t length = strlen(password);
    size_t characters = 0;

    for (size_t i = 0; i < length; i++)
        characters += ((unsigned char)password[i] & 0xc0) != 0x80;
    if (characters < PASSWORD_SHORTEST)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a password has at least %d characters",
                         PASSWORD_SHORTEST);
    if (length > PASSWORD_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST,
                         "a password has at most %d bytes", PASSWORD_LIMIT);
    return 0;
}

int
password_hash(char out[PASSWORD_HASH_SIZE], const char *password,
              struct error *err)
{
    size_t length = strlen(password);

    if (length == 0 || length > PASSWORD_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, "a password has 1 to %d bytes",
                         PASSWORD_LIMIT);
    if (sodium_init() < 0)
        abort();
    if (crypto_pwhash_str_alg(out, password, length,
                              crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return error_set(err, ERROR_INTERNAL,
                         "there is no memory to hash a password");
    return 0;
}

bool
password_is_right(const char *hash, const char *password)
{
    size_t length = strlen(password);
    bool is_right;

    if (sodium_init() < 0)
        abort();
    is_right =
        crypto_pwhash_str_verify(hash != NULL ? hash : nobodys_hash, password,
                                 length > PASSWORD_LIMIT ? 0 : length) == 0;
    return is_right && hash != NULL && length <= PASSWORD_LIMIT;
}
