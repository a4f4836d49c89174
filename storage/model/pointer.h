/*
 * pointer: the text that git keeps in place of a file of weights (git-lfs).
 *
 * Strict: the three lines that git-lfs writes, in their order, and nothing
 * else, so that one object has one pointer and a false one is noticed.
 */
#ifndef STORAGE_MODEL_POINTER_H
#define STORAGE_MODEL_POINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"

/* git-lfs takes nothing longer for a pointer. */
#define POINTER_LIMIT_BYTES 1024
#define POINTER_TEXT_SIZE 160 /* the longest that pointer_write writes */

struct pointer {
    struct digest digest;
    uint64_t size_bytes; /* at most INT64_MAX */
};

/* Writes the text and a NUL; returns its length. */
size_t pointer_write(char out[POINTER_TEXT_SIZE],
                     const struct pointer *pointer);

/* Whether bytes begin as a pointer does and are short enough to be one. */
bool pointer_is_text(const void *bytes, size_t length);

/* ERROR_UNPROCESSABLE says what is wrong with it. */
int pointer_parse(struct pointer *out, const void *bytes, size_t length,
                  struct error *err);

#endif
