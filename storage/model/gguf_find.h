/*
 * gguf_find: a key or a tensor of a GGUF header, by its name.
 *
 * Everything found is borrowed from the struct gguf.
 */
#ifndef STORAGE_MODEL_GGUF_FIND_H
#define STORAGE_MODEL_GGUF_FIND_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/model/gguf.h"

/* NULL when there is none of that name. */
const struct gguf_key *gguf_find_key(const struct gguf *gguf, const char *name);
const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf,
                                           const char *name);

/* The key's text; NULL when it is missing, of another kind or too long. */
const char *gguf_find_text(const struct gguf *gguf, const char *name);

/*
 * The key's value; false when it is missing or does not fit: a count is an
 * integer of any kind, not negative, since writers differ; a number is that
 * or a float.
 */
bool gguf_find_count(uint64_t *out, const struct gguf *gguf, const char *name);
bool gguf_find_number(double *out, const struct gguf *gguf, const char *name);
bool gguf_find_flag(bool *out, const struct gguf *gguf, const char *name);

#endif
