#include "cli/infer/kernel.h"

#include <math.h>

/* A row of weights with the activations of a token. */
typedef float row_dot(const void *x, const void *row, size_t n);

static float
dot(const float *a, const float *b, size_t n)
{
    float sums[4] = {0};

    for (size_t i = 0; i < n; i++)
        sums[i % 4] += a[i] * b[i];
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static float
dot_f16(const float *a, const uint16_t *b, size_t n)
{
    float sums[4] = {0};

    for (size_t i = 0; i < n; i++)
        sums[i % 4] += a[i] * quant_f16_to_f32(b[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static float
row_f32(const void *x, const void *row, size_t n)
{
    return dot(x, row, n);
}

static float
row_f16(const void *x, const void *row, size_t n)
{
    return dot_f16(x, row, n);
}

static float
row_bf16(const void *x, const void *row, size_t n)
{
    const uint16_t *b = row;
    const float *a = x;
    float sums[4] = {0};

    for (size_t i = 0; i < n; i++)
        sums[i % 4] += a[i] * quant_bf16_to_f32(b[i]);
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static float
row_q8_0(const void *x, const void *row, size_t n)
{
    const struct quant_block *a = x;
    const struct quant_q8_0 *b = row;
    float sum = 0;

    for (size_t i = 0; i < n / QUANT_BLOCK; i++) {
        int32_t whole = 0;

        for (size_t j = 0; j < QUANT_BLOCK; j++)
            whole += a[i].q[j] * b[i].q[j];
        sum += a[i].scale * quant_f16_to_f32(b[i].scale) * (float)whole;
    }
    return sum;
}

static float
row_q4_0(const void *x, const void *row, size_t n)
{
    const struct quant_block *a = x;
    const struct quant_q4_0 *b = row;
    float sum = 0;

    for (size_t i = 0; i < n / QUANT_BLOCK; i++) {
        int32_t whole = -8 * a[i].sum;

        for (size_t j = 0; j < QUANT_BLOCK / 2; j++) {
            whole += a[i].q[j] * (b[i].q[j] & 15);
            whole += a[i].q[j + QUANT_BLOCK / 2] * (b[i].q[j] >> 4);
        }
        sum += a[i].scale * quant_f16_to_f32(b[i].scale) * (float)whole;
    }
    return sum;
}

static void
multiply(const struct kernel_product *p, size_t first, size_t end,
         row_dot *rows)
{
    for (size_t r = first; r < end; r++)
        for (size_t t = 0; t < p->count; t++)
            p->out[t * p->out_stride + r] =
                rows((const char *)p->x + t * p->x_bytes,
                     p->weights + r * p->row_bytes, p->columns);
}

static void
multiply_f32(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(p, first, end, row_f32);
}

static void
multiply_f16(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(p, first, end, row_f16);
}

static void
multiply_bf16(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(p, first, end, row_bf16);
}

static void
multiply_q8_0(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(p, first, end, row_q8_0);
}

static void
multiply_q4_0(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(p, first, end, row_q4_0);
}

static void
add(float *out, float factor, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += factor * x[i];
}

static void
add_f16(float *out, float factor, const uint16_t *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += factor * quant_f16_to_f32(x[i]);
}

static void
to_f16(uint16_t *out, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = quant_f32_to_f16(x[i]);
}

const struct kernels kernels_portable = {
    .name = "portable",
    .multiply =
        {
            [QUANT_F32] = multiply_f32,
            [QUANT_F16] = multiply_f16,
            [QUANT_BF16] = multiply_bf16,
            [QUANT_Q8_0] = multiply_q8_0,
            [QUANT_Q4_0] = multiply_q4_0,
        },
    .quantise = quant_activations,
    .dot = dot,
    .dot_f16 = dot_f16,
    .add = add,
    .add_f16 = add_f16,
    .to_f16 = to_f16,
};

const struct kernels *
kernels_choose(bool is_portable)
{
    const struct kernels *fast = is_portable ? NULL : kernels_avx2();

    return fast != NULL ? fast : &kernels_portable;
}

/* Sums in double, so that the order of the terms does not show. */
void
kernel_rms_norm(float *out, const float *x, const float *gain, size_t n,
                float epsilon)
{
    double sums[4] = {0};
    double sum;
    float scale;

    for (size_t i = 0; i < n; i++)
        sums[i % 4] += (double)x[i] * (double)x[i];
    sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    scale = (float)(1.0 / sqrt(sum / (double)n + (double)epsilon));
    for (size_t i = 0; i < n; i++)
        out[i] = gain[i] * (scale * x[i]);
}

void
kernel_softmax(float *x, size_t n)
{
    float largest = x[0];
    double sum = 0;

    for (size_t i = 1; i < n; i++)
        if (x[i] > largest)
            largest = x[i];
    for (size_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - largest);
        sum += (double)x[i];
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)((double)x[i] / sum);
}

void
kernel_swiglu(float *gate, const float *up, size_t n)
{
    for (size_t i = 0; i < n; i++)
        gate[i] = gate[i] / (1 + expf(-gate[i])) * up[i];
}

void
kernel_rotate(float *head, const float *turns, size_t pairs)
{
    for (size_t i = 0; i < pairs; i++) {
        float x = head[2 * i];
        float y = head[2 * i + 1];

        head[2 * i] = x * turns[2 * i] - y * turns[2 * i + 1];
        head[2 * i + 1] = x * turns[2 * i + 1] + y * turns[2 * i];
    }
}
