/*
 * The encodings, and each set of kernels against plain sums in double.  The
 * SHA-256 of the decoded tensors are those of tests/vectors/quant/dequant.json.
 */
#include "cli/infer/kernel.h"

#include <math.h>
#include <string.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "storage/base/json.h"
#include "storage/model/gguf.h"
#include "tests/check.h"

#define FILE_LIMIT (4u << 20)
#define COLUMNS 352 /* 11 blocks; and 8 * 44, so no tail */
#define ODD_COLUMNS 173
#define ROWS 7
#define TOKENS 6

TEST(every_half_becomes_a_float_and_back)
{
    bool is_right = true;

    for (uint32_t half = 0; half < 65536; half++) {
        float value = quant_f16_to_f32((uint16_t)half);

        if (isnan(value))
            is_right = is_right && (half & 0x7fff) > 0x7c00 &&
                       isnan(quant_f16_to_f32(quant_f32_to_f16(value)));
        else
            is_right = is_right && quant_f32_to_f16(value) == half;
    }
    CHECK(is_right);
    CHECK(quant_f16_to_f32(0x3c00) == 1.0F);
    CHECK(quant_f16_to_f32(0x0001) == 0x1p-24F);
}

TEST(a_float_is_rounded_to_the_nearest_half_and_ties_to_even)
{
    CHECK(quant_f32_to_f16(1.0F + 0x1p-11F) == 0x3c00);
    CHECK(quant_f32_to_f16(1.0F + 3 * 0x1p-11F) == 0x3c02);
    CHECK(quant_f32_to_f16(65519.0F) == 0x7bff);
    CHECK(quant_f32_to_f16(65520.0F) == 0x7c00);
    CHECK(quant_f32_to_f16(0x1p-25F) == 0);
    CHECK(quant_f32_to_f16(-0x1.8p-25F) == 0x8001);
}

/* The digest that dequant.json has for a tensor of an encoding. */
static const char *
recorded(struct arena *arena, const char *encoding, const char *tensor)
{
    json_t *all = NULL;
    struct error err;
    size_t length;
    char *text;

    if (file_read(&text, &length, arena, VECTORS "/quant/dequant.json",
                  FILE_LIMIT, &err) < 0 ||
        json_read(&all, arena, text, length, &err) < 0)
        return NULL;
    return json_text(json_object_get(json_object_get(all, encoding),
                                     "sha256_dequantised_f32"),
                     tensor);
}

static void
check_tensor(struct arena *arena, const char *encoding, const char *bytes,
             const struct gguf_tensor *tensor)
{
    size_t columns = tensor->dimensions[0];
    size_t rows = tensor->dimensions[1];
    float *floats = arena_array(arena, rows * columns, sizeof(float));
    char text[DIGEST_TEXT_SIZE];
    enum quant_type type = QUANT_F32;
    struct digest digest;

    CHECK(quant_type_find(&type, tensor->type));
    CHECK(quant_row_bytes(type, columns) * rows == tensor->size_bytes);
    for (size_t r = 0; r < rows; r++)
        quant_row_to_f32(floats + r * columns, type,
                         bytes + tensor->offset +
                             r * quant_row_bytes(type, columns),
                         columns);
    digest_of(&digest, floats, rows * columns * sizeof(float));
    digest_write(text, &digest);
    CHECK_TEXT(text, recorded(arena, encoding, tensor->name));
}

TEST(weights_become_floats_bit_by_bit_as_recorded)
{
    static const char *const encodings[] = {"F32", "F16", "BF16", "Q8_0",
                                            "Q4_0"};

    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct arena *arena = arena_open();
        struct memory_source memory;
        struct gguf gguf = {0};
        struct error err;
        size_t length;
        char *bytes;

        CHECK(file_read(&bytes, &length, arena,
                        arena_format(arena, "%s/quant/tiny256-%s.gguf", VECTORS,
                                     encodings[i]),
                        FILE_LIMIT, &err) == 0);
        source_of_memory(&memory, bytes, length);
        CHECK(gguf_parse(&gguf, arena, &memory.source, &err) == 0);
        CHECK(gguf.tensor_count == 11);
        for (size_t t = 0; t < gguf.tensor_count; t++)
            check_tensor(arena, encodings[i], bytes, &gguf.tensors[t]);
        arena_free(arena);
    }
}

