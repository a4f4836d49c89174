/*
 * lfs: what the batch and the transfers of git-lfs share.
 */
#ifndef REGISTRY_ROUTES_LFS_H
#define REGISTRY_ROUTES_LFS_H

#include <stdint.h>

#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/json.h"

#define LFS_MEDIA_TYPE "application/vnd.git-lfs+json"

struct lfs_object {
    struct digest digest;
    uint64_t size_bytes;
};

/* Reads {"oid": …, "size": …}; ERROR_UNPROCESSABLE for anything else. */
int lfs_read_object(struct lfs_object *out, const json_t *object,
                    struct error *err);

#endif
