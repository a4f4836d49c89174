#include "storage/base/random.h"

#include <sodium.h>
#include <stdlib.h>

#include "storage/base/hex.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

void
random_bytes(void *out, size_t length)
{
    if (sodium_init() < 0)
        abort();
    randombytes_buf(out, length);
}

void
random_id(char out[RANDOM_ID_SIZE])
{
    unsigned char bytes[(RANDOM_ID_SIZE - 1) / 2];

    random_bytes(bytes, sizeof(bytes));
    hex_write(out, bytes, sizeof(bytes));
}

void
random_text(char *out, size_t length)
{
    if (sodium_init() < 0)
        abort();
    for (size_t i = 0; i < length; i++)
        out[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
    out[length] = '\0';
}
