#include "storage/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192
#define ALIGNMENT 16

struct block {
    struct block *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct deferred {
    struct deferred *next;
    void (*clean)(void *);
    void *object;
};

struct arena {
    struct block *blocks;
    struct deferred *deferred;
};

void *
xcalloc(size_t count, size_t size_bytes)
{
    void *block = calloc(count, size_bytes > 0 ? size_bytes : 1);

    if (block == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return block;
}

void *
xrealloc(void *block, size_t size_bytes)
{
    void *grown = realloc(block, size_bytes > 0 ? size_bytes : 1);

    if (grown == NULL) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return grown;
}

char *
xstrdup(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(xcalloc(1, size), text, size);
}

/* Not zeroed: most of a block is never used. */
static struct block *
make_block(size_t size)
{
    struct block *block = xrealloc(NULL, sizeof(*block) + size);

    block->next = NULL;
    block->used = 0;
    block->size = size;
    return block;
}

/* The arena is the first thing in its own first block. */
struct arena *
arena_open(void)
{
    struct block *block = make_block(BLOCK_BYTES);
    struct arena *arena = (struct arena *)block->bytes;

    block->used = (sizeof(*arena) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    arena->blocks = block;
    arena->deferred = NULL;
    return arena;
}

void
arena_free(struct arena *arena)
{
    struct block *block;
    struct block *next;

    if (arena == NULL)
        return;
    for (struct deferred *d = arena->deferred; d != NULL; d = d->next)
        d->clean(d->object);
    for (block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
}

void *
arena_alloc(struct arena *arena, size_t size_bytes)
{
    struct block *block = arena->blocks;
    size_t size;
    void *out;

    if (size_bytes > SIZE_MAX / 2)
        abort();
    size = (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0)
        size = ALIGNMENT;
    if (block->size - block->used < size) {
        block = make_block(size > BLOCK_BYTES ? size : BLOCK_BYTES);
        block->next = arena->blocks;
        arena->blocks = block;
    }
    out = block->bytes + block->used;
    block->used += size;
    return memset(out, 0, size);
}

void *
arena_array(struct arena *arena, size_t count, size_t size_bytes)
{
    size_t total;

    if (__builtin_mul_overflow(count, size_bytes, &total))
        abort();
    return arena_alloc(arena, total);
}

char *
arena_text(struct arena *arena, const char *text)
{
    if (text == NULL)
        return NULL;
    return arena_bytes(arena, text, strlen(text));
}

char *
arena_bytes(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *
arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    int length;
    char *out;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        abort();
    out = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(out, (size_t)length + 1, format, again);
    va_end(again);
    return out;
}

void
arena_defer(struct arena *arena, void (*clean)(void *), void *object)
{
    struct deferred *d = arena_alloc(arena, sizeof(*d));

    d->clean = clean;
    d->object = object;
    d->next = arena->deferred;
    arena->deferred = d;
}
