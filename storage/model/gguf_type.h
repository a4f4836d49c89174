/*
 * gguf_type: the encodings of tensors that GGUF numbers, and their sizes.
 *
 * An encoding packs a row in blocks: so many elements in so many bytes.  Ids
 * are ggml's (ggml.h, enum ggml_type); those it has given up are refused.
 */
#ifndef STORAGE_MODEL_GGUF_TYPE_H
#define STORAGE_MODEL_GGUF_TYPE_H

#include <stdint.h>

enum gguf_type_id {
    GGUF_TYPE_F32 = 0,
    GGUF_TYPE_F16 = 1,
    GGUF_TYPE_Q4_0 = 2,
    GGUF_TYPE_Q8_0 = 8,
    GGUF_TYPE_BF16 = 30,
};

struct gguf_type {
    const char *name;        /* as llama.cpp writes it: "Q8_0" */
    uint32_t block_elements; /* a row is a multiple of this */
    uint32_t block_bytes;
};

/* Static; NULL for an id that is unknown or was given up. */
const struct gguf_type *gguf_type_find(uint32_t id);

#endif
