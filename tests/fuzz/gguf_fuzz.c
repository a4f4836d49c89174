/* Any bytes as a GGUF file: refused, or a header whose promises hold. */
#include <stdlib.h>
#include <string.h>

#include "storage/model/gguf.h"
#include "storage/model/gguf_find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_promises(const struct gguf *gguf, size_t size)
{
    for (size_t i = 0; i < gguf->key_count; i++) {
        const struct gguf_key *key = &gguf->keys[i];

        if (gguf_find_key(gguf, key->name) != key)
            abort();
        if (key->offset > size || key->size_bytes > size - key->offset)
            abort();
        if (key->text != NULL && strlen(key->text) != key->count)
            abort();
    }
    for (size_t i = 0; i < gguf->tensor_count; i++)
        if (gguf_find_tensor(gguf, gguf->tensors[i].name) != &gguf->tensors[i])
            abort();
}

static void
check_inside(const struct gguf *gguf, size_t size)
{
    uint64_t end = 0;

    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];

        if (tensor->offset < end || tensor->offset > size ||
            tensor->size_bytes > size - tensor->offset)
            abort();
        end = tensor->offset + tensor->size_bytes;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_open();
    struct memory_source memory;
    struct gguf gguf;
    struct error err;

    source_of_memory(&memory, data, size);
    if (gguf_parse(&gguf, arena, &memory.source, &err) == 0) {
        check_promises(&gguf, size);
        if (gguf_check(&gguf, &memory.source, &err) == 0)
            check_inside(&gguf, size);
    }
    arena_free(arena);
    return 0;
}
