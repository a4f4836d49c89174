/*
 * The kernels in AVX2, FMA and F16C, which Intel has since 2013 and AMD since
 * 2015.  Products go in tiles of rows and tokens, so that a row of weights is
 * unpacked once for four tokens, or four rows stream at once for one.  Each
 * element has one vector of eight partial sums in whatever tile it falls,
 * which is what keeps its value the same.
 */
#include "cli/infer/kernel.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <float.h>
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define TILE AVX2 __attribute__((always_inline)) static inline
#define TILE_ROWS 4
#define TILE_TOKENS 4
#define LANES 8
#define LEAST 1e-30F /* below, 127 / x nears infinity: leave it to quant */

TILE float
sum_lanes(__m256 lanes)
{
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(lanes),
                            _mm256_extractf128_ps(lanes, 1));

    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    sum = _mm_add_ss(sum, _mm_movehdup_ps(sum));
    return _mm_cvtss_f32(sum);
}

TILE __m256
load_f16(const uint16_t *x)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)x));
}

/* Eight weights from element i of a row that is not in blocks. */
TILE __m256
load_weights(enum quant_type type, const void *row, size_t i)
{
    const uint16_t *halves = row;
    __m128i bits;

    if (type == QUANT_F32)
        return _mm256_loadu_ps((const float *)row + i);
    if (type == QUANT_F16)
        return load_f16(halves + i);
    bits = _mm_loadu_si128((const __m128i *)(halves + i));
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

TILE float
load_weight(enum quant_type type, const void *row, size_t i)
{
    const uint16_t *halves = row;

    if (type == QUANT_F32)
        return ((const float *)row)[i];
    if (type == QUANT_F16)
        return _cvtsh_ss(halves[i]);
    return quant_bf16_to_f32(halves[i]);
}

/* What is left of the rows behind the last whole vector. */
TILE float
tail(enum quant_type type, const float *x, const void *row, size_t n)
{
    float sum = 0;

    for (size_t i = n - n % LANES; i < n; i++)
        sum += x[i] * load_weight(type, row, i);
    return sum;
}

/* rows, tokens and type are constants wherever this is put in. */
TILE void
tile_floats(enum quant_type type, const struct kernel_product *p, size_t row,
            size_t token, size_t rows, size_t tokens)
{
    __m256 sums[TILE_ROWS][TILE_TOKENS];
    const uint8_t *w = p->weights + row * p->row_bytes;
    const char *x = (const char *)p->x + token * p->x_bytes;

#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t t = 0; t < tokens; t++)
            sums[r][t] = _mm256_setzero_ps();
    for (size_t i = 0; i + LANES <= p->columns; i += LANES) {
        __m256 weights[TILE_ROWS];

#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++)
            weights[r] = load_weights(type, w + r * p->row_bytes, i);
#pragma GCC unroll 4
        for (size_t t = 0; t < tokens; t++) {
            __m256 xs =
                _mm256_loadu_ps((const float *)(x + t * p->x_bytes) + i);

#pragma GCC unroll 4
            for (size_t r = 0; r < rows; r++)
                sums[r][t] = _mm256_fmadd_ps(weights[r], xs, sums[r][t]);
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t t = 0; t < tokens; t++)
            p->out[(token + t) * p->out_stride + row + r] =
                sum_lanes(sums[r][t]) +
                tail(type, (const float *)(x + t * p->x_bytes),
                     w + r * p->row_bytes, p->columns);
}

/* The 32 numbers of a block of weights as bytes: signed, or 0 to 15. */
TILE __m256i
load_block(enum quant_type type, const void *row, size_t i)
{
    __m128i packed;
    __m256i both;

    if (type == QUANT_Q8_0)
        return _mm256_loadu_si256(
            (const __m256i *)((const struct quant_q8_0 *)row)[i].q);
    packed =
        _mm_loadu_si128((const __m128i *)((const struct quant_q4_0 *)row)[i].q);
    both = _mm256_set_m128i(_mm_srli_epi16(packed, 4), packed);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

TILE float
load_scale(enum quant_type type, const void *row, size_t i)
{
    if (type == QUANT_Q8_0)
        return _cvtsh_ss(((const struct quant_q8_0 *)row)[i].scale);
    return _cvtsh_ss(((const struct quant_q4_0 *)row)[i].scale);
}

/*
 * The products of a block in eight 32-bit sums.  The instruction multiplies
 * unsigned with signed: Q8_0's sign moves to the activation, Q4_0's offset is
 * taken back with the activations' sum.  No 16-bit sum can overflow: at most
 * 2 * 128 * 127.
 */
TILE __m256
dot_block(enum quant_type type, __m256i weights, const struct quant_block *x)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i q = _mm256_loadu_si256((const __m256i *)x->q);
    __m256i pairs;
    __m256i sums;

    if (type == QUANT_Q8_0) {
        pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights),
                                     _mm256_sign_epi8(q, weights));
        return _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
    }
    pairs = _mm256_maddubs_epi16(weights, q);
    sums = _mm256_madd_epi16(pairs, ones);
    sums = _mm256_sub_epi32(
        sums, _mm256_zextsi128_si256(_mm_cvtsi32_si128(8 * x->sum)));
    return _mm256_cvtepi32_ps(sums);
}

