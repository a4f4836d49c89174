#include "cli/infer/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/infer/vocabulary.h"
#include "storage/model/gguf_find.h"

#define ARCHITECTURE "llama"
#define ROPE_BASE_DEFAULT 10000.0 /* Su et al. 2021, arXiv:2104.09864 */

struct loader {
    struct model *model;
    struct arena *arena;
    const struct gguf *gguf;
    const uint8_t *bytes;
    size_t used; /* tensors that the model took */
};

/* A hyperparameter: a key, and what it may be. */
struct number_row {
    const char *name; /* behind "llama." */
    size_t offset;    /* in struct model */
    size_t most;
};

#define NUMBER(name, member, most)                                             \
    {                                                                          \
        ARCHITECTURE "." name, offsetof(struct model, member), most            \
    }
static const struct number_row numbers[] = {
    NUMBER("embedding_length", width, MODEL_WIDTH_LIMIT),
    NUMBER("feed_forward_length", feed, MODEL_FEED_LIMIT),
    NUMBER("block_count", layer_count, MODEL_LAYER_LIMIT),
    NUMBER("attention.head_count", heads, MODEL_HEAD_LIMIT),
    NUMBER("context_length", context, MODEL_CONTEXT_LIMIT),
};

/* Leaves *out alone when there is no such key. */
static int
read_number(size_t *out, const struct loader *loader, const char *name,
            size_t most, struct error *err)
{
    uint64_t value;

    if (gguf_find_key(loader->gguf, name) == NULL)
        return 0;
    if (!gguf_find_count(&value, loader->gguf, name))
        return error_set(err, ERROR_UNPROCESSABLE, "key %s is no count", name);
    if (value == 0 || value > most)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %s: %llu is not 1 to %zu", name,
                         (unsigned long long)value, most);
    *out = (size_t)value;
    return 0;
}

/* Leaves *out alone when there is no such key. */
static int
read_real(double *out, const struct loader *loader, const char *name,
          struct error *err)
{
    double value;

    if (gguf_find_key(loader->gguf, name) == NULL)
        return 0;
    if (!gguf_find_number(&value, loader->gguf, name) || !isfinite(value) ||
        value <= 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %s is no positive number", name);
    *out = value;
    return 0;
}

static int
check_architecture(const struct gguf *gguf, struct error *err)
{
    const char *name = gguf_find_text(gguf, "general.architecture");
    uint64_t experts = 0;

    if (name == NULL)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key general.architecture is missing");
    if (strcmp(name, ARCHITECTURE) != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the architecture %.40s is not supported", name);
    if (gguf_find_count(&experts, gguf, ARCHITECTURE ".expert_count") &&
        experts > 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a mixture of experts is not supported");
    return 0;
}

/* Heads and their width; both lengths of a head must agree if given. */
static int
read_heads(struct loader *loader, struct error *err)
{
    struct model *model = loader->model;
    size_t value_width;

    model->kv_heads = model->heads;
    if (read_number(&model->kv_heads, loader,
                    ARCHITECTURE ".attention.head_count_kv", MODEL_HEAD_LIMIT,
                    err) < 0)
        return -1;
    if (model->heads % model->kv_heads != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%zu heads are not a multiple of %zu", model->heads,
                         model->kv_heads);
    model->head_width = model->width / model->heads;
    if (read_number(&model->head_width, loader,
                    ARCHITECTURE ".attention.key_length",
                    MODEL_HEAD_WIDTH_LIMIT, err) < 0)
        return -1;
    value_width = model->head_width;
    if (read_number(&value_width, loader,
                    ARCHITECTURE ".attention.value_length",
                    MODEL_HEAD_WIDTH_LIMIT, err) < 0)
        return -1;
    if (value_width != model->head_width)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "keys of %zu and values of %zu are not supported",
                         model->head_width, value_width);
    if (model->head_width < 2 || model->head_width > MODEL_HEAD_WIDTH_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a head of %zu is not 2 to %d wide", model->head_width,
                         MODEL_HEAD_WIDTH_LIMIT);
    return 0;
}

static int
read_numbers(struct loader *loader, struct error *err)
{
    double epsilon = 0;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        size_t value = 0;

        if (read_number(&value, loader, numbers[i].name, numbers[i].most, err) <
            0)
            return -1;
        if (value == 0)
            return error_set(err, ERROR_UNPROCESSABLE, "key %s is missing",
                             numbers[i].name);
        memcpy((char *)loader->model + numbers[i].offset, &value,
               sizeof(value));
    }
    if (read_heads(loader, err) < 0 ||
        read_real(&epsilon, loader,
                  ARCHITECTURE ".attention.layer_norm_rms_epsilon", err) < 0)
        return -1;
    if (epsilon == 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key " ARCHITECTURE
                         ".attention.layer_norm_rms_epsilon is missing");
    loader->model->epsilon = (float)epsilon;
    return 0;
}

/* The tensor's place in the mapping, once its shape is what it must be. */
static int
find_tensor(const struct gguf_tensor **out, struct loader *loader,
            const char *name, const size_t shape[2], struct error *err)
{
    const struct gguf_tensor *tensor = gguf_find_tensor(loader->gguf, name);
    const uint64_t *is;

    if (tensor == NULL) {
        error_set(err, ERROR_UNPROCESSABLE, "tensor %s is missing", name);
        return -1;
    }
    *out = tensor;
    is = tensor->dimensions;
    if (is[0] != shape[0] || is[1] != shape[1] || is[2] != 1 || is[3] != 1)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: its shape is %llu × %llu, not %zu × %zu",
                         name, (unsigned long long)is[0],
                         (unsigned long long)is[1], shape[0], shape[1]);
    /* So that floats in it may be read as such. */
    if (tensor->offset % sizeof(float) != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: offset %llu is no multiple of 4", name,
                         (unsigned long long)tensor->offset);
    loader->used++;
    return 0;
}

