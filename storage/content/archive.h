/*
 * archive: the beginning of a backup: its manifest and its list of blobs.
 *
 * backup.c reads the beginning of an earlier archive with it, restore.c that
 * of each, and both go on from there by the reader.
 */
#ifndef STORAGE_CONTENT_ARCHIVE_H
#define STORAGE_CONTENT_ARCHIVE_H

#include "storage/base/tar.h"
#include "storage/content/manifest.h"

struct archive {
    struct tar_reader reader; /* behind the list */
    struct manifest manifest;
    struct digest id;        /* SHA-256 of manifest.json */
    struct dump_blob *blobs; /* of the moment, sorted by name */
    size_t blob_count;
};

/* Reads and checks the beginning; fd outlives the archive. */
int archive_open(struct archive *out, struct arena *arena, int fd,
                 struct error *err);

#endif
