/*
 * restore: what backup wrote, into a database and a store that are empty.
 *
 * Archives come in the order they were made: a full one, then each made since
 * the one before.  Rows are the last one's.  Nothing in an archive is believed
 * before its digest was compared, and rows are kept once every blob that they
 * name is there and whole.
 */
#ifndef STORAGE_CONTENT_RESTORE_H
#define STORAGE_CONTENT_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/error.h"
#include "storage/content/content.h"

#define RESTORE_ARCHIVES_LIMIT 1000
#define RESTORE_SECRET_SIZE 129

struct restore_counts {
    int64_t tables;
    int64_t blobs;
    uint64_t bytes;
    char secret[RESTORE_SECRET_SIZE]; /* the secret file's text, or "" */
    bool is_left; /* it failed and could not take back what it had made */
};

struct restore_options {
    const char *conninfo;
    struct content_store *store;
    const int *archives;      /* descriptors */
    const char *const *names; /* of these, for errors */
    size_t count;
    void (*progress)(void *state, uint64_t bytes); /* may be NULL */
    /* Does what must be before the rows can be seen; all is compared. */
    int (*on_whole)(void *state, const struct restore_counts *counts,
                    struct error *err);
    void *state;
};

/*
 * ERROR_CONFLICT when the database or the store is not empty.  What fails
 * takes back all, unless out says that it is left: then nothing was removed,
 * since rows may name it.
 */
int restore_read(struct restore_counts *out,
                 const struct restore_options *options, struct error *err);

#endif