/* A vector of floats, copied. */
static int
load_vector(const float **out, struct loader *loader, const char *name,
            size_t length, struct error *err)
{
    const size_t shape[2] = {length, 1};
    const struct gguf_tensor *tensor;
    float *copy;

    if (find_tensor(&tensor, loader, name, shape, err) < 0)
        return -1;
    if (tensor->type != GGUF_TYPE_F32)
        return error_set(err, ERROR_UNPROCESSABLE, "tensor %s is not F32",
                         name);
    copy = arena_array(loader->arena, length, sizeof(float));
    memcpy(copy, loader->bytes + tensor->offset, length * sizeof(float));
    *out = copy;
    return 0;
}

/* "stem.weight", and "stem.bias" if there is one. */
static int
load_weight(struct model_weight *out, struct loader *loader, const char *stem,
            const size_t shape[2], struct error *err)
{
    const char *name = arena_format(loader->arena, "%s.weight", stem);
    const char *bias = arena_format(loader->arena, "%s.bias", stem);
    const struct gguf_tensor *tensor;

    if (find_tensor(&tensor, loader, name, shape, err) < 0)
        return -1;
    if (!quant_type_find(&out->type, tensor->type))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: the type %s is not supported", name,
                         gguf_type_find(tensor->type)->name);
    out->columns = shape[0];
    out->rows = shape[1];
    out->row_bytes = quant_row_bytes(out->type, out->columns);
    out->data = loader->bytes + tensor->offset;
    out->bias = NULL;
    if (gguf_find_tensor(loader->gguf, bias) == NULL)
        return 0;
    return load_vector(&out->bias, loader, bias, out->rows, err);
}

static int
load_layer(struct model_layer *layer, struct loader *loader, size_t number,
           struct error *err)
{
    const struct model *m = loader->model;
    size_t q = m->heads * m->head_width;
    size_t kv = m->kv_heads * m->head_width;
    const struct {
        const char *stem;
        struct model_weight *out;
        size_t shape[2]; /* columns, rows */
    } rows[] = {
        {"attn_q", &layer->query, {m->width, q}},
        {"attn_k", &layer->key, {m->width, kv}},
        {"attn_v", &layer->value, {m->width, kv}},
        {"attn_output", &layer->attention, {q, m->width}},
        {"ffn_gate", &layer->gate, {m->width, m->feed}},
        {"ffn_up", &layer->up, {m->width, m->feed}},
        {"ffn_down", &layer->down, {m->feed, m->width}},
    };
    char name[64];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(name, sizeof(name), "blk.%zu.%s", number, rows[i].stem);
        if (load_weight(rows[i].out, loader, name, rows[i].shape, err) < 0)
            return -1;
    }
    snprintf(name, sizeof(name), "blk.%zu.attn_norm.weight", number);
    if (load_vector(&layer->attention_norm, loader, name, m->width, err) < 0)
        return -1;
    snprintf(name, sizeof(name), "blk.%zu.ffn_norm.weight", number);
    return load_vector(&layer->feed_norm, loader, name, m->width, err);
}

/* What the positions are divided by: linear scaling alone is known. */
static int
read_scaling(double *out, const struct loader *loader, struct error *err)
{
    const char *type =
        gguf_find_text(loader->gguf, ARCHITECTURE ".rope.scaling.type");

    *out = 1;
    if (type == NULL || strcmp(type, "none") == 0)
        return 0;
    if (strcmp(type, "linear") != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "rope scaling %.40s is not supported", type);
    return read_real(out, loader, ARCHITECTURE ".rope.scaling.factor", err);
}

