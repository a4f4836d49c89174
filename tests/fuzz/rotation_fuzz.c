/* rotation: the words by which one key hands over to the next. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/client/rotation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    const char *text = arena_bytes(arena, data, size);
    struct rotation rotation;
    struct error err;

    if (rotation_read(&rotation, arena, text, &err) == 0 &&
        (rotation.namespace_name == NULL || rotation.from == NULL ||
         rotation.to == NULL))
        abort();
    arena_free(arena);
    return 0;
}
