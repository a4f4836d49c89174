/*
 * grant: the right to a model that an accepted request gives.
 *
 * It begins, may end, and may be revoked; the gate looks at each request, so
 * all three are in force at once.  Rows are changed by who has locked the
 * request (auth/access).
 */
#ifndef AUTH_GRANT_H
#define AUTH_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/access.h"
#include "auth/gate_settings.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

struct grant {
    int64_t id; /* 0: none that was not revoked */
    int64_t begins_at_ms;
    int64_t ends_at_ms; /* CLOCK_NEVER: none */
    bool is_over;
};

/*
 * When a grant that is given now ends: until_ms (CLOCK_NEVER: nobody said),
 * or after the days that the gate gives.  ERROR_BAD_REQUEST when until_ms has
 * passed or is later than the gate allows.
 */
int grant_end(int64_t *out_ms, const struct gate_settings *settings,
              int64_t until_ms, struct error *err);

/* given_by is an account, or 0 for the registry itself. */
int grant_add(struct db *db, struct arena *arena, const struct access *access,
              int64_t ends_at_ms, int64_t given_by, struct error *err);

/* Nothing when there is none. */
int grant_revoke(struct db *db, struct arena *arena,
                 const struct access *access, const char *reason,
                 struct error *err);

int grant_find(struct grant *out, struct db *db, struct arena *arena,
               const struct access *access, struct error *err);

/*
 * Ends what is over of one locked request: the grant is revoked and the
 * request reset, with the reason "expired", so that the person may ask again.
 * Sets access->status; does nothing while the grant lasts.
 */
int grant_expire(struct db *db, struct arena *arena,
                 const struct repository *repository, struct access *access,
                 struct error *err);

/* Does so for all; *out counts them.  A transaction each; not inside one. */
int grant_expire_all(int64_t *out, struct db *db, struct error *err);

#endif
