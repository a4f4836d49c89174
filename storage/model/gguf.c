#include "storage/model/gguf.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/text.h"
#include "storage/model/cursor.h"
#include "storage/model/gguf_find.h"

/* The least that one can take: a name of a byte, and a byte as value. */
#define KEY_BYTES_LEAST 14
#define TENSOR_BYTES_LEAST 33

#define ALIGNMENT_DEFAULT 32

static const uint8_t kind_sizes[GGUF_KIND_COUNT] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,  [GGUF_U16] = 2, [GGUF_I16] = 2,
    [GGUF_U32] = 4, [GGUF_I32] = 4, [GGUF_F32] = 4, [GGUF_BOOL] = 1,
    [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

struct parser {
    struct cursor cursor;
    struct arena *arena;
    struct gguf *out;
    size_t memory_bytes; /* names and texts so far */
};

size_t
gguf_kind_size(enum gguf_kind kind)
{
    return kind_sizes[kind];
}

/* Reads length bytes as text into the arena, within the memory limit. */
static int
parse_text(const char **out, struct parser *parser, uint64_t length,
           const char *what, struct error *err)
{
    char *text;

    if (length > cursor_remaining(&parser->cursor))
        return error_set(err, ERROR_UNPROCESSABLE, "the file ends inside %s",
                         what);
    if (length > GGUF_MEMORY_LIMIT - parser->memory_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the header's names and texts pass %u bytes",
                         GGUF_MEMORY_LIMIT);
    parser->memory_bytes += length;
    text = arena_alloc(parser->arena, (size_t)length + 1);
    if (cursor_take(&parser->cursor, text, (size_t)length, what, err) < 0)
        return -1;
    if (memchr(text, '\0', (size_t)length) != NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "a NUL inside %s", what);
    *out = text;
    return 0;
}

/* A name that may stand in a message: UTF-8, no control characters. */
static bool
is_plain(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return text_is_utf8(name, length);
}

static int
parse_name(const char **out, struct parser *parser, uint64_t limit_bytes,
           const char *what, struct error *err)
{
    uint64_t length;

    if (cursor_take_u64(&parser->cursor, &length, what, err) < 0)
        return -1;
    if (length == 0)
        return error_set(err, ERROR_UNPROCESSABLE, "%s is empty", what);
    if (length > limit_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s is %llu bytes long, the limit is %llu", what,
                         (unsigned long long)length,
                         (unsigned long long)limit_bytes);
    if (parse_text(out, parser, length, what, err) < 0)
        return -1;
    if (!is_plain(*out))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%s has bytes that are no text", what);
    return 0;
}

static int
parse_header(struct parser *parser, struct error *err)
{
    struct gguf *out = parser->out;
    uint64_t tensor_count;
    uint64_t key_count;
    uint8_t magic[4];
    uint32_t version;

    if (cursor_take(&parser->cursor, magic, 4, "the magic", err) < 0)
        return -1;
    if (memcmp(magic, "GGUF", 4) != 0)
        return error_set(err, ERROR_UNPROCESSABLE, "not a GGUF file");
    if (cursor_take_u32(&parser->cursor, &version, "the version", err) < 0)
        return -1;
    if (version == 0x02000000 || version == 0x03000000)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a big-endian GGUF file is not supported");
    if (version != 2 && version != 3)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "GGUF version %u is not supported", version);
    if (cursor_take_u64(&parser->cursor, &tensor_count, "the header", err) <
            0 ||
        cursor_take_u64(&parser->cursor, &key_count, "the header", err) < 0)
        return -1;
    if (tensor_count > GGUF_TENSOR_LIMIT ||
        tensor_count > cursor_remaining(&parser->cursor) / TENSOR_BYTES_LEAST)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%llu tensors are more than the file can hold",
                         (unsigned long long)tensor_count);
    if (key_count > GGUF_KEY_LIMIT ||
        key_count > cursor_remaining(&parser->cursor) / KEY_BYTES_LEAST)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "%llu keys are more than the file can hold",
                         (unsigned long long)key_count);
    out->version = version;
    out->tensor_count = (size_t)tensor_count;
    out->key_count = (size_t)key_count;
    return 0;
}

