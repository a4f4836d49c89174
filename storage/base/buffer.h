/*
 * buffer: bytes that grow, up to a limit that its owner names.
 *
 * A zeroed struct buffer is empty and valid.  bytes is followed by a NUL that
 * length does not count.  buffer_free gives the memory back and leaves the
 * buffer empty again.
 */
#ifndef STORAGE_BASE_BUFFER_H
#define STORAGE_BASE_BUFFER_H

#include <stddef.h>

#include "storage/base/error.h"

struct buffer {
    char *bytes; /* owned; NULL while nothing was added */
    size_t length;
    size_t capacity;
};

/* ERROR_TOO_LARGE when length would pass limit_bytes; nothing is added then. */
int buffer_add(struct buffer *buffer, const void *bytes, size_t length,
               size_t limit_bytes, struct error *err);

/* For what the program itself writes: no limit but memory. */
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_append_text(struct buffer *buffer, const char *text);
void buffer_append_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops the first length bytes. */
void buffer_consume(struct buffer *buffer, size_t length);
void buffer_free(struct buffer *buffer);

#endif
