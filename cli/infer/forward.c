#include "cli/infer/forward.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"

#define WORKSPACE_LIMIT ((size_t)4 << 30) /* bytes */

/* A chunk of a product has so many rows at least, and a thread gets so many
 * chunks: fine enough to share out evenly, too coarse to cost anything. */
#define CHUNK_ROWS 16
#define CHUNKS_A_THREAD 8
#define TILE_ROWS 4 /* chunks begin at multiples of it */

#define MATRICES 3 /* that share their input: query, key, value */

struct forward {
    struct forward_parts parts;
    struct arena *arena;        /* owned; has all below */
    float *x;                   /* (batch, width): between the layers */
    float *normed;              /* (batch, width) */
    float *query;               /* (batch, heads, head width) */
    float *key;                 /* (batch, kv heads, head width) */
    float *value;               /* (batch, kv heads, head width) */
    float *attention;           /* (batch, heads, head width) */
    float *gate;                /* (batch, feed) */
    float *up;                  /* (batch, feed) */
    float *added;               /* (batch, width): for x, not yet in it */
    float *turns;               /* (batch, rope pairs, 2): cosine, sine */
    float *scores;              /* (threads, positions) */
    struct quant_block *blocks; /* (batch, widest input / 32) */
};

/* What the jobs of a layer work on. */
struct pass {
    struct forward *forward;
    const struct forward_batch *batch;
    size_t layer;
};

/* Matrices times one input. */
struct product {
    struct forward *forward;
    size_t count;       /* tokens */
    const float *input; /* (count, width) */
    size_t width;
    const float *gain; /* (width) of a norm that comes before, or NULL */
    const struct model_weight *weights[MATRICES]; /* the rest NULL */
    float *out[MATRICES];                         /* (count, rows) each */
    size_t chunks;

    /* What is done with rows of the first matrix while they are near. */
    void (*finish)(const struct product *product, size_t first, size_t end);
};

static size_t
larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static float *
floats(struct forward *f, size_t rows, size_t columns)
{
    return arena_array(f->arena, rows * columns, sizeof(float));
}

/* Every factor is under a limit of model.h; their products fit 64 bits. */
static size_t
workspace_bytes(const struct forward *f)
{
    const struct model *m = f->parts.model;
    size_t heads = m->heads + m->kv_heads;
    size_t a_token = 3 * m->width + 2 * heads * m->head_width + 2 * m->feed +
                     2 * m->rope_pairs;
    size_t scores = pool_threads(f->parts.pool) * f->parts.cache->positions;

    /* The blocks take a little more than a float for four numbers. */
    return (2 * a_token * f->parts.batch + scores) * sizeof(float);
}

int
forward_open(struct forward **out, const struct forward_parts *parts,
             struct error *err)
{
    const struct model *m = parts->model;
    size_t q = m->heads * m->head_width;
    size_t kv = m->kv_heads * m->head_width;
    size_t widest = larger(larger(m->feed, q), m->width);
    struct forward *f = xcalloc(1, sizeof(*f));

    f->parts = *parts;
    if (workspace_bytes(f) > WORKSPACE_LIMIT) {
        free(f);
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a batch of %zu tokens takes too much memory",
                         parts->batch);
    }
    f->arena = arena_open();
    f->x = floats(f, parts->batch, m->width);
    f->normed = floats(f, parts->batch, m->width);
    f->query = floats(f, parts->batch, q);
    f->key = floats(f, parts->batch, kv);
    f->value = floats(f, parts->batch, kv);
    f->attention = floats(f, parts->batch, q);
    f->gate = floats(f, parts->batch, m->feed);
    f->up = floats(f, parts->batch, m->feed);
    f->added = floats(f, parts->batch, m->width);
    f->turns = floats(f, parts->batch, m->rope_pairs * 2);
    f->scores = floats(f, pool_threads(parts->pool), parts->cache->positions);
    f->blocks = arena_array(f->arena, parts->batch * (widest / QUANT_BLOCK + 1),
                            sizeof(*f->blocks));
    *out = f;
    return 0;
}

void
forward_free(struct forward *forward)
{
    if (forward == NULL)
        return;
    arena_free(forward->arena);
    free(forward);
}

static bool
has_blocks(const struct product *product)
{
    for (size_t i = 0; i < MATRICES && product->weights[i] != NULL; i++)
        if (quant_has_blocks(product->weights[i]->type))
            return true;
    return false;
}

/* A token's input: normed if it is to be, and in blocks for quantised rows. */
static void
prepare_token(void *context, size_t token, size_t thread)
{
    const struct product *p = context;
    struct forward *f = p->forward;
    const float *input = p->input + token * p->width;

    (void)thread;
    if (p->gain != NULL) {
        float *normed = f->normed + token * p->width;

        kernel_rms_norm(normed, input, p->gain, p->width,
                        f->parts.model->epsilon);
        input = normed;
    }
    if (has_blocks(p))
        f->parts.kernels->quantise(f->blocks + token * (p->width / QUANT_BLOCK),
                                   input, p->width);
}

