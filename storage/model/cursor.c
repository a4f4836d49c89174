#include "storage/model/cursor.h"

#include <string.h>

void
cursor_open(struct cursor *out, struct arena *arena,
            const struct source *source)
{
    *out = (struct cursor){.source = source, .capacity = CURSOR_BUFFER_BYTES};
    if (source->size_bytes < out->capacity)
        out->capacity = (size_t)source->size_bytes;
    out->buffer = arena_alloc(arena, out->capacity);
}

uint64_t
cursor_remaining(const struct cursor *cursor)
{
    return cursor->source->size_bytes - cursor->offset;
}

/* Puts the bytes from the cursor's place on into the buffer. */
static int
fill(struct cursor *cursor, struct error *err)
{
    uint64_t remaining = cursor_remaining(cursor);
    size_t length = cursor->capacity;

    if (remaining < length)
        length = (size_t)remaining;
    if (source_read(cursor->source, cursor->buffer, cursor->offset, length,
                    err) < 0)
        return -1;
    cursor->buffer_offset = cursor->offset;
    cursor->buffered = length;
    return 0;
}

int
cursor_take(struct cursor *cursor, void *out, size_t length, const char *what,
            struct error *err)
{
    uint8_t *at = out;

    if (length > cursor_remaining(cursor))
        return error_set(err, ERROR_UNPROCESSABLE, "the file ends inside %s",
                         what);
    while (length > 0) {
        uint64_t skip = cursor->offset - cursor->buffer_offset;
        size_t n;

        if (skip >= cursor->buffered) {
            if (fill(cursor, err) < 0)
                return -1;
            skip = 0;
        }
        n = cursor->buffered - (size_t)skip;
        if (n > length)
            n = length;
        memcpy(at, cursor->buffer + skip, n);
        at += n;
        length -= n;
        cursor->offset += n;
    }
    return 0;
}

int
cursor_skip(struct cursor *cursor, uint64_t length, const char *what,
            struct error *err)
{
    if (length > cursor_remaining(cursor))
        return error_set(err, ERROR_UNPROCESSABLE, "the file ends inside %s",
                         what);
    cursor->offset += length;
    return 0;
}

int
cursor_take_u32(struct cursor *cursor, uint32_t *out, const char *what,
                struct error *err)
{
    uint8_t b[4] = {0};

    if (cursor_take(cursor, b, sizeof(b), what, err) < 0)
        return -1;
    *out = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
           (uint32_t)b[3] << 24;
    return 0;
}

int
cursor_take_u64(struct cursor *cursor, uint64_t *out, const char *what,
                struct error *err)
{
    uint32_t low = 0;
    uint32_t high = 0;

    if (cursor_take_u32(cursor, &low, what, err) < 0 ||
        cursor_take_u32(cursor, &high, what, err) < 0)
        return -1;
    *out = (uint64_t)high << 32 | low;
    return 0;
}
