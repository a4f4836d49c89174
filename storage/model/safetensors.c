#include "storage/model/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "storage/base/buffer.h"
#include "storage/base/json.h"
#include "storage/base/text.h"
#include "storage/model/token.h"

#define LENGTH_BYTES 8
#define METADATA "__metadata__"

/* Bits, since some types pack several elements into a byte. */
static const struct type {
    const char *name;
    unsigned bits;
} types[] = {
    {"BOOL", 8},        {"U8", 8},          {"I8", 8},      {"F8_E5M2", 8},
    {"F8_E4M3", 8},     {"F8_E8M0", 8},     {"I16", 16},    {"U16", 16},
    {"F16", 16},        {"BF16", 16},       {"I32", 32},    {"U32", 32},
    {"F32", 32},        {"I64", 64},        {"U64", 64},    {"F64", 64},
    {"C64", 64},        {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6},
    {"F8_E5M2FNUZ", 8}, {"F8_E4M3FNUZ", 8},
};

struct reader {
    struct token token;
    struct arena *arena;
    struct buffer text; /* the last string */
    struct safetensors_tensor *tensors;
    size_t count;
    size_t capacity;
    size_t text_bytes; /* kept so far, of SAFETENSORS_TEXT_LIMIT */
    json_t *metadata;
};

/* ERROR_UNPROCESSABLE that names the tensor. */
static int
refuse(struct arena *arena, const char *name, const char *why,
       struct error *err)
{
    return error_set(err, ERROR_UNPROCESSABLE, "safetensors, tensor %.200s: %s",
                     text_line(arena, name), why);
}

/* Copies the last string; all copies together are bounded. */
static int
keep_text(const char **out, struct reader *reader, struct error *err)
{
    reader->text_bytes += reader->text.length;
    if (reader->text_bytes > SAFETENSORS_TEXT_LIMIT)
        return token_refuse(&reader->token, "too much text", err);
    *out = arena_bytes(reader->arena, reader->text.bytes, reader->text.length);
    return 0;
}

static int
read_metadata(struct reader *reader, struct error *err)
{
    struct token *token = &reader->token;
    char next;
    bool more;

    if (reader->metadata != NULL)
        return token_refuse(token, "a second " METADATA, err);
    reader->metadata = json_keep(reader->arena, json_object());
    if (token_expect(token, '{', err) < 0 || token_peek(token, &next, err) < 0)
        return -1;
    if (next == '}')
        return token_expect(token, '}', err);
    do {
        const char *key = NULL;

        if (token_text(token, &reader->text, SAFETENSORS_NAME_LIMIT, err) < 0 ||
            keep_text(&key, reader, err) < 0 ||
            token_expect(token, ':', err) < 0)
            return -1;
        if (json_object_get(reader->metadata, key) != NULL)
            return token_refuse(token, "a key stands there twice", err);
        if (token_text(token, &reader->text, SAFETENSORS_TEXT_LIMIT, err) < 0)
            return -1;
        reader->text_bytes += reader->text.length;
        if (reader->text_bytes > SAFETENSORS_TEXT_LIMIT)
            return token_refuse(token, "too much text", err);
        json_object_set_new(
            reader->metadata, key,
            json_stringn(reader->text.bytes, reader->text.length));
        if (token_more(token, &more, '}', err) < 0)
            return -1;
    } while (more);
    return 0;
}

/* A list of at most limit whole numbers. */
static int
read_naturals(uint64_t *out, size_t *count, size_t limit, struct token *token,
              struct error *err)
{
    char next;
    bool more;

    *count = 0;
    if (token_expect(token, '[', err) < 0 || token_peek(token, &next, err) < 0)
        return -1;
    if (next == ']')
        return token_expect(token, ']', err);
    do {
        if (*count == limit)
            return token_refuse(token, "a list is too long", err);
        if (token_natural(token, &out[(*count)++], err) < 0 ||
            token_more(token, &more, ']', err) < 0)
            return -1;
    } while (more);
    return 0;
}

static int
read_type(struct safetensors_tensor *out, struct reader *reader,
          struct error *err)
{
    if (token_text(&reader->token, &reader->text, 32, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(reader->text.bytes, types[i].name) == 0) {
            out->type = types[i].name;
            return 0;
        }
    return refuse(reader->arena, out->name, "an unknown dtype", err);
}

static int
read_shape(struct safetensors_tensor *out, struct reader *reader,
           struct error *err)
{
    uint64_t sizes[SAFETENSORS_RANK_LIMIT];
    uint64_t *shape;