/* Goes on behind what stays in the file. */
static int
skip(struct parser *parser, uint64_t length, const char *what,
     struct error *err)
{
    if (cursor_skip(&parser->cursor, length, what, err) < 0)
        return -1;
    if (parser->cursor.offset > GGUF_HEADER_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "the header passes %u bytes",
                         GGUF_HEADER_LIMIT);
    return 0;
}

/* Walks over the texts of an array, whose lengths only they themselves tell. */
static int
skip_texts(struct parser *parser, const struct gguf_key *key, struct error *err)
{
    for (uint64_t i = 0; i < key->count; i++) {
        uint64_t length;

        if (cursor_take_u64(&parser->cursor, &length, key->name, err) < 0 ||
            skip(parser, length, key->name, err) < 0)
            return -1;
    }
    return 0;
}

static int
parse_array(struct parser *parser, struct gguf_key *key, struct error *err)
{
    struct cursor *cursor = &parser->cursor;
    uint64_t least;
    uint32_t kind;

    if (cursor_take_u32(cursor, &kind, key->name, err) < 0 ||
        cursor_take_u64(cursor, &key->count, key->name, err) < 0)
        return -1;
    if (kind == GGUF_ARRAY)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %.80s: an array of arrays", key->name);
    if (kind >= GGUF_KIND_COUNT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %.80s: an array of unknown kind %u", key->name,
                         kind);
    key->element = (enum gguf_kind)kind;
    key->offset = cursor->offset;
    least = kind == GGUF_TEXT ? 8 : kind_sizes[kind];
    if (key->count > GGUF_ELEMENT_LIMIT ||
        key->count > cursor_remaining(cursor) / least)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key %.80s: %llu elements are more than the file "
                         "can hold",
                         key->name, (unsigned long long)key->count);
    if (kind == GGUF_TEXT)
        return skip_texts(parser, key, err);
    return skip(parser, key->count * least, key->name, err);
}

static int
parse_text_value(struct parser *parser, struct gguf_key *key, struct error *err)
{
    if (cursor_take_u64(&parser->cursor, &key->count, key->name, err) < 0)
        return -1;
    key->offset = parser->cursor.offset;
    if (key->count > GGUF_TEXT_LIMIT)
        return skip(parser, key->count, key->name, err);
    return parse_text(&key->text, parser, key->count, key->name, err);
}

/* The number in the first bytes of a value; memcpy keeps the bits of floats. */
static void
set_number(struct gguf_key *key, uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    uint64_t sign;
    float single;

    switch (key->kind) {
    case GGUF_I8:
    case GGUF_I16:
    case GGUF_I32:
        sign = UINT64_C(1) << (8 * kind_sizes[key->kind] - 1);
        key->number.integer = (int64_t)((bits ^ sign) - sign);
        break;
    case GGUF_F32:
        memcpy(&single, &low, sizeof(single));
        key->number.real = (double)single;
        break;
    case GGUF_F64:
        memcpy(&key->number.real, &bits, sizeof(bits));
        break;
    case GGUF_BOOL: /* llama.cpp takes any byte, so there are such files */
        key->number.natural = bits != 0;
        break;
    default: /* U8 to U64 and I64 are their bits */
        key->number.natural = bits;
        break;
    }
}

static int
parse_number(struct parser *parser, struct gguf_key *key, struct error *err)
{
    uint8_t bytes[8] = {0};
    uint64_t bits = 0;

    key->count = 1;
    if (cursor_take(&parser->cursor, bytes, kind_sizes[key->kind], key->name,
                    err) < 0)
        return -1;
    for (int i = 7; i >= 0; i--)
        bits = bits << 8 | bytes[i];
    set_number(key, bits);
    return 0;
}