static void
add_bias(const struct product *p, size_t matrix, size_t first, size_t end)
{
    const float *bias = p->weights[matrix]->bias;
    size_t stride = p->weights[matrix]->rows;

    for (size_t t = 0; bias != NULL && t < p->count; t++)
        for (size_t r = first; r < end; r++)
            p->out[matrix][t * stride + r] += bias[r];
}

static void
multiply_rows(const struct product *p, size_t matrix, size_t first, size_t end)
{
    const struct model_weight *weight = p->weights[matrix];
    const struct forward *f = p->forward;
    struct kernel_product kernel = {
        .out = p->out[matrix],
        .out_stride = weight->rows,
        .weights = weight->data,
        .row_bytes = weight->row_bytes,
        .columns = weight->columns,
        .x = p->gain != NULL ? f->normed : p->input,
        .x_bytes = p->width * sizeof(float),
        .count = p->count,
    };

    if (quant_has_blocks(weight->type)) {
        kernel.x = f->blocks;
        kernel.x_bytes = p->width / QUANT_BLOCK * sizeof(struct quant_block);
    }
    f->parts.kernels->multiply[weight->type](&kernel, first, end);
    add_bias(p, matrix, first, end);
}

/* Where a chunk begins in a matrix: each chunk has its share of every one. */
static size_t
chunk_start(const struct product *p, size_t rows, size_t chunk)
{
    if (chunk == p->chunks)
        return rows;
    return rows * chunk / p->chunks / TILE_ROWS * TILE_ROWS;
}

static void
multiply_chunk(void *context, size_t chunk, size_t thread)
{
    const struct product *p = context;
    size_t first = 0;
    size_t end = 0;

    (void)thread;
    for (size_t i = 0; i < MATRICES && p->weights[i] != NULL; i++) {
        first = chunk_start(p, p->weights[i]->rows, chunk);
        end = chunk_start(p, p->weights[i]->rows, chunk + 1);
        multiply_rows(p, i, first, end);
    }
    if (p->finish != NULL)
        p->finish(p, first, end);
}

static void
multiply(struct product *p)
{
    struct pool *pool = p->forward->parts.pool;
    size_t most = pool_threads(pool) * CHUNKS_A_THREAD;
    size_t rows = 0;

    for (size_t i = 0; i < MATRICES && p->weights[i] != NULL; i++)
        rows = larger(rows, p->weights[i]->rows);
    p->chunks = larger(rows / CHUNK_ROWS, 1);
    if (p->chunks > most)
        p->chunks = most;
    if (p->gain != NULL || has_blocks(p))
        pool_run(pool, prepare_token, p, p->count);
    pool_run(pool, multiply_chunk, p, p->chunks);
}

/* x += added, where rows are done. */
static void
finish_residual(const struct product *p, size_t first, size_t end)
{
    struct forward *f = p->forward;
    size_t width = f->parts.model->width;

    for (size_t t = 0; t < p->count; t++)
        for (size_t r = first; r < end; r++)
            f->x[t * width + r] += f->added[t * width + r];
}

static void
finish_gate(const struct product *p, size_t first, size_t end)
{
    struct forward *f = p->forward;
    size_t feed = f->parts.model->feed;

    for (size_t t = 0; t < p->count; t++)
        kernel_swiglu(f->gate + t * feed + first, f->up + t * feed + first,
                      end - first);
}

/* A token's embedding, and the turns of its position. */
static void
begin_token(void *context, size_t token, size_t thread)
{
    const struct pass *pass = context;
    struct forward *f = pass->forward;
    const struct model *m = f->parts.model;
    const struct model_weight *table = &m->embedding;
    double position = (double)(pass->batch->position + token);
    float *turns = f->turns + token * m->rope_pairs * 2;

    (void)thread;
    quant_row_to_f32(
        f->x + token * m->width, table->type,
        table->data + pass->batch->tokens[token] * table->row_bytes, m->width);
    for (size_t i = 0; i < m->rope_pairs; i++) {
        turns[2 * i] = (float)cos(position * m->angles[i]);
        turns[2 * i + 1] = (float)sin(position * m->angles[i]);
    }
}

/* Turns a token's queries and keys, and puts its keys and values away. */
static void
keep_token(void *context, size_t token, size_t thread)
{
    const struct pass *pass = context;
    struct forward *f = pass->forward;
    const struct model *m = f->parts.model;
    const float *turns = f->turns + token * m->rope_pairs * 2;
    float *query = f->query + token * m->heads * m->head_width;
    size_t first = token * m->kv_heads * m->head_width;
    struct cache_place place = {pass->layer, 0, pass->batch->position + token};

    (void)thread;
    for (size_t h = 0; h < m->heads; h++)
        kernel_rotate(query + h * m->head_width, turns, m->rope_pairs);
    for (size_t h = 0; h < m->kv_heads; h++) {
        float *key = f->key + first + h * m->head_width;

        kernel_rotate(key, turns, m->rope_pairs);
        place.head = h;
        cache_store(f->parts.cache, f->parts.kernels, &place, key,
                    f->value + first + h * m->head_width);
    }
}

