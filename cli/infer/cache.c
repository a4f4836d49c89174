#include "cli/infer/cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int
cache_open(struct cache *out, const struct model *model, size_t positions,
           bool is_f16, struct error *err)
{
    size_t bytes = is_f16 ? sizeof(uint16_t) : sizeof(float);

    *out = (struct cache){
        .is_f16 = is_f16,
        .element_bytes = bytes,
        .kv_heads = model->kv_heads,
        .positions = positions,
        .head_width = model->head_width,
    };
    /* Zeroed memory that is not touched costs nothing yet. */
    if (!__builtin_mul_overflow(bytes * model->head_width, positions, &bytes) &&
        !__builtin_mul_overflow(bytes, model->kv_heads * model->layer_count,
                                &bytes) &&
        bytes <= SIZE_MAX / 4) {
        out->keys = calloc(1, bytes);
        out->values = calloc(1, bytes);
    }
    if (out->keys != NULL && out->values != NULL)
        return 0;
    cache_free(out);
    return error_set(err, ERROR_UNPROCESSABLE,
                     "no memory for a context of %zu tokens", positions);
}

void
cache_free(struct cache *cache)
{
    free(cache->keys);
    free(cache->values);
    cache->keys = NULL;
    cache->values = NULL;
}

size_t
cache_offset(const struct cache *cache, size_t layer, size_t head)
{
    return (layer * cache->kv_heads + head) * cache->positions *
           cache->head_width * cache->element_bytes;
}

void
cache_store(struct cache *cache, const struct kernels *kernels,
            const struct cache_place *place, const float *key,
            const float *value)
{
    size_t at = cache_offset(cache, place->layer, place->head) +
                place->position * cache->head_width * cache->element_bytes;

    if (cache->is_f16) {
        kernels->to_f16((uint16_t *)(cache->keys + at), key, cache->head_width);
        kernels->to_f16((uint16_t *)(cache->values + at), value,
                        cache->head_width);
        return;
    }
    memcpy(cache->keys + at, key, cache->head_width * sizeof(float));
    memcpy(cache->values + at, value, cache->head_width * sizeof(float));
}