static int
parse_key(struct parser *parser, struct gguf_key *key, struct error *err)
{
    uint32_t kind;
    int result;

    if (parse_name(&key->name, parser, GGUF_NAME_LIMIT, "a key's name", err) <
            0 ||
        cursor_take_u32(&parser->cursor, &kind, key->name, err) < 0)
        return -1;
    if (kind >= GGUF_KIND_COUNT)
        return error_set(err, ERROR_UNPROCESSABLE, "key %.80s: unknown kind %u",
                         key->name, kind);
    key->kind = (enum gguf_kind)kind;
    key->offset = parser->cursor.offset;
    if (key->kind == GGUF_ARRAY)
        result = parse_array(parser, key, err);
    else if (key->kind == GGUF_TEXT)
        result = parse_text_value(parser, key, err);
    else
        result = parse_number(parser, key, err);
    if (result < 0)
        return -1;
    key->size_bytes = parser->cursor.offset - key->offset;
    if (parser->cursor.offset > GGUF_HEADER_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE, "the header passes %u bytes",
                         GGUF_HEADER_LIMIT);
    return 0;
}

static int
compare_keys(const void *a, const void *b)
{
    const struct gguf_key *const *x = a;
    const struct gguf_key *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int
compare_tensors(const void *a, const void *b)
{
    const struct gguf_tensor *const *x = a;
    const struct gguf_tensor *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static int
parse_keys(struct parser *parser, struct error *err)
{
    struct gguf *out = parser->out;
    size_t n = out->key_count;

    out->keys = arena_array(parser->arena, n, sizeof(*out->keys));
    out->keys_sorted = arena_array(parser->arena, n, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        if (parse_key(parser, &out->keys[i], err) < 0)
            return -1;
        out->keys_sorted[i] = &out->keys[i];
    }
    qsort(out->keys_sorted, n, sizeof(void *), compare_keys);
    for (size_t i = 1; i < n; i++)
        if (strcmp(out->keys_sorted[i - 1]->name, out->keys_sorted[i]->name) ==
            0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "key %.80s is there twice",
                             out->keys_sorted[i]->name);
    return 0;
}

static int
find_alignment(struct gguf *out, struct error *err)
{
    const struct gguf_key *key = gguf_find_key(out, "general.alignment");
    uint64_t alignment = ALIGNMENT_DEFAULT;

    if (key != NULL && key->kind != GGUF_U32)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key general.alignment is not of kind u32");
    if (key != NULL)
        alignment = key->number.natural;
    if (alignment == 0 || alignment > GGUF_ALIGNMENT_LIMIT ||
        (alignment & (alignment - 1)) != 0)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "key general.alignment: %llu is not a power of two "
                         "up to %u",
                         (unsigned long long)alignment, GGUF_ALIGNMENT_LIMIT);
    out->alignment = (uint32_t)alignment;
    return 0;
}

/* Elements and bytes of the shape; both stay under 2^63, as in ggml. */
static int
measure_tensor(struct gguf_tensor *tensor, uint64_t *elements,
               struct error *err)
{
    const struct gguf_type *type = gguf_type_find(tensor->type);
    uint64_t blocks;

    if (type == NULL)
        return error_set(err, ERROR_UNPROCESSABLE, "tensor %s: unknown type %u",
                         tensor->name, tensor->type);
    *elements = 1;
    for (size_t i = 0; i < GGUF_DIMENSION_LIMIT; i++)
        if (__builtin_mul_overflow(*elements, tensor->dimensions[i],
                                   elements) ||
            *elements > INT64_MAX)
            goto too_large;
    if (tensor->dimensions[0] % type->block_elements != 0)
        return error_set(
            err, ERROR_UNPROCESSABLE,
            "tensor %s: a row of %llu does not fill blocks of %u", tensor->name,
            (unsigned long long)tensor->dimensions[0], type->block_elements);
    blocks = *elements / type->block_elements;
    if (__builtin_mul_overflow(blocks, (uint64_t)type->block_bytes,
                               &tensor->size_bytes) ||
        tensor->size_bytes > INT64_MAX)
        goto too_large;
    return 0;

too_large:
    return error_set(err, ERROR_UNPROCESSABLE, "tensor %s: the shape overflows",
                     tensor->name);
}

/* Name, shape, type and offset (still from the start of the data). */
static int
parse_tensor(struct parser *parser, struct gguf_tensor *tensor,
             struct error *err)
{
    struct cursor *cursor = &parser->cursor;

    if (parse_name(&tensor->name, parser, GGUF_TENSOR_NAME_LIMIT,
                   "a tensor's name", err) < 0 ||
        cursor_take_u32(cursor, &tensor->dimension_count, tensor->name, err) <
            0)
        return -1;
    if (tensor->dimension_count > GGUF_DIMENSION_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: %u dimensions, the limit is %d",
                         tensor->name, tensor->dimension_count,
                         GGUF_DIMENSION_LIMIT);
    for (uint32_t i = 0; i < GGUF_DIMENSION_LIMIT; i++) {
        tensor->dimensions[i] = 1;
        if (i < tensor->dimension_count &&
            cursor_take_u64(cursor, &tensor->dimensions[i], tensor->name, err) <
                0)
            return -1;
        if (tensor->dimensions[i] > INT64_MAX)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "tensor %s: a negative dimension", tensor->name);
    }
    if (cursor_take_u32(cursor, &tensor->type, tensor->name, err) < 0 ||
        cursor_take_u64(cursor, &tensor->offset, tensor->name, err) < 0)
        return -1;
    return 0;
}

