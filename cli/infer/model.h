/*
 * model: the hyperparameters and weights of a llama, out of a mapped file.
 *
 * Everything is checked before it is used: each number against a named limit,
 * each tensor's shape against the numbers, and a tensor that the architecture
 * does not know is refused, since leaving it out would be silently wrong.
 * Weights are pointed into where they are mapped; norms and biases are copied.
 */
#ifndef CLI_INFER_MODEL_H
#define CLI_INFER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "cli/infer/quant.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/model/gguf.h"

#define MODEL_LAYER_LIMIT 512
#define MODEL_WIDTH_LIMIT 65536       /* of a token between the layers */
#define MODEL_FEED_LIMIT 524288       /* of a token inside a feed-forward */
#define MODEL_HEAD_LIMIT 1024         /* heads in a layer */
#define MODEL_HEAD_WIDTH_LIMIT 512    /* numbers in a head */
#define MODEL_CONTEXT_LIMIT 134217728 /* tokens that a file may claim */

/* A matrix, and what is added to its products. */
struct model_weight {
    enum quant_type type;
    size_t rows;
    size_t columns;
    size_t row_bytes;
    const uint8_t *data; /* (rows, row_bytes), mapped, not ours to free */
    const float *bias;   /* (rows), or NULL */
};

struct model_layer {
    const float *attention_norm;   /* (width) */
    struct model_weight query;     /* (heads * head_width, width) */
    struct model_weight key;       /* (kv_heads * head_width, width) */
    struct model_weight value;     /* (kv_heads * head_width, width) */
    struct model_weight attention; /* (width, heads * head_width) */
    const float *feed_norm;        /* (width) */
    struct model_weight gate;      /* (feed, width) */
    struct model_weight up;        /* (feed, width) */
    struct model_weight down;      /* (width, feed) */
};

struct model {
    size_t vocabulary;
    size_t context; /* tokens that it was trained with */
    size_t width;
    size_t feed;
    size_t layer_count;
    size_t heads;
    size_t kv_heads; /* divides heads */
    size_t head_width;
    size_t rope_pairs;             /* turned pairs, the first ones of a head */
    const double *angles;          /* (rope_pairs), radians a position */
    float epsilon;                 /* of the norms */
    struct model_weight embedding; /* (vocabulary, width) */
    const struct model_layer *layers;
    const float *output_norm;   /* (width) */
    struct model_weight output; /* (vocabulary, width); may be the embedding */
};

/*
 * gguf is the parsed and checked header of the file that is mapped at bytes;
 * the model lives as long as the arena and the mapping.  ERROR_UNPROCESSABLE
 * names what is wrong or not supported.
 */
int model_load(struct model *out, struct arena *arena, const struct gguf *gguf,
               const uint8_t *bytes, struct error *err);

#endif
