#include "storage/blob/blob.h"

#include <string.h>

#include "storage/base/hex.h"
#include "storage/base/random.h"
#include "storage/blob/driver.h"
#include "storage/blob/file_driver.h"

#define DIGITS (DIGEST_TEXT_SIZE - 1)
#define RANDOM_LENGTH (BLOB_NAME_SIZE - 1 - DIGITS - 1)

void
blob_name_make(char out[BLOB_NAME_SIZE], const struct digest *digest)
{
    digest_write(out, digest);
    out[DIGITS] = '.';
    random_text(out + DIGITS + 1, RANDOM_LENGTH);
}

bool
blob_name_is_valid(const char *name)
{
    if (strlen(name) != BLOB_NAME_SIZE - 1 || name[DIGITS] != '.')
        return false;
    if (strspn(name, "0123456789abcdef") != DIGITS)
        return false;
    return strspn(name + DIGITS + 1,
                  "0123456789abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == RANDOM_LENGTH;
}

/* Names become paths: one that is not ours goes no further. */
static int
check_name(const char *name, struct error *err)
{
    if (blob_name_is_valid(name))
        return 0;
    error_set(err, ERROR_INTERNAL, NULL);
    return error_set_cause(err, "no blob's name: %.100s", name);
}

int
blob_store_open(struct blob_store **out, const char *place, struct error *err)
{
    if (file_driver.store_open(out, place, err) < 0)
        return -1;
    (*out)->driver = &file_driver;
    return 0;
}

void
blob_store_free(struct blob_store *store)
{
    if (store != NULL)
        store->driver->store_free(store);
}

int
blob_writer_open(struct blob_writer **out, struct blob_store *store,
                 const char *name, struct error *err)
{
    if (check_name(name, err) < 0 ||
        store->driver->writer_open(out, store, name, err) < 0)
        return -1;
    (*out)->driver = store->driver;
    return 0;
}

int
blob_writer_add(struct blob_writer *writer, const void *bytes, size_t length,
                struct error *err)
{
    return writer->driver->writer_add(writer, bytes, length, err);
}

int
blob_writer_commit(struct blob_writer *writer, struct error *err)
{
    return writer->driver->writer_commit(writer, err);
}

void
blob_writer_free(struct blob_writer *writer)
{
    if (writer != NULL)
        writer->driver->writer_free(writer);
}

int
blob_open(struct blob **out, struct blob_store *store, const char *name,
          struct error *err)
{
    if (check_name(name, err) < 0 ||
        store->driver->open(out, store, name, err) < 0)
        return -1;
    (*out)->driver = store->driver;
    return 0;
}

void
blob_free(struct blob *blob)
{
    if (blob != NULL)
        blob->driver->free(blob);
}

uint64_t
blob_size(const struct blob *blob)
{
    return blob->size_bytes;
}

int
blob_file(const struct blob *blob)
{
    return blob->fd;
}

int
blob_read(struct blob *blob, void *out, uint64_t offset, size_t length,
          struct error *err)
{
    return blob->driver->read(blob, out, offset, length, err);
}

int
blob_remove(struct blob_store *store, const char *name, struct error *err)
{
    if (check_name(name, err) < 0)
        return -1;
    return store->driver->remove(store, name, err);
}

int
blob_remove_uncommitted(struct blob_store *store, const char *name,
                        struct error *err)
{
    if (check_name(name, err) < 0)
        return -1;
    return store->driver->remove_uncommitted(store, name, err);
}

int
blob_list(struct blob_store *store,
          int (*each)(void *state, const struct blob_entry *entry,
                      struct error *err),
          void *state, struct error *err)
{
    return store->driver->list(store, each, state, err);
}