/* As tile_floats, for weights and activations in blocks. */
TILE void
tile_blocks(enum quant_type type, const struct kernel_product *p, size_t row,
            size_t token, size_t rows, size_t tokens)
{
    __m256 sums[TILE_ROWS][TILE_TOKENS];
    const uint8_t *w = p->weights + row * p->row_bytes;
    const char *x = (const char *)p->x + token * p->x_bytes;

#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t t = 0; t < tokens; t++)
            sums[r][t] = _mm256_setzero_ps();
    for (size_t i = 0; i < p->columns / QUANT_BLOCK; i++) {
#pragma GCC unroll 4
        for (size_t r = 0; r < rows; r++) {
            const void *at = w + r * p->row_bytes;
            __m256i weights = load_block(type, at, i);
            float scale = load_scale(type, at, i);

#pragma GCC unroll 4
            for (size_t t = 0; t < tokens; t++) {
                const struct quant_block *block =
                    (const struct quant_block *)(x + t * p->x_bytes) + i;

                sums[r][t] = _mm256_fmadd_ps(
                    _mm256_set1_ps(scale * block->scale),
                    dot_block(type, weights, block), sums[r][t]);
            }
        }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 4
        for (size_t t = 0; t < tokens; t++)
            p->out[(token + t) * p->out_stride + row + r] =
                sum_lanes(sums[r][t]);
}

TILE void
tile(enum quant_type type, const struct kernel_product *p, size_t row,
     size_t token, size_t rows, size_t tokens)
{
    if (type == QUANT_Q8_0 || type == QUANT_Q4_0)
        tile_blocks(type, p, row, token, rows, tokens);
    else
        tile_floats(type, p, row, token, rows, tokens);
}

/* Two rows of four tokens, or four rows of one: what the registers hold. */
TILE void
multiply(enum quant_type type, const struct kernel_product *p, size_t first,
         size_t end)
{
    size_t t = 0;
    size_t r;

    for (; t + 4 <= p->count; t += 4) {
        for (r = first; r + 2 <= end; r += 2)
            tile(type, p, r, t, 2, 4);
        for (; r < end; r++)
            tile(type, p, r, t, 1, 4);
    }
    for (; t < p->count; t++) {
        for (r = first; r + 4 <= end; r += 4)
            tile(type, p, r, t, 4, 1);
        for (; r < end; r++)
            tile(type, p, r, t, 1, 1);
    }
}

AVX2 static void
multiply_f32(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(QUANT_F32, p, first, end);
}

AVX2 static void
multiply_f16(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(QUANT_F16, p, first, end);
}

AVX2 static void
multiply_bf16(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(QUANT_BF16, p, first, end);
}

AVX2 static void
multiply_q8_0(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(QUANT_Q8_0, p, first, end);
}

AVX2 static void
multiply_q4_0(const struct kernel_product *p, size_t first, size_t end)
{
    multiply(QUANT_Q4_0, p, first, end);
}

AVX2 static float
dot(const float *a, const float *b, size_t n)
{
    __m256 sums = _mm256_setzero_ps();

    for (size_t i = 0; i + LANES <= n; i += LANES)
        sums = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i),
                               sums);
    return sum_lanes(sums) + tail(QUANT_F32, a, b, n);
}

AVX2 static float
dot_f16(const float *a, const uint16_t *b, size_t n)
{
    __m256 sums = _mm256_setzero_ps();

    for (size_t i = 0; i + LANES <= n; i += LANES)
        sums = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), load_f16(b + i), sums);
    return sum_lanes(sums) + tail(QUANT_F16, a, b, n);
}

