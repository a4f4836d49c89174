/*
 * repository_settings: what an owner sets on a repository beside its gate.
 */
#ifndef AUTH_REPOSITORY_SETTINGS_H
#define AUTH_REPOSITORY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

/* NULL: stays as it is. */
struct repository_settings {
    const bool *is_private;
    const bool *discussions_disabled;
    const bool *allow_unsafe; /* formats that can run code */
};

/* Takes part in the caller's transaction. */
int repository_settings_set(struct db *db, struct arena *arena,
                            int64_t repository,
                            const struct repository_settings *settings,
                            struct error *err);

#endif
