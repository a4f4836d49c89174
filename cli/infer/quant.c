#include "cli/infer/quant.h"

#include <math.h>
#include <string.h>

#include "storage/model/gguf_type.h"

static const struct {
    uint32_t ggml_type;
    uint32_t elements; /* in a block */
    uint32_t bytes;
    bool has_blocks;
} types[QUANT_TYPE_COUNT] = {
    [QUANT_F32] = {GGUF_TYPE_F32, 1, 4, false},
    [QUANT_F16] = {GGUF_TYPE_F16, 1, 2, false},
    [QUANT_BF16] = {GGUF_TYPE_BF16, 1, 2, false},
    [QUANT_Q8_0] = {GGUF_TYPE_Q8_0, QUANT_BLOCK, sizeof(struct quant_q8_0),
                    true},
    [QUANT_Q4_0] = {GGUF_TYPE_Q4_0, QUANT_BLOCK, sizeof(struct quant_q4_0),
                    true},
};

bool
quant_type_find(enum quant_type *out, uint32_t ggml_type)
{
    for (int i = 0; i < QUANT_TYPE_COUNT; i++)
        if (types[i].ggml_type == ggml_type) {
            *out = (enum quant_type)i;
            return true;
        }
    return false;
}

bool
quant_has_blocks(enum quant_type type)
{
    return types[type].has_blocks;
}

size_t
quant_row_bytes(enum quant_type type, size_t columns)
{
    return columns / types[type].elements * types[type].bytes;
}

static float
bits_to_f32(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

float
quant_f16_to_f32(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31;
    uint32_t fraction = half & 1023;

    if (exponent == 31) /* infinity, or not a number */
        return bits_to_f32(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* 0, or a subnormal: fraction * 2^-24 */
        float value = (float)fraction * 0x1p-24f;

        return sign != 0 ? -value : value;
    }
    return bits_to_f32(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t
quant_f32_to_f16(float value)
{
    uint32_t bits;
    uint32_t sign;
    uint32_t magnitude;

    memcpy(&bits, &value, sizeof(bits));
    sign = (bits >> 16) & 0x8000;
    magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) /* not a number */
        return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x477ff000) /* rounds to 65536 or more */
        return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) { /* below 2^-14: a subnormal */
        float scaled = fabsf(value) * 0x1p24f;

        return (uint16_t)(sign | (uint32_t)nearbyintf(scaled));
    }
    magnitude += 0xfff + ((magnitude >> 13) & 1); /* ties to even */
    return (uint16_t)(sign | ((magnitude >> 13) - (112u << 10)));
}

float
quant_bf16_to_f32(uint16_t brain)
{
    return bits_to_f32((uint32_t)brain << 16);
}

static void
q8_0_to_f32(float *out, const struct quant_q8_0 *row, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        const struct quant_q8_0 *block = &row[i / QUANT_BLOCK];

        out[i] =
            quant_f16_to_f32(block->scale) * (float)block->q[i % QUANT_BLOCK];
    }
}

static void
q4_0_to_f32(float *out, const struct quant_q4_0 *row, size_t columns)
{
    for (size_t i = 0; i < columns / QUANT_BLOCK; i++) {
        float scale = quant_f16_to_f32(row[i].scale);
        float *to = out + i * QUANT_BLOCK;

        for (size_t j = 0; j < QUANT_BLOCK / 2; j++) {
            to[j] = scale * (float)((row[i].q[j] & 15) - 8);
            to[j + QUANT_BLOCK / 2] = scale * (float)((row[i].q[j] >> 4) - 8);
        }
    }
}

void
quant_row_to_f32(float *out, enum quant_type type, const void *row,
                 size_t columns)
{
    const uint16_t *halves = row;

    switch (type) {
    case QUANT_F32:
        memcpy(out, row, columns * sizeof(float));
        break;
    case QUANT_F16:
        for (size_t i = 0; i < columns; i++)
            out[i] = quant_f16_to_f32(halves[i]);
        break;
    case QUANT_BF16:
        for (size_t i = 0; i < columns; i++)
            out[i] = quant_bf16_to_f32(halves[i]);
        break;
    case QUANT_Q8_0:
        q8_0_to_f32(out, row, columns);
        break;
    case QUANT_Q4_0:
        q4_0_to_f32(out, row, columns);
        break;
    case QUANT_TYPE_COUNT:
        break;
    }
}

/* One block: the largest magnitude becomes 127. */
static void
quantise_block(struct quant_block *out, const float *x)
{
    float largest = 0;
    float factor;

    for (int i = 0; i < QUANT_BLOCK; i++)
        if (fabsf(x[i]) > largest)
            largest = fabsf(x[i]);
    if (!isfinite(largest))
        largest = 0;
    factor = largest > 0 ? 127 / largest : 0;
    out->scale = largest / 127;
    out->sum = 0;
    for (int i = 0; i < QUANT_BLOCK; i++) {
        float scaled = x[i] * factor;

        /* A subnormal largest makes factor infinite, and 0 times it NaN;
         * rounding may lead a little over 127. */
        if (!(fabsf(scaled) < 127.5F))
            scaled = 0;
        out->q[i] = (int8_t)nearbyintf(scaled);
        out->sum += out->q[i];
    }
}

void
quant_activations(struct quant_block *out, const float *x, size_t columns)
{
    for (size_t i = 0; i < columns / QUANT_BLOCK; i++)
        quantise_block(&out[i], x + i * QUANT_BLOCK);
}
