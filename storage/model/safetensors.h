/*
 * safetensors: the header of a safetensors file: names, types, shapes, extents.
 *
 * Treats every byte as hostile.  Reads the header in pieces and keeps only the
 * tensors, so that a file costs memory by what it says and not by its size;
 * the weights themselves are not read.
 */
#ifndef STORAGE_MODEL_SAFETENSORS_H
#define STORAGE_MODEL_SAFETENSORS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

/* The limit of the reference reader (safetensors tensor.rs). */
#define SAFETENSORS_HEADER_LIMIT 100000000
#define SAFETENSORS_TENSORS_LIMIT 100000
#define SAFETENSORS_RANK_LIMIT 16
#define SAFETENSORS_NAME_LIMIT 4096 /* bytes */
/* Names and metadata together, in bytes. */
#define SAFETENSORS_TEXT_LIMIT (16u << 20)

struct safetensors_tensor {
    const char *name;
    const char *type;      /* "F32"; static */
    const uint64_t *shape; /* rank sizes */
    size_t rank;
    uint64_t begin; /* bytes, from the start of the data */
    uint64_t end;
};

struct safetensors {
    uint64_t header_bytes; /* the data begins 8 bytes after them */
    const struct safetensors_tensor *tensors; /* by their place in the data */
    size_t count;
    json_t *metadata;    /* "__metadata__": text to text; NULL for none */
    uint64_t parameters; /* elements of all tensors */
};

/*
 * Reads and checks the header against the file's size.  ERROR_UNPROCESSABLE
 * if the length is over the limit or the file, the JSON is malformed or has an
 * unknown or duplicate member, a type is unknown, an extent does not fit its
 * shape, or the extents overlap, leave a gap or do not end where the file does.
 * Source: safetensors 0.6 tensor.rs, Metadata::validate.
 */
int safetensors_read(struct safetensors *out, const struct source *source,
                     struct arena *arena, struct error *err);

#endif
