/*
 * kernel: the inner loops, in one set for each kind of processor.
 *
 * A product is out = x times the transposed weights.  Each of its elements is
 * summed in one order, whatever rows and tokens are asked for together, so
 * that batches and threads do not show in the result.  Sets differ from each
 * other in the last bits.
 */
#ifndef CLI_INFER_KERNEL_H
#define CLI_INFER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/infer/quant.h"

struct kernel_product {
    float *out;             /* (count, out_stride): row r at out[r] */
    size_t out_stride;      /* in floats */
    const uint8_t *weights; /* (rows, row_bytes), mapped, not ours to free */
    size_t row_bytes;
    size_t columns;
    const void *x;  /* (count, columns) floats, or their blocks */
    size_t x_bytes; /* from one token's x to the next one's */
    size_t count;   /* tokens */
};

/* Computes the rows from first up to end for all tokens. */
typedef void kernel_multiply(const struct kernel_product *product, size_t first,
                             size_t end);

struct kernels {
    const char *name;
    kernel_multiply *multiply[QUANT_TYPE_COUNT];
    void (*quantise)(struct quant_block *out, const float *x, size_t columns);

    /* The sum of a[i] * b[i]; then out[i] += factor * x[i]. */
    float (*dot)(const float *a, const float *b, size_t n);
    float (*dot_f16)(const float *a, const uint16_t *b, size_t n);
    void (*add)(float *out, float factor, const float *x, size_t n);
    void (*add_f16)(float *out, float factor, const uint16_t *x, size_t n);
    void (*to_f16)(uint16_t *out, const float *x, size_t n);
};

/* Works on every machine; the one that the others are checked against. */
extern const struct kernels kernels_portable;

/* NULL unless this machine has AVX2, FMA and F16C. */
const struct kernels *kernels_avx2(void);

/* The fastest set for this machine, or the portable one. */
const struct kernels *kernels_choose(bool is_portable);

/*
 * Scales a vector to a root mean square of one, then by a learned gain:
 * out[i] = gain[i] * x[i] / sqrt(mean of squares + epsilon).  out may be x.
 * Source: Zhang and Sennrich 2019, arXiv:1910.07467.
 */
void kernel_rms_norm(float *out, const float *x, const float *gain, size_t n,
                     float epsilon);

/* In place: exponentials that sum to one.  n is at least 1. */
void kernel_softmax(float *x, size_t n);

/* gate[i] = silu(gate[i]) * up[i].  Source: Shazeer 2020, arXiv:2002.05202. */
void kernel_swiglu(float *gate, const float *up, size_t n);

/*
 * Turns each pair (2i, 2i + 1) of a head by an angle: turns is (pairs, 2), a
 * cosine and a sine.  Source: Su et al. 2021, arXiv:2104.09864, interleaved.
 */
void kernel_rotate(float *head, const float *turns, size_t pairs);

#endif
