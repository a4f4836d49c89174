/*
 * tar: regular files one after the other, in the ustar format.
 *
 * Any tar program reads what is written here.  The reader takes no more than
 * the writer writes: regular files with short relative names, no links, no
 * extensions but sizes over 8 GiB in binary; all else is ERROR_BAD_REQUEST.
 */
#ifndef STORAGE_BASE_TAR_H
#define STORAGE_BASE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"

#define TAR_BLOCK 512
#define TAR_NAME_SIZE 100 /* with its NUL */

struct tar_entry {
    char name[TAR_NAME_SIZE]; /* "" marks the end of the archive */
    uint64_t size_bytes;
};

/* One header; name is the program's own. */
void tar_write_header(uint8_t out[TAR_BLOCK], const struct tar_entry *entry);
int tar_parse_header(struct tar_entry *out, const uint8_t block[TAR_BLOCK],
                     struct error *err);

/* Writes to a descriptor that outlives it.  A zeroed one with fd set is new. */
struct tar_writer {
    int fd;
    uint64_t left;    /* of the file that is being written */
    uint64_t padding; /* behind it */
};

int tar_begin(struct tar_writer *writer, const char *name, uint64_t size_bytes,
              struct error *err);
int tar_add(struct tar_writer *writer, const void *bytes, size_t length,
            struct error *err);
int tar_finish(struct tar_writer *writer, struct error *err);

/* Reads from a descriptor that outlives it; a pipe will do. */
struct tar_reader {
    int fd;
    uint64_t left;
    uint64_t padding;
    struct tar_entry entry; /* the current one */
};

/* The next file; what was not read of the one before is passed over. */
int tar_next(struct tar_reader *reader, struct error *err);

/* Up to length bytes of the file; *out_length is 0 at its end. */
int tar_read(size_t *out_length, struct tar_reader *reader, void *out,
             size_t length, struct error *err);

#endif
