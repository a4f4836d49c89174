/*
 * backup: one archive of all rows and weights, made while the registry works.
 *
 * Rows are those of one moment, and the weights are the ones that these rows
 * name, so what is committed meanwhile is in the next backup.  Every byte is
 * compared with its digest on the way: damage is an error, not a backup.
 */
#ifndef STORAGE_CONTENT_BACKUP_H
#define STORAGE_CONTENT_BACKUP_H

#include <stdint.h>

#include "storage/base/error.h"
#include "storage/content/archive.h"
#include "storage/content/content.h"

struct backup_options {
    const char *conninfo;
    struct content_store *store;
    int output;                  /* where the archive goes; a pipe will do */
    int spool;                   /* an empty file for rows, read again */
    const char *secret;          /* the secret file's text; NULL: left out */
    const struct archive *prior; /* what it holds is left out; NULL: nothing */
    void (*progress)(void *state, uint64_t bytes); /* may be NULL */
    void *state;
};

struct backup_counts {
    int64_t tables;
    int64_t blobs;  /* in this archive */
    uint64_t bytes; /* of these */
};

int backup_write(struct backup_counts *out,
                 const struct backup_options *options, struct error *err);

#endif
