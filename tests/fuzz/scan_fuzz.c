/* Any bytes under names that call for strict rules and names that do not. */
#include <stdint.h>

#include "storage/model/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"a.bin", "a.safetensors", "a.gguf"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct arena *arena = arena_open();
        struct memory_source memory;
        struct scan_result result;
        struct error err;

        source_of_memory(&memory, data, size);
        scan_file(&result, &memory.source, paths[i], arena, &err);
        arena_free(arena);
    }
    return 0;
}
