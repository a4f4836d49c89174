/*
 * neighbour: asks a daemon on this machine one question over HTTP.
 *
 * For commands that look at a daemon that runs.  Nothing secret goes there,
 * and its certificate is for another name than the address we reach it by, so
 * it is not checked.
 */
#ifndef REGISTRY_HOOKS_NEIGHBOUR_H
#define REGISTRY_HOOKS_NEIGHBOUR_H

#include <stdbool.h>

#include "storage/base/buffer.h"
#include "storage/base/error.h"

/* What comes back at most. */
#define NEIGHBOUR_ANSWER_BYTES 1048576

struct neighbour {
    const char *listen; /* as the key: the first address of the list counts */
    bool has_tls;
};

/*
 * GETs path, "/status", and fills *out, which the caller frees with
 * buffer_free.  ERROR_NETWORK when nothing answers, or not with 200.
 */
int neighbour_get(struct buffer *out, const struct neighbour *neighbour,
                  const char *path, struct error *err);

#endif
