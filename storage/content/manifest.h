/*
 * manifest: what an archive of weighd backup says about itself, first of all.
 *
 * manifest.json names the format, the schema's level and the digest of all
 * that follows; blobs.list has a line for each blob of the moment, whether
 * this archive or an earlier one holds it.  Both come from outside when they
 * are read: everything in them is bounded and checked.
 */
#ifndef STORAGE_CONTENT_MANIFEST_H
#define STORAGE_CONTENT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/db/dump.h"

#define MANIFEST_FORMAT "weighhouse-backup-1"
#define MANIFEST_LIMIT 1048576
/* A line is about 160 bytes: six million blobs. */
#define MANIFEST_LIST_LIMIT (UINT64_C(1024) * 1024 * 1024)

/* Names of an archive's files, in their order; SECRET may be missing. */
#define MANIFEST_NAME "manifest.json"
#define MANIFEST_LIST_NAME "blobs.list"
#define MANIFEST_SECRET_NAME "secret"
#define MANIFEST_TABLES "tables/"
#define MANIFEST_BLOBS "blobs/"

struct manifest_part {
    const char *name;
    uint64_t size_bytes;
    struct digest digest;
};

struct manifest {
    int level; /* of the schema */
    int64_t made_at_ms;
    bool has_since;      /* only blobs that an earlier archive lacks */
    struct digest since; /* SHA-256 of that archive's manifest.json */
    struct manifest_part list;
    struct manifest_part *tables; /* those that others refer to first */
    size_t table_count;
    struct dump_sequence *sequences;
    size_t sequence_count;
};

char *manifest_write(size_t *out_length, struct arena *arena,
                     const struct manifest *manifest);

/* ERROR_BAD_REQUEST says what is wrong with it. */
int manifest_parse(struct manifest *out, struct arena *arena, const char *bytes,
                   size_t length, struct error *err);

/* Adds a blob's line. */
void manifest_write_line(struct buffer *buffer, const struct dump_blob *blob);

/* The blobs of a list, which are in the order of their names, each once. */
int manifest_parse_list(struct dump_blob **out, size_t *out_count,
                        struct arena *arena, const char *bytes, size_t length,
                        struct error *err);

/* The blob of that name in a list, or NULL. */
const struct dump_blob *manifest_find(const struct dump_blob *blobs,
                                      size_t count, const char *name);

#endif