/* From -1 to 1, the same in every run. */
static float
next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return (float)(int32_t)*state * 0x1p-31F;
}

/* A row of the type, out of noise; scales stay about a hundredth. */
static void
fill_row(uint8_t *row, enum quant_type type, size_t columns, uint32_t *state)
{
    for (size_t i = 0; i < columns; i++) {
        float value = next(state);
        uint32_t bits;

        memcpy(&bits, &value, sizeof(bits));
        if (type == QUANT_F32)
            memcpy((float *)(void *)row + i, &value, sizeof(value));
        else if (type == QUANT_F16)
            ((uint16_t *)(void *)row)[i] = quant_f32_to_f16(value);
        else if (type == QUANT_BF16)
            ((uint16_t *)(void *)row)[i] = (uint16_t)(bits >> 16);
    }
    if (!quant_has_blocks(type))
        return;
    for (size_t i = 0; i < quant_row_bytes(type, columns); i++)
        row[i] = (uint8_t)(next(state) * 127);
    for (size_t i = 0; i < columns / QUANT_BLOCK; i++) {
        uint16_t scale = quant_f32_to_f16(next(state) * 0.01F);

        memcpy(row + i * (type == QUANT_Q8_0 ? sizeof(struct quant_q8_0)
                                             : sizeof(struct quant_q4_0)),
               &scale, sizeof(scale));
    }
}

struct multiplication {
    enum quant_type type;
    size_t columns;
    uint8_t *weights;
    float *x;
    struct quant_block *blocks;
    float *out; /* (TOKENS, ROWS) */
};

static struct multiplication
make(struct arena *arena, enum quant_type type, size_t columns)
{
    struct multiplication m = {.type = type, .columns = columns};
    size_t row_bytes = quant_row_bytes(type, columns);
    uint32_t state = 1;

    m.weights = arena_array(arena, ROWS, row_bytes);
    m.x = arena_array(arena, TOKENS * columns, sizeof(float));
    m.blocks = arena_array(arena, TOKENS * columns / QUANT_BLOCK + 1,
                           sizeof(*m.blocks));
    m.out = arena_array(arena, (size_t)TOKENS * ROWS, sizeof(float));
    for (size_t i = 0; i < TOKENS * columns; i++)
        m.x[i] = next(&state);
    for (size_t r = 0; r < ROWS; r++)
        fill_row(m.weights + r * row_bytes, type, columns, &state);
    return m;
}

static void
multiply(const struct multiplication *m, const struct kernels *kernels,
         size_t first, size_t count)
{
    struct kernel_product product = {
        .out = m->out + first * ROWS,
        .out_stride = ROWS,
        .weights = m->weights,
        .row_bytes = quant_row_bytes(m->type, m->columns),
        .columns = m->columns,
        .x = m->x + first * m->columns,
        .x_bytes = m->columns * sizeof(float),
        .count = count,
    };
    size_t blocks = m->columns / QUANT_BLOCK;

    if (quant_has_blocks(m->type)) {
        for (size_t t = first; t < first + count; t++)
            kernels->quantise(m->blocks + t * blocks, m->x + t * m->columns,
                              m->columns);
        product.x = m->blocks + first * blocks;
        product.x_bytes = blocks * sizeof(struct quant_block);
    }
    kernels->multiply[m->type](&product, 0, ROWS);
}

/* Against decoded weights, and activations decoded from their blocks. */
static double
exact(struct arena *arena, const struct multiplication *m, size_t row,
      size_t token)
{
    float *weights = arena_array(arena, m->columns, sizeof(float));
    double sum = 0;

    quant_row_to_f32(weights, m->type,
                     m->weights + row * quant_row_bytes(m->type, m->columns),
                     m->columns);
    for (size_t i = 0; i < m->columns; i++) {
        const struct quant_block *block =
            &m->blocks[(token * m->columns + i) / QUANT_BLOCK];
        double x = (double)m->x[token * m->columns + i];

        if (quant_has_blocks(m->type))
            x = (double)block->scale * block->q[i % QUANT_BLOCK];
        sum += x * (double)weights[i];
    }
    return sum;
}

