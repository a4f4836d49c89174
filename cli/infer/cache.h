/*
 * cache: the keys and values of the tokens so far, so that none is computed
 * twice.
 *
 * Kept as (layer, kv head, position, head width), in f16 or f32, so that the
 * positions of a head follow each other when they are gone through.
 */
#ifndef CLI_INFER_CACHE_H
#define CLI_INFER_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/infer/kernel.h"
#include "cli/infer/model.h"
#include "storage/base/error.h"

struct cache {
    bool is_f16;
    size_t element_bytes;
    size_t kv_heads;
    size_t positions; /* that it can hold */
    size_t head_width;
    char *keys;   /* owned, (layer, kv head, position, head width) */
    char *values; /* owned, the same */
};

/* ERROR_UNPROCESSABLE when there is no memory for so many positions. */
int cache_open(struct cache *out, const struct model *model, size_t positions,
               bool is_f16, struct error *err);
void cache_free(struct cache *cache); /* a zeroed one is allowed */

/* Where a head's positions begin, as an offset into keys and values. */
size_t cache_offset(const struct cache *cache, size_t layer, size_t head);

/* Puts one head's key and value, of head_width floats each, at a position. */
struct cache_place {
    size_t layer;
    size_t head;
    size_t position;
};
void cache_store(struct cache *cache, const struct kernels *kernels,
                 const struct cache_place *place, const float *key,
                 const float *value);

#endif
