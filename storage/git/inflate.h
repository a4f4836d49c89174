/*
 * inflate: a gzip body, as git sends a long negotiation, made plain.
 */
#ifndef STORAGE_GIT_INFLATE_H
#define STORAGE_GIT_INFLATE_H

#include <stddef.h>

#include "storage/base/buffer.h"
#include "storage/base/error.h"

/*
 * Adds the plain bytes to out.  ERROR_BAD_REQUEST when it is not gzip,
 * ERROR_TOO_LARGE over limit_bytes, however small it came.
 */
int inflate_gzip(struct buffer *out, const void *bytes, size_t length,
                 size_t limit_bytes, struct error *err);

#endif
