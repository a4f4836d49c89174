/*
 * gguf: the header of a GGUF file: its keys, and where its tensors lie.
 *
 * gguf_parse reads the header through a source, treating every byte as
 * hostile, and puts all of it in the caller's arena; a struct gguf is a record
 * that lives as long as the arena.  Arrays (a vocabulary has hundreds of
 * thousands of texts) are walked once and stay in the file: a key tells where.
 * gguf_check then refuses a file whose tensors do not all lie inside it.
 * Source: ggml docs/gguf.md; versions 2 and 3, little-endian.
 */
#ifndef STORAGE_MODEL_GGUF_H
#define STORAGE_MODEL_GGUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"
#include "storage/model/gguf_type.h"

#define GGUF_KEY_LIMIT 65536            /* keys in a file */
#define GGUF_TENSOR_LIMIT 65536         /* tensors in a file */
#define GGUF_NAME_LIMIT 65535           /* bytes in a key's name */
#define GGUF_TENSOR_NAME_LIMIT 63       /* bytes in a tensor's name */
#define GGUF_TEXT_LIMIT (1u << 20)      /* a longer text stays in the file */
#define GGUF_MEMORY_LIMIT (16u << 20)   /* names and texts together */
#define GGUF_ELEMENT_LIMIT (1u << 24)   /* elements in an array */
#define GGUF_HEADER_LIMIT (256u << 20)  /* bytes before the tensors' data */
#define GGUF_ALIGNMENT_LIMIT (1u << 16) /* general.alignment */
#define GGUF_DIMENSION_LIMIT 4

/* The kinds of value, numbered as in the file. */
enum gguf_kind {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_TEXT,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    GGUF_KIND_COUNT
};

struct gguf_key {
    const char *name; /* no control characters */
    enum gguf_kind kind;
    enum gguf_kind element; /* of an array; never GGUF_ARRAY */
    uint64_t count;         /* elements of an array, bytes of a text, or 1 */
    uint64_t offset;        /* of the value's first byte in the file */
    uint64_t size_bytes;    /* in the file, from offset */
    union {
        uint64_t natural; /* unsigned kinds, and bool as 0 or 1 */
        int64_t integer;  /* signed kinds */
        double real;
    } number;
    const char *text; /* without NUL inside, perhaps not UTF-8; or NULL */
};

struct gguf_tensor {
    const char *name; /* no control characters */
    uint32_t type;    /* known to gguf_type_find */
    uint32_t dimension_count;
    uint64_t dimensions[GGUF_DIMENSION_LIMIT]; /* fastest first; then 1 */
    uint64_t offset;                           /* in the file */
    uint64_t size_bytes;
};

struct gguf {
    uint32_t version;
    uint32_t alignment;
    size_t key_count;
    struct gguf_key *keys; /* as in the file */
    size_t tensor_count;
    struct gguf_tensor *tensors;         /* as in the file */
    uint64_t parameters;                 /* elements of all tensors */
    uint64_t data_offset;                /* of the first tensor */
    uint64_t data_end;                   /* of the last one's padding */
    const struct gguf_key **keys_sorted; /* by name, for gguf_find */
    const struct gguf_tensor **tensors_sorted;
};

/*
 * ERROR_UNPROCESSABLE, naming what is wrong, for anything that is not a GGUF
 * header: counts over the limits or over what the file can hold, a name that
 * is empty or there twice, an array of arrays, an alignment that is no power
 * of two, a shape whose size overflows, a tensor not exactly where the ones
 * before it end.  A dimension of zero is legal.
 */
int gguf_parse(struct gguf *out, struct arena *arena,
               const struct source *source, struct error *err);

/*
 * ERROR_UNPROCESSABLE, naming the tensor, when one lies outside the file, or
 * when the last one's padding does, which test-gguf wants refused too.  Bytes
 * behind data_end are not looked at.
 */
int gguf_check(const struct gguf *gguf, const struct source *source,
               struct error *err);

/* Bytes of one value of the kind; 0 for text and array. */
size_t gguf_kind_size(enum gguf_kind kind);

#endif
