/* PEM files from anybody; a key that is taken must be good for a check. */
#include <stdint.h>
#include <string.h>

#include "auth/key/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_signature signature = {data, size < 72 ? size : 72};
    struct key *key = NULL;
    struct error err;

    if (key_parse_public(&key, (const char *)data, size, &err) == 0)
        key_verify(key, &signature, data, size, &err);
    key_free(key);
    key = NULL;
    if (key_parse_private(&key, (const char *)data, size, &err) == 0)
        key_verify(key, &signature, data, size, &err);
    key_free(key);
    return 0;
}