/* How much a query heeds each of n keys; the weights sum to one. */
static void
score(float *scores, const struct forward *f, const float *query, size_t offset,
      size_t n)
{
    const struct kernels *kernels = f->parts.kernels;
    const struct cache *cache = f->parts.cache;
    size_t width = cache->head_width;
    float scale = 1 / sqrtf((float)width);

    for (size_t p = 0; p < n; p++) {
        const char *key =
            cache->keys + offset + p * width * cache->element_bytes;
        float dot = cache->is_f16
                        ? kernels->dot_f16(query, (const uint16_t *)key, width)
                        : kernels->dot(query, (const float *)key, width);

        scores[p] = dot * scale;
    }
    kernel_softmax(scores, n);
}

/* One head of one token: what the values before it come to. */
static void
attend(void *context, size_t item, size_t thread)
{
    const struct pass *pass = context;
    struct forward *f = pass->forward;
    const struct kernels *kernels = f->parts.kernels;
    const struct cache *cache = f->parts.cache;
    const struct model *m = f->parts.model;
    size_t head = item % m->heads;
    size_t n = pass->batch->position + item / m->heads + 1;
    size_t offset =
        cache_offset(cache, pass->layer, head / (m->heads / m->kv_heads));
    float *scores = f->scores + thread * cache->positions;
    float *out = f->attention + item * m->head_width;

    score(scores, f, f->query + item * m->head_width, offset, n);
    memset(out, 0, m->head_width * sizeof(float));
    for (size_t p = 0; p < n; p++) {
        const char *value =
            cache->values + offset + p * m->head_width * cache->element_bytes;

        if (cache->is_f16)
            kernels->add_f16(out, scores[p], (const uint16_t *)value,
                             m->head_width);
        else
            kernels->add(out, scores[p], (const float *)value, m->head_width);
    }
}

static void
run_attention(struct pass *pass)
{
    struct forward *f = pass->forward;
    const struct model *m = f->parts.model;
    const struct model_layer *layer = &m->layers[pass->layer];
    size_t count = pass->batch->count;
    struct product in = {
        .forward = f,
        .count = count,
        .input = f->x,
        .width = m->width,
        .gain = layer->attention_norm,
        .weights = {&layer->query, &layer->key, &layer->value},
        .out = {f->query, f->key, f->value},
    };
    struct product out = {
        .forward = f,
        .count = count,
        .input = f->attention,
        .width = m->heads * m->head_width,
        .weights = {&layer->attention},
        .out = {f->added},
        .finish = finish_residual,
    };

    multiply(&in);
    pool_run(f->parts.pool, keep_token, pass, count);
    pool_run(f->parts.pool, attend, pass, count * m->heads);
    multiply(&out);
}

/* Source: Shazeer 2020, arXiv:2002.05202, FFN_SwiGLU. */
static void
run_feed(struct pass *pass)
{
    struct forward *f = pass->forward;
    const struct model *m = f->parts.model;
    const struct model_layer *layer = &m->layers[pass->layer];
    struct product in = {
        .forward = f,
        .count = pass->batch->count,
        .input = f->x,
        .width = m->width,
        .gain = layer->feed_norm,
        .weights = {&layer->gate, &layer->up},
        .out = {f->gate, f->up},
        .finish = finish_gate,
    };
    struct product out = {
        .forward = f,
        .count = pass->batch->count,
        .input = f->gate,
        .width = m->feed,
        .weights = {&layer->down},
        .out = {f->added},
        .finish = finish_residual,
    };

    multiply(&in);
    multiply(&out);
}

static void
run_output(struct forward *f, const struct forward_batch *batch)
{
    const struct model *m = f->parts.model;
    size_t count = batch->is_each ? batch->count : 1;
    struct product out = {
        .forward = f,
        .count = count,
        .input = f->x + (batch->count - count) * m->width,
        .width = m->width,
        .gain = m->output_norm,
        .weights = {&m->output},
        .out = {batch->logits},
    };

    multiply(&out);
}

int
forward_run(struct forward *forward, const struct forward_batch *batch,
            struct error *err)
{
    const struct forward_parts *parts = &forward->parts;
    struct pass pass = {.forward = forward, .batch = batch};

    pool_run(parts->pool, begin_token, &pass, batch->count);
    for (size_t i = 0; i < parts->model->layer_count; i++) {
        if (parts->is_stopped != NULL && parts->is_stopped(parts->state))
            return error_set(err, ERROR_INTERRUPTED, NULL);
        pass.layer = i;
        run_attention(&pass);
        run_feed(&pass);
    }
    if (batch->logits != NULL)
        run_output(forward, batch);
    return 0;
}
