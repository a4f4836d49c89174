/*
 * lfs: what the batch and the transfers of git-lfs share.
 */
#ifndef REGISTRY_ROUTES_LFS_H
#define REGISTRY_ROUTES_LFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/json.h"

#define LFS_OBJECTS_LIMIT 1000 /* in one batch */
#define LFS_SIZE_LIMIT_BYTES (UINT64_C(16) << 40)

#define LFS_MEDIA_TYPE "application/vnd.git-lfs+json"

struct lfs_object {
    struct digest digest;
    uint64_t size_bytes;
};

struct lfs_batch {
    bool is_upload;
    bool knows_parts;      /* "multipart", the Hub's own transfer */
    const json_t *objects; /* each for lfs_read_object */
    size_t count;
};

/* Reads a batch's body.  ERROR_UNPROCESSABLE, ERROR_TOO_LARGE. */
int lfs_read_batch(struct lfs_batch *out, const json_t *body,
                   struct error *err);

/*
 * Reads {"oid": …, "size": …}; ERROR_UNPROCESSABLE for anything else,
 * ERROR_TOO_LARGE for a size over the limit.
 */
int lfs_read_object(struct lfs_object *out, const json_t *object,
                    struct error *err);

#endif