/*
 * Pair i turns by base^(-2i/n) a position; rope_freqs divides each, which is
 * how Llama 3.1 stretches its context.
 */
static int
load_rope(struct loader *loader, struct error *err)
{
    struct model *model = loader->model;
    size_t turned = model->head_width;
    double base = ROPE_BASE_DEFAULT;
    const float *factors = NULL;
    double scale;
    double *angles;

    if (read_number(&turned, loader, ARCHITECTURE ".rope.dimension_count",
                    MODEL_HEAD_WIDTH_LIMIT, err) < 0 ||
        read_real(&base, loader, ARCHITECTURE ".rope.freq_base", err) < 0 ||
        read_scaling(&scale, loader, err) < 0)
        return -1;
    if (turned % 2 != 0 || turned > model->head_width)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%zu turned numbers do not fit a head of %zu", turned,
                         model->head_width);
    if (gguf_find_tensor(loader->gguf, "rope_freqs.weight") != NULL &&
        load_vector(&factors, loader, "rope_freqs.weight", turned / 2, err) < 0)
        return -1;
    model->rope_pairs = turned / 2;
    angles = arena_array(loader->arena, turned / 2, sizeof(double));
    for (size_t i = 0; i < turned / 2; i++) {
        double factor = factors != NULL ? (double)factors[i] : 1;

        if (!isfinite(factor) || factor <= 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "tensor rope_freqs.weight: a factor is not "
                             "positive");
        angles[i] =
            pow(base, -2.0 * (double)i / (double)turned) / scale / factor;
    }
    model->angles = angles;
    return 0;
}

/* The embedding's rows are the vocabulary; whatever else counts must agree. */
static int
read_vocabulary(struct loader *loader, struct error *err)
{
    const struct gguf *gguf = loader->gguf;
    const struct gguf_tensor *tensor =
        gguf_find_tensor(gguf, "token_embd.weight");
    const struct gguf_key *tokens =
        gguf_find_key(gguf, "tokenizer.ggml.tokens");
    uint64_t rows;

    if (tensor == NULL)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor token_embd.weight is missing");
    rows = tensor->dimensions[1];
    if (rows == 0 || rows > VOCABULARY_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a vocabulary of %llu is not 1 to %d",
                         (unsigned long long)rows, VOCABULARY_LIMIT);
    if (tokens != NULL && tokens->count != rows)
        return error_set(
            err, ERROR_UNPROCESSABLE, "%llu tokens, but embeddings of %llu",
            (unsigned long long)tokens->count, (unsigned long long)rows);
    loader->model->vocabulary = (size_t)rows;
    return 0;
}

static int
load_ends(struct loader *loader, struct error *err)
{
    struct model *model = loader->model;
    const size_t shape[2] = {model->width, model->vocabulary};

    if (load_weight(&model->embedding, loader, "token_embd", shape, err) < 0 ||
        load_vector(&model->output_norm, loader, "output_norm.weight",
                    model->width, err) < 0)
        return -1;
    if (gguf_find_tensor(loader->gguf, "output.weight") != NULL)
        return load_weight(&model->output, loader, "output", shape, err);
    model->output = model->embedding; /* tied */
    return 0;
}

/* A tensor that nothing asked for would be missed in the result. */
static int
check_all_used(const struct loader *loader, struct error *err)
{
    if (loader->used == loader->gguf->tensor_count)
        return 0;
    return error_set(err, ERROR_UNPROCESSABLE,
                     "%zu of %zu tensors are not part of a " ARCHITECTURE
                     " model that is supported",
                     loader->gguf->tensor_count - loader->used,
                     loader->gguf->tensor_count);
}

int
model_load(struct model *out, struct arena *arena, const struct gguf *gguf,
           const uint8_t *bytes, struct error *err)
{
    struct loader loader = {
        .model = out, .arena = arena, .gguf = gguf, .bytes = bytes};
    struct model_layer *layers;

    *out = (struct model){0};
    if (check_architecture(gguf, err) < 0 || read_numbers(&loader, err) < 0 ||
        read_vocabulary(&loader, err) < 0 || load_rope(&loader, err) < 0 ||
        load_ends(&loader, err) < 0)
        return -1;
    layers = arena_array(arena, out->layer_count, sizeof(*layers));
    for (size_t i = 0; i < out->layer_count; i++)
        if (load_layer(&layers[i], &loader, i, err) < 0)
            return -1;
    out->layers = layers;
    return check_all_used(&loader, err);
}
