/*
 * quant: the encodings of weights that the core computes with.
 *
 * Weights stay as the file has them; a row is turned into floats only where
 * floats are wanted (an embedding).  Against quantised weights the activations
 * are quantised too, in blocks of 32, so that a dot product is one of small
 * integers.  Source of the layouts: ggml-quants.c.
 */
#ifndef CLI_INFER_QUANT_H
#define CLI_INFER_QUANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUANT_BLOCK 32

enum quant_type {
    QUANT_F32,
    QUANT_F16,
    QUANT_BF16,
    QUANT_Q8_0,
    QUANT_Q4_0,
    QUANT_TYPE_COUNT
};

/* In a file: 34 bytes, y = scale * q. */
struct quant_q8_0 {
    uint16_t scale; /* f16 */
    int8_t q[QUANT_BLOCK];
};

/* In a file: 18 bytes, y = scale * (q - 8); q[j] has element j in its low
 * four bits, and element j + 16 in its high ones. */
struct quant_q4_0 {
    uint16_t scale; /* f16 */
    uint8_t q[QUANT_BLOCK / 2];
};

/* 32 activations: x = scale * q. */
struct quant_block {
    float scale;
    int32_t sum; /* of all q, to take back Q4_0's offset of 8 */
    int8_t q[QUANT_BLOCK];
};

/* False when the core cannot compute with ggml's type. */
bool quant_type_find(enum quant_type *out, uint32_t ggml_type);

/* Whether products with the type take activations as blocks. */
bool quant_has_blocks(enum quant_type type);

size_t quant_row_bytes(enum quant_type type, size_t columns);

/* IEEE 754 half precision; rounds to the nearest, ties to even. */
float quant_f16_to_f32(uint16_t half);
uint16_t quant_f32_to_f16(float value);
float quant_bf16_to_f32(uint16_t brain);

/* Turns one row of columns elements into floats, exactly. */
void quant_row_to_f32(float *out, enum quant_type type, const void *row,
                      size_t columns);

/* columns is a multiple of QUANT_BLOCK; values that are no number become 0. */
void quant_activations(struct quant_block *out, const float *x, size_t columns);

#endif
