/*
 * blob: objects by name, written once, read by range, removed.
 *
 * A name is <sha256>.<random>; which names exist is PostgreSQL's to say, so a
 * store promises only that a blob is whole and durable once blob_writer_commit
 * returned, and that one which was never committed is not found.  A table of
 * functions (driver.h) stands behind it: files now, an object store later.
 *
 * A struct blob_store may be shared between threads, a writer belongs to one
 * at a time, and a struct blob may be read by several at once.
 */
#ifndef STORAGE_BLOB_BLOB_H
#define STORAGE_BLOB_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"

/* 64 hexadecimal digits, a dot, 16 letters and digits, a NUL. */
#define BLOB_NAME_SIZE 82

struct blob_store;
struct blob_writer;
struct blob;

/* A fresh name for bytes whose digest this is, or is said to be. */
void blob_name_make(char out[BLOB_NAME_SIZE], const struct digest *digest);
bool blob_name_is_valid(const char *name);

/*
 * Opens the store at place, a folder's path; makes what is missing in it.
 * The caller frees *out with blob_store_free, after all that came from it.
 */
int blob_store_open(struct blob_store **out, const char *place,
                    struct error *err);
void blob_store_free(struct blob_store *store); /* NULL is allowed */

/* The caller frees *out with blob_writer_free, committed or not. */
int blob_writer_open(struct blob_writer **out, struct blob_store *store,
                     const char *name, struct error *err);
int blob_writer_add(struct blob_writer *writer, const void *bytes,
                    size_t length, struct error *err);

/* Returns when the blob is durable under its name, or leaves none. */
int blob_writer_commit(struct blob_writer *writer, struct error *err);
void blob_writer_free(struct blob_writer *writer); /* drops the uncommitted */

/* ERROR_NOT_FOUND.  The caller frees *out with blob_free. */
int blob_open(struct blob **out, struct blob_store *store, const char *name,
              struct error *err);
void blob_free(struct blob *blob); /* NULL is allowed */
uint64_t blob_size(const struct blob *blob);

/* A descriptor with the blob's bytes from offset 0, or -1; stays the blob's. */
int blob_file(const struct blob *blob);

/* Fills all of length bytes; a range past the end is a failure. */
int blob_read(struct blob *blob, void *out, uint64_t offset, size_t length,
              struct error *err);

/* A blob that is not there is removed already. */
int blob_remove(struct blob_store *store, const char *name, struct error *err);

struct blob_entry {
    const char *name;       /* lives during the call */
    int64_t modified_at_ms; /* last written */
    bool is_committed;      /* false: its writer is at it, or died */
};

/* Calls each for every blob; -1 from it ends the list and is handed on. */
int blob_list(struct blob_store *store,
              int (*each)(void *state, const struct blob_entry *entry,
                          struct error *err),
              void *state, struct error *err);

/* Removes what a writer of that name left behind. */
int blob_remove_uncommitted(struct blob_store *store, const char *name,
                            struct error *err);

#endif
