#include "storage/base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"

void
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    size_t needed;

    if (__builtin_add_overflow(buffer->length, length, &needed) ||
        needed > SIZE_MAX / 2)
        abort();
    if (needed + 1 > buffer->capacity) {
        size_t capacity = buffer->capacity > 0 ? buffer->capacity : 256;

        while (capacity < needed + 1)
            capacity *= 2;
        buffer->bytes = xrealloc(buffer->bytes, capacity);
        buffer->capacity = capacity;
    }
    if (length > 0)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length = needed;
    buffer->bytes[needed] = '\0';
}

int
buffer_add(struct buffer *buffer, const void *bytes, size_t length,
           size_t limit_bytes, struct error *err)
{
    if (length > limit_bytes || buffer->length > limit_bytes - length)
        return error_set(err, ERROR_TOO_LARGE, "more than %zu bytes",
                         limit_bytes);
    buffer_append(buffer, bytes, length);
    return 0;
}

void
buffer_append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void
buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        abort();
    buffer_append(buffer, text, (size_t)length);
    free(text);
}

void
buffer_consume(struct buffer *buffer, size_t length)
{
    assert(length <= buffer->length);
    if (length == 0)
        return;
    memmove(buffer->bytes, buffer->bytes + length, buffer->length - length);
    buffer->length -= length;
    buffer->bytes[buffer->length] = '\0';
}

void
buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}