    if (read_naturals(sizes, &out->rank, SAFETENSORS_RANK_LIMIT, &reader->token,
                      err) < 0)
        return -1;
    shape = arena_array(reader->arena, out->rank, sizeof(*shape));
    memcpy(shape, sizes, out->rank * sizeof(*shape));
    out->shape = shape;
    return 0;
}

static int
read_extent(struct safetensors_tensor *out, struct reader *reader,
            struct error *err)
{
    uint64_t offsets[2];
    size_t count;

    if (read_naturals(offsets, &count, 2, &reader->token, err) < 0)
        return -1;
    if (count != 2 || offsets[0] > offsets[1])
        return refuse(reader->arena, out->name,
                      "data_offsets are not a begin and an end", err);
    out->begin = offsets[0];
    out->end = offsets[1];
    return 0;
}

static const struct member {
    const char *name;
    int (*read)(struct safetensors_tensor *out, struct reader *reader,
                struct error *err);
} members[] = {
    {"dtype", read_type},
    {"shape", read_shape},
    {"data_offsets", read_extent},
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

/* One of the members, which none of `seen` was yet. */
static int
read_member(struct safetensors_tensor *out, struct reader *reader,
            bool seen[MEMBERS], struct error *err)
{
    struct token *token = &reader->token;

    if (token_text(token, &reader->text, 32, err) < 0 ||
        token_expect(token, ':', err) < 0)
        return -1;
    for (size_t i = 0; i < MEMBERS; i++)
        if (strcmp(reader->text.bytes, members[i].name) == 0 && !seen[i]) {
            seen[i] = true;
            return members[i].read(out, reader, err);
        }
    return refuse(reader->arena, out->name,
                  "a member is unknown or stands there twice", err);
}

static int
read_tensor(struct safetensors_tensor *out, struct reader *reader,
            struct error *err)
{
    struct token *token = &reader->token;
    bool seen[MEMBERS] = {false};
    bool more;

    if (keep_text(&out->name, reader, err) < 0 ||
        token_expect(token, '{', err) < 0)
        return -1;
    do {
        if (read_member(out, reader, seen, err) < 0 ||
            token_more(token, &more, '}', err) < 0)
            return -1;
    } while (more);
    if (!seen[0] || !seen[1] || !seen[2])
        return refuse(reader->arena, out->name,
                      "dtype, shape and data_offsets are needed", err);
    return 0;
}

static struct safetensors_tensor *
add_tensor(struct reader *reader)
{
    if (reader->count == reader->capacity) {
        struct safetensors_tensor *old = reader->tensors;

        reader->capacity = reader->capacity > 0 ? 2 * reader->capacity : 64;
        reader->tensors = arena_array(reader->arena, reader->capacity,
                                      sizeof(*reader->tensors));
        if (reader->count > 0)
            memcpy(reader->tensors, old, reader->count * sizeof(*old));
    }
    return &reader->tensors[reader->count++];
}

/* A name, and what it stands for. */
static int
read_entry(struct reader *reader, struct error *err)
{
    struct token *token = &reader->token;

    if (token_text(token, &reader->text, SAFETENSORS_NAME_LIMIT, err) < 0 ||
        token_expect(token, ':', err) < 0)
        return -1;
    if (strcmp(reader->text.bytes, METADATA) == 0)
        return read_metadata(reader, err);
    for (size_t i = 0; i < reader->text.length; i++)
        if ((unsigned char)reader->text.bytes[i] < 0x20)
            return token_refuse(token, "a name holds a control character", err);
    if (reader->count == SAFETENSORS_TENSORS_LIMIT)
        return token_refuse(token, "too many tensors", err);
    return read_tensor(add_tensor(reader), reader, err);
}

static int
read_header(struct reader *reader, struct error *err)
{
    struct token *token = &reader->token;
    char next;
    bool more;

    if (token_expect(token, '{', err) < 0 || token_peek(token, &next, err) < 0)
        return -1;
    if (next == '}') {
        if (token_expect(token, '}', err) < 0)
            return -1;
        return token_end(token, err);
    }
    do {
        if (read_entry(reader, err) < 0 ||
            token_more(token, &more, '}', err) < 0)
            return -1;
    } while (more);
    return token_end(token, err);
}

static int
compare_extents(const void *a, const void *b)
{
    const struct safetensors_tensor *x = a;
    const struct safetensors_tensor *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return strcmp(x->name, y->name);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
check_names(const struct reader *reader, struct error *err)
{
    const char **names =
        arena_array(reader->arena, reader->count, sizeof(*names));

    for (size_t i = 0; i < reader->count; i++)
        names[i] = reader->tensors[i].name;
    qsort(names, reader->count, sizeof(*names), compare_names);
    for (size_t i = 1; i < reader->count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return refuse(reader->arena, names[i], "stands there twice", err);
    return 0;
}

static unsigned
type_bits(const char *name)
{
    size_t i = 0;

    while (types[i].name != name)
        i++;
    return types[i].bits;
}

/* The extent is exactly what type and shape need.  Adds to *parameters. */
static int
check_size(const struct safetensors_tensor *tensor, struct arena *arena,
           uint64_t *parameters, struct error *err)
{
    uint64_t elements = 1;
    uint64_t bits;

    for (size_t i = 0; i < tensor->rank; i++)
        if (__builtin_mul_overflow(elements, tensor->shape[i], &elements))
            return refuse(arena, tensor->name, "its shape overflows", err);
    if (__builtin_mul_overflow(elements, type_bits(tensor->type), &bits))
        return refuse(arena, tensor->name, "its shape overflows", err);
    if (bits % 8 != 0 || bits / 8 != tensor->end - tensor->begin)
        return refuse(arena, tensor->name,
                      "its extent is not what dtype and shape need", err);
    if (__builtin_add_overflow(*parameters, elements, parameters))
        return refuse(arena, tensor->name, "the parameters overflow", err);
    return 0;
}

/* From 0 to data_bytes without a hole and without an overlap. */
static int
check_tensors(struct safetensors *out, struct reader *reader,
              uint64_t data_bytes, struct error *err)
{
    uint64_t at = 0;

    qsort(reader->tensors, reader->count, sizeof(*reader->tensors),
          compare_extents);
    for (size_t i = 0; i < reader->count; i++) {
        const struct safetensors_tensor *tensor = &reader->tensors[i];

        if (tensor->begin != at)
            return refuse(reader->arena, tensor->name,
                          tensor->begin < at ? "it overlaps the one before it"
                                             : "there is a hole before it",
                          err);
        if (check_size(tensor, reader->arena, &out->parameters, err) < 0)
            return -1;
        at = tensor->end;
    }
    if (at != data_bytes)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "safetensors: the tensors end at byte %llu of the "
                         "data, which has %llu",
                         (unsigned long long)at,
                         (unsigned long long)data_bytes);
    return 0;
}

/* The first eight bytes; the header must fit the file and begin with '{'. */
static int
read_length(uint64_t *out, const struct source *source, struct error *err)
{
    uint8_t head[LENGTH_BYTES + 1];

    *out = 0;
    if (source->size_bytes < sizeof(head) + 1)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "safetensors: the file is too short");
    if (source_read(source, head, 0, sizeof(head), err) < 0)
        return -1;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        *out = *out << 8 | head[i];
    if (*out > SAFETENSORS_HEADER_LIMIT)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "safetensors: the header is over %d bytes",
                         SAFETENSORS_HEADER_LIMIT);
    if (*out > source->size_bytes - LENGTH_BYTES)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "safetensors: the header is longer than the file");
    if (head[LENGTH_BYTES] != '{')
        return error_set(err, ERROR_UNPROCESSABLE,
                         "safetensors: the header does not begin with '{'");
    return 0;
}

int
safetensors_read(struct safetensors *out, const struct source *source,
                 struct arena *arena, struct error *err)
{
    struct reader reader = {.arena = arena};
    int result = -1;

    *out = (struct safetensors){0};
    if (read_length(&out->header_bytes, source, err) < 0)
        return -1;
    reader.token.what = "safetensors header";
    if (token_open(&reader.token, arena, source, LENGTH_BYTES,
                   out->header_bytes, err) < 0 ||
        read_header(&reader, err) < 0 || check_names(&reader, err) < 0)
        goto done;
    reader.tensors = reader.count > 0
                         ? reader.tensors
                         : arena_array(arena, 1, sizeof(*reader.tensors));
    result = check_tensors(
        out, &reader, source->size_bytes - LENGTH_BYTES - out->header_bytes,
        err);
    out->tensors = reader.tensors;
    out->count = reader.count;
    out->metadata = reader.metadata;

done:
    buffer_free(&reader.text);
    return result;
}
