/* Objects of an LFS batch. */
#include <stdint.h>

#include "registry/routes/lfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct lfs_object object;
    struct lfs_batch batch;
    struct error err;
    json_t *body;

    if (json_read(&body, arena, (const char *)data, size, &err) == 0 &&
        lfs_read_batch(&batch, body, &err) == 0)
        for (size_t i = 0; i < batch.count; i++)
            lfs_read_object(&object, json_array_get(batch.objects, i), &err);
    arena_free(arena);
    return 0;
}
