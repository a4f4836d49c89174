#include "storage/base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/base/arena.h"

/* Makes room for length more bytes and the NUL. */
static void
make_room(struct buffer *buffer, size_t length)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : 256;
    size_t needed;

    if (__builtin_add_overflow(buffer->length, length, &needed) ||
        needed > SIZE_MAX / 2)
        abort();
    if (needed < buffer->capacity)
        return;
    while (capacity <= needed)
        capacity *= 2;
    buffer->bytes = xrealloc(buffer->bytes, capacity);
    buffer->capacity = capacity;
}

void
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    make_room(buffer, length);
    if (length > 0)
        memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
    buffer->bytes[buffer->length] = '\0';
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
    va_list again;
    size_t room;
    int length;

    make_room(buffer, 0);
    room = buffer->capacity - buffer->length;
    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(buffer->bytes + buffer->length, room, format, args);
    va_end(args);
    if (length < 0)
        abort();
    if ((size_t)length >= room) {
        make_room(buffer, (size_t)length);
        vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format,
                  again);
    }
    va_end(again);
    buffer->length += (size_t)length;
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
