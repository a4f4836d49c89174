/*
 * forward: a batch of tokens through all layers of a llama.
 *
 * The tokens are at positions that follow each other, each sees itself and
 * all before it, and the result does not depend on how many come in a batch
 * or on how many threads work.  The workspace is made once for the largest
 * batch.
 */
#ifndef CLI_INFER_FORWARD_H
#define CLI_INFER_FORWARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/infer/cache.h"
#include "cli/infer/kernel.h"
#include "cli/infer/model.h"
#include "cli/infer/pool.h"
#include "storage/base/error.h"

struct forward;

/* What a pass works with; all of it outlives the struct forward. */
struct forward_parts {
    const struct model *model;
    const struct kernels *kernels;
    struct cache *cache;
    struct pool *pool;
    size_t batch; /* the most tokens in a pass */

    /* Asked before each layer; true ends the pass.  NULL asks nobody. */
    bool (*is_stopped)(void *state);
    void *state;
};

/* A pass: count tokens from a position on. */
struct forward_batch {
    const uint32_t *tokens; /* below the model's vocabulary */
    size_t count;           /* at least 1, at most the parts' batch */
    size_t position;        /* position + count <= the cache's positions */
    float *logits;          /* (count or 1, vocabulary), or NULL for none */
    bool is_each;           /* logits after each token, not the last alone */
};

/* ERROR_UNPROCESSABLE when there is no memory; freed with forward_free. */
int forward_open(struct forward **out, const struct forward_parts *parts,
                 struct error *err);
void forward_free(struct forward *forward); /* NULL is allowed */

/* ERROR_INTERRUPTED when it was stopped; the cache then holds no more. */
int forward_run(struct forward *forward, const struct forward_batch *batch,
                struct error *err);

#endif