/* Bit by bit. */
static bool
is_same(const char *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

static void
check_products(const struct kernels *kernels, enum quant_type type,
               size_t columns)
{
    struct arena *arena = arena_open();
    struct multiplication m = make(arena, type, columns);
    const size_t bytes = sizeof(float) * TOKENS * ROWS;
    void *together = arena_alloc(arena, bytes);
    bool is_right = true;

    multiply(&m, kernels, 0, TOKENS);
    for (size_t t = 0; t < TOKENS; t++)
        for (size_t r = 0; r < ROWS; r++) {
            double want = exact(arena, &m, r, t);

            is_right = is_right && fabs((double)m.out[t * ROWS + r] - want) <
                                       1e-5 * (1 + fabs(want));
        }
    CHECK(is_right);
    memcpy(together, m.out, bytes);
    for (size_t t = 0; t < TOKENS; t++)
        multiply(&m, kernels, t, 1);
    CHECK(is_same(together, m.out, bytes));
    arena_free(arena);
}

static void
check_set(const struct kernels *kernels)
{
    for (int type = 0; type < QUANT_TYPE_COUNT; type++) {
        check_products(kernels, (enum quant_type)type, COLUMNS);
        if (!quant_has_blocks((enum quant_type)type))
            check_products(kernels, (enum quant_type)type, ODD_COLUMNS);
    }
}

TEST(the_portable_products_are_right_and_the_same_alone)
{
    check_set(&kernels_portable);
}

TEST(the_avx2_products_are_right_and_the_same_alone)
{
    if (kernels_avx2() != NULL)
        check_set(kernels_avx2());
    CHECK(kernels_choose(true) == &kernels_portable);
}

/* Blocks with what no model has, but a broken one may. */
static void
check_odd_blocks(const struct kernels *kernels)
{
    static const float odd[] = {0,      -0.0F, INFINITY, NAN,
                                1e-42F, 3e38F, -1e-35F,  FP_NAN};
    float x[QUANT_BLOCK];
    struct quant_block block;

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        bool is_right = true;

        for (size_t j = 0; j < QUANT_BLOCK; j++)
            x[j] = j == 5 ? odd[i] : 0;
        kernels->quantise(&block, x, QUANT_BLOCK);
        is_right = isfinite(block.scale);
        for (size_t j = 0; j < QUANT_BLOCK; j++)
            is_right = is_right && (j == 5 || block.q[j] == 0);
        CHECK(is_right);
    }
}

/* A NaN among ordinary numbers. */
static void
check_nan(const struct kernels *kernels)
{
    float x[QUANT_BLOCK];
    struct quant_block block;

    for (size_t i = 0; i < QUANT_BLOCK; i++)
        x[i] = i % 7 == 3 ? NAN : 2;
    kernels->quantise(&block, x, QUANT_BLOCK);
    for (size_t i = 0; i < QUANT_BLOCK; i++)
        CHECK(block.q[i] == (i % 7 == 3 ? 0 : 127));
    CHECK(block.sum == 127 * 27);
}

TEST(activations_that_are_no_numbers_stay_in_their_place)
{
    check_odd_blocks(&kernels_portable);
    check_nan(&kernels_portable);
    if (kernels_avx2() != NULL) {
        check_odd_blocks(kernels_avx2());
        check_nan(kernels_avx2());
    }
}

TEST(weights_of_minus_128_do_not_overflow)
{
    struct quant_q8_0 row[1] = {{.scale = 0x3c00}};
    struct kernel_product product = {
        .weights = (const uint8_t *)row,
        .row_bytes = sizeof(row),
        .columns = QUANT_BLOCK,
        .count = 1,
    };
    struct quant_block block;
    float x[QUANT_BLOCK];
    float out;

    memset(row[0].q, -128, sizeof(row[0].q));
    for (size_t i = 0; i < QUANT_BLOCK; i++)
        x[i] = -127;
    quant_activations(&block, x, QUANT_BLOCK);
    product.x = &block;
    product.out = &out;
    kernels_choose(false)->multiply[QUANT_Q8_0](&product, 0, 1);
    CHECK(out == 128.0F * 127 * QUANT_BLOCK);
}

TEST(softmax_makes_weights_that_sum_to_one)
{
    float x[3] = {1000, 1001, 999};

    kernel_softmax(x, 3);
    CHECK(fabsf(x[0] + x[1] + x[2] - 1) < 1e-6F);
    CHECK(x[1] > x[0] && x[0] > x[2]);
}
