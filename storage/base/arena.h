/*
 * arena: memory that dies together.
 *
 * Each request and each command has one.  Whatever is allocated in it lives
 * until arena_free, which first runs the deferred clean-ups, last one first.
 * An arena belongs to one thread at a time.  Running out of memory aborts;
 * a size that came from outside is checked against a named limit before it
 * comes here.
 */
#ifndef STORAGE_BASE_ARENA_H
#define STORAGE_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* The caller frees it with arena_free.  Never NULL. */
struct arena *arena_open(void);
void arena_free(struct arena *arena); /* NULL is allowed */

/* Zeroed, aligned for any type.  A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size_bytes);

/* count * size_bytes, zeroed; aborts when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size_bytes);

/* A copy that ends in NUL; text may be NULL, then so is the copy. */
char *arena_text(struct arena *arena, const char *text);

/* A copy of length bytes, followed by a NUL. */
char *arena_bytes(struct arena *arena, const void *bytes, size_t length);

char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs clean(object) when the arena is freed. */
void arena_defer(struct arena *arena, void (*clean)(void *), void *object);

/* For what outlives any arena.  Abort when memory is out. */
void *xcalloc(size_t count, size_t size_bytes);
void *xrealloc(void *block, size_t size_bytes);
char *xstrdup(const char *text);

#endif
