/*
 * source: bytes of a known size that can be read at any place.
 *
 * The readers of model files take one, since the bytes may be a file, chunks
 * or an object store.  Whoever makes one owns what state points to.
 */
#ifndef STORAGE_BASE_SOURCE_H
#define STORAGE_BASE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"

struct source {
    uint64_t size_bytes;
    /* Fills all of length bytes from offset, or fails. */
    int (*read_at)(void *state, void *out, uint64_t offset, size_t length,
                   struct error *err);
    void *state;
};

/* ERROR_BAD_REQUEST when the range passes the end. */
int source_read(const struct source *source, void *out, uint64_t offset,
                size_t length, struct error *err);

/* Reads from memory that outlives the source. */
struct memory_source {
    struct source source;
    const uint8_t *bytes;
};
void source_of_memory(struct memory_source *out, const void *bytes,
                      size_t length);

/* Reads from a descriptor that outlives the source; its size is taken now. */
struct file_source {
    struct source source;
    int fd;
};
int source_of_file(struct file_source *out, int fd, struct error *err);

#endif
