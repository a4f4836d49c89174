/*
 * hub: where the Hub's cache keeps a model.
 *
 *   models--acme--tiny/blobs/ETAG             the bytes, once
 *   models--acme--tiny/snapshots/COMMIT/PATH  links to them
 *   models--acme--tiny/refs/REVISION          the commit it meant
 *   .locks/models--acme--tiny/                one lock file an object
 *
 * An etag is the SHA-256 of weights, or the git object of any other file.  The
 * layout is huggingface_hub's, so transformers finds what is here.  Whoever
 * calls has checked nothing: names and paths are checked here.
 */
#ifndef CLI_HOME_HUB_H
#define CLI_HOME_HUB_H

#include <stdbool.h>

#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

struct hub_model {
    const char *root;      /* models--acme--tiny */
    const char *lock_path; /* held by one pull of this model at a time */
};

/* name is "acme/tiny"; texts live in the arena.  Makes no folder. */
int hub_find_model(struct hub_model *out, const struct home *home,
                   struct arena *arena, const char *name, struct error *err);

/* Makes the model's folders. */
int hub_make_model(const struct hub_model *model, struct error *err);

/* etag: 40 or 64 lower-case hexadecimal digits, else NULL. */
const char *hub_blob_path(const struct hub_model *model, struct arena *arena,
                          const char *etag);

/* commit: 40 lower-case hexadecimal digits, else NULL. */
const char *hub_snapshot_path(const struct hub_model *model,
                              struct arena *arena, const char *commit);

int hub_write_ref(const struct hub_model *model, const char *revision,
                  const char *commit, struct error *err);

/* Makes snapshots/COMMIT/PATH a link to the blob, in place of what was there.
 */
int hub_link(const struct hub_model *model, const char *commit,
             const char *path, const char *etag, struct error *err);

#endif