/* Holds the tensor to the place where the ones before it end. */
static int
place_tensor(struct gguf *out, struct gguf_tensor *tensor, uint64_t *end,
             struct error *err)
{
    uint64_t mask = out->alignment - 1;
    uint64_t elements = 0;

    if (measure_tensor(tensor, &elements, err) < 0)
        return -1;
    if (tensor->offset != ((*end + mask) & ~mask))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: offset %llu, expected %llu", tensor->name,
                         (unsigned long long)tensor->offset,
                         (unsigned long long)((*end + mask) & ~mask));
    *end = tensor->offset + tensor->size_bytes;
    out->parameters += elements;
    if (*end > INT64_MAX || out->parameters > INT64_MAX)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "tensor %s: the sizes so far overflow", tensor->name);
    return 0;
}

static int
check_tensor_names(const struct gguf *out, struct error *err)
{
    for (size_t i = 1; i < out->tensor_count; i++)
        if (strcmp(out->tensors_sorted[i - 1]->name,
                   out->tensors_sorted[i]->name) == 0)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "tensor %s is there twice",
                             out->tensors_sorted[i]->name);
    return 0;
}

static int
parse_tensors(struct parser *parser, struct error *err)
{
    struct gguf *out = parser->out;
    uint64_t mask = out->alignment - 1;
    size_t n = out->tensor_count;
    uint64_t end = 0;

    out->tensors = arena_array(parser->arena, n, sizeof(*out->tensors));
    out->tensors_sorted = arena_array(parser->arena, n, sizeof(void *));
    for (size_t i = 0; i < n; i++) {
        if (parse_tensor(parser, &out->tensors[i], err) < 0 ||
            place_tensor(out, &out->tensors[i], &end, err) < 0)
            return -1;
        out->tensors_sorted[i] = &out->tensors[i];
    }
    qsort(out->tensors_sorted, n, sizeof(void *), compare_tensors);
    if (check_tensor_names(out, err) < 0)
        return -1;
    out->data_offset = (parser->cursor.offset + mask) & ~mask;
    end = (end + mask) & ~mask;
    if (__builtin_add_overflow(out->data_offset, end, &out->data_end))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the sizes of the tensors overflow");
    for (size_t i = 0; i < n; i++)
        out->tensors[i].offset += out->data_offset;
    return 0;
}

int
gguf_parse(struct gguf *out, struct arena *arena, const struct source *source,
           struct error *err)
{
    struct parser parser = {.arena = arena, .out = out};

    *out = (struct gguf){0};
    cursor_open(&parser.cursor, arena, source);
    if (parse_header(&parser, err) < 0 || parse_keys(&parser, err) < 0 ||
        find_alignment(out, err) < 0 || parse_tensors(&parser, err) < 0)
        return -1;
    return 0;
}

int
gguf_check(const struct gguf *gguf, const struct source *source,
           struct error *err)
{
    for (size_t i = 0; i < gguf->tensor_count; i++) {
        const struct gguf_tensor *tensor = &gguf->tensors[i];

        if (tensor->offset > source->size_bytes ||
            tensor->size_bytes > source->size_bytes - tensor->offset)
            return error_set(err, ERROR_UNPROCESSABLE,
                             "tensor %s: its data passes the end of the file",
                             tensor->name);
    }
    if (gguf->tensor_count > 0 && gguf->data_end > source->size_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "the padding behind the last tensor is cut off");
    return 0;
}
