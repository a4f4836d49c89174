/* A negotiation of git-upload-pack, plain and packed. */
#include <stdint.h>

#include "storage/git/inflate.h"
#include "storage/git/wants.h"

#define PLAIN_LIMIT_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct buffer plain = {0};
    struct wants wants;
    struct error err;

    wants_parse(&wants, arena, (const char *)data, size, &err);
    if (inflate_gzip(&plain, data, size, PLAIN_LIMIT_BYTES, &err) == 0 &&
        plain.length > 0)
        wants_parse(&wants, arena, plain.bytes, plain.length, &err);
    buffer_free(&plain);
    arena_free(arena);
    return 0;
}
