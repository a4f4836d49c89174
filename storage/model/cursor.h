/*
 * cursor: a source read forward, once, with every read held to its end.
 *
 * Numbers are little-endian.  Bytes come through a buffer, so that many small
 * reads cost few reads of the source.  what is the thing being read, for the
 * message of a file that ends too early.
 */
#ifndef STORAGE_MODEL_CURSOR_H
#define STORAGE_MODEL_CURSOR_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

#define CURSOR_BUFFER_BYTES 65536

struct cursor {
    const struct source *source; /* not ours to free */
    uint64_t offset;             /* of the next byte */
    uint8_t *buffer;             /* in the arena */
    size_t capacity;             /* of the buffer: no more than the source */
    uint64_t buffer_offset;      /* of the buffer's first byte */
    size_t buffered;             /* valid bytes in the buffer */
};

/* Stands at the first byte. */
void cursor_open(struct cursor *out, struct arena *arena,
                 const struct source *source);

/* Bytes from here to the end. */
uint64_t cursor_remaining(const struct cursor *cursor);

/* ERROR_UNPROCESSABLE, naming what, when the file ends before. */
int cursor_take(struct cursor *cursor, void *out, size_t length,
                const char *what, struct error *err);
int cursor_skip(struct cursor *cursor, uint64_t length, const char *what,
                struct error *err);
int cursor_take_u32(struct cursor *cursor, uint32_t *out, const char *what,
                    struct error *err);
int cursor_take_u64(struct cursor *cursor, uint64_t *out, const char *what,
                    struct error *err);

#endif
