/*
 * pulled: what weigh brought into the Hub's cache, and found to be right.
 *
 * A record a model and revision names the commit and every file with its
 * SHA-256, as the publisher signed it.  Commands that use a model look here,
 * not into the cache's own refs, which other tools move without checking.
 */
#ifndef CLI_HOME_PULLED_H
#define CLI_HOME_PULLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

struct pulled_file {
    const char *path;
    uint64_t size_bytes;
    struct digest digest;
};

struct pulled {
    const char *model;    /* "acme/tiny" */
    const char *revision; /* as it was asked for; "" for the newest release */
    const char *label;    /* the release's tag, or the revision */
    const char *commit;
    const char *registry;
    const char *key; /* fingerprint of who signed; "" when nobody did */
    int64_t pulled_at_ms;
    const struct pulled_file *files;
    size_t count;
};

int pulled_add(const struct home *home, const struct pulled *pulled,
               struct error *err);

/*
 * Without a revision ("" or NULL) what was pulled last of the model.
 * ERROR_NOT_FOUND when it was not pulled.
 */
int pulled_find(struct pulled *out, const struct home *home,
                struct arena *arena, const char *model, const char *revision,
                struct error *err);

/* Every record, in no order; *out is an array in the arena. */
void pulled_list(struct pulled **out, size_t *out_count,
                 const struct home *home, struct arena *arena);

#endif