AVX2 static void
add(float *out, float factor, const float *x, size_t n)
{
    __m256 factors = _mm256_set1_ps(factor);
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        _mm256_storeu_ps(out + i,
                         _mm256_fmadd_ps(factors, _mm256_loadu_ps(x + i),
                                         _mm256_loadu_ps(out + i)));
    for (; i < n; i++)
        out[i] += factor * x[i];
}

AVX2 static void
add_f16(float *out, float factor, const uint16_t *x, size_t n)
{
    __m256 factors = _mm256_set1_ps(factor);
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        _mm256_storeu_ps(out + i, _mm256_fmadd_ps(factors, load_f16(x + i),
                                                  _mm256_loadu_ps(out + i)));
    for (; i < n; i++)
        out[i] += factor * _cvtsh_ss(x[i]);
}

AVX2 static void
to_f16(uint16_t *out, const float *x, size_t n)
{
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        _mm_storeu_si128(
            (__m128i *)(out + i),
            _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    for (; i < n; i++)
        out[i] = quant_f32_to_f16(x[i]);
}

/* Eight floats, 0 for what is no number. */
TILE __m256
load_numbers(const float *x)
{
    __m256 floats = _mm256_loadu_ps(x);

    return _mm256_and_ps(floats, _mm256_cmp_ps(floats, floats, _CMP_ORD_Q));
}

/* The largest magnitude of a block. */
TILE float
largest_magnitude(const __m256 x[4])
{
    const __m256 sign = _mm256_set1_ps(-0.0F);
    __m256 most = _mm256_andnot_ps(sign, x[0]);
    __m128 half;

    for (int i = 1; i < 4; i++)
        most = _mm256_max_ps(most, _mm256_andnot_ps(sign, x[i]));
    half = _mm_max_ps(_mm256_castps256_ps128(most),
                      _mm256_extractf128_ps(most, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    half = _mm_max_ss(half, _mm_movehdup_ps(half));
    return _mm_cvtss_f32(half);
}

/* Four vectors of 32-bit numbers as 32 bytes, in order. */
TILE __m256i
pack_bytes(const __m256i q[4])
{
    __m256i low = _mm256_packs_epi32(q[0], q[1]);
    __m256i high = _mm256_packs_epi32(q[2], q[3]);
    __m256i bytes = _mm256_packs_epi16(low, high);

    /* The packs work in halves of 128 bits; this puts them in line. */
    return _mm256_permutevar8x32_epi32(
        bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

TILE int32_t
sum_numbers(const __m256i q[4])
{
    __m256i sum = _mm256_add_epi32(_mm256_add_epi32(q[0], q[1]),
                                   _mm256_add_epi32(q[2], q[3]));
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum),
                                 _mm256_extracti128_si256(sum, 1));

    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

AVX2 static void
quantise(struct quant_block *out, const float *x, size_t columns)
{
    for (size_t i = 0; i < columns / QUANT_BLOCK; i++) {
        __m256 floats[4];
        __m256i q[4];
        float largest;

        for (size_t j = 0; j < 4; j++)
            floats[j] = load_numbers(x + i * QUANT_BLOCK + j * LANES);
        largest = largest_magnitude(floats);
        if (!(largest >= LEAST && largest <= FLT_MAX)) {
            quant_activations(&out[i], x + i * QUANT_BLOCK, QUANT_BLOCK);
            continue;
        }
        for (int j = 0; j < 4; j++)
            q[j] = _mm256_cvtps_epi32(
                _mm256_mul_ps(floats[j], _mm256_set1_ps(127 / largest)));
        out[i].scale = largest / 127;
        out[i].sum = sum_numbers(q);
        _mm256_storeu_si256((__m256i *)out[i].q, pack_bytes(q));
    }
}

static const struct kernels avx2 = {
    .name = "avx2",
    .multiply =
        {
            [QUANT_F32] = multiply_f32,
            [QUANT_F16] = multiply_f16,
            [QUANT_BF16] = multiply_bf16,
            [QUANT_Q8_0] = multiply_q8_0,
            [QUANT_Q4_0] = multiply_q4_0,
        },
    .quantise = quantise,
    .dot = dot,
    .dot_f16 = dot_f16,
    .add = add,
    .add_f16 = add_f16,
    .to_f16 = to_f16,
};

const struct kernels *
kernels_avx2(void)
{
    unsigned a;
    unsigned b;
    unsigned c = 0;
    unsigned d;

    /* F16C has no name that both compilers know. */
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_F16C) == 0)
        return NULL;
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return NULL;
    return &avx2;
}

#else

const struct kernels *
kernels_avx2(void)
{
    return NULL;
}

#endif
