/*
 * driver: the functions behind blob.h, one table a kind of store.
 *
 * A driver's own structs begin with the ones below, which blob.c fills.  Only
 * storage/blob includes this header.
 */
#ifndef STORAGE_BLOB_DRIVER_H
#define STORAGE_BLOB_DRIVER_H

#include "storage/blob/blob.h"

struct blob_driver {
    int (*store_open)(struct blob_store **out, const char *place,
                      struct error *err);
    void (*store_free)(struct blob_store *store);
    int (*writer_open)(struct blob_writer **out, struct blob_store *store,
                       const char *name, struct error *err);
    int (*writer_add)(struct blob_writer *writer, const void *bytes,
                      size_t length, struct error *err);
    int (*writer_commit)(struct blob_writer *writer, struct error *err);
    void (*writer_free)(struct blob_writer *writer);
    int (*open)(struct blob **out, struct blob_store *store, const char *name,
                struct error *err);
    void (*free)(struct blob *blob);
    int (*read)(struct blob *blob, void *out, uint64_t offset, size_t length,
                struct error *err);
    int (*remove)(struct blob_store *store, const char *name,
                  struct error *err);
    int (*remove_uncommitted)(struct blob_store *store, const char *name,
                              struct error *err);
    int (*list)(struct blob_store *store,
                int (*each)(void *state, const struct blob_entry *entry,
                            struct error *err),
                void *state, struct error *err);
};

struct blob_store {
    const struct blob_driver *driver;
};

struct blob_writer {
    const struct blob_driver *driver;
};

struct blob {
    const struct blob_driver *driver;
    uint64_t size_bytes;
    int fd; /* the blob's bytes from offset 0, or -1 */
};

#endif
