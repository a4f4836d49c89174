/*
 * A safetensors file as it is, and the same bytes as a header with a length in
 * front that is right.
 */
#include <stdint.h>
#include <string.h>

#include "storage/model/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_bytes(struct arena *arena, const uint8_t *bytes, size_t length)
{
    struct memory_source memory;
    struct safetensors file;
    struct error err;

    source_of_memory(&memory, bytes, length);
    safetensors_read(&file, &memory.source, arena, &err);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    uint8_t *framed = arena_alloc(arena, size + 8);

    read_bytes(arena, data, size);
    for (int i = 0; i < 8; i++)
        framed[i] = (uint8_t)((uint64_t)size >> (8 * i));
    if (size > 0)
        memcpy(framed + 8, data, size);
    read_bytes(arena, framed, size + 8);
    arena_free(arena);
    return 0;
}
