/*
 * release: a tag whose tree holds a model.sig that the publisher made.
 *
 * release_check holds the tree against the signature: the key is one that
 * signs for the namespace, every file is signed and none is missing, the names
 * could be taken for one another on no disk.  It reads and hashes git's own
 * blobs; of weights the pointer's digest counts, which the store checked when
 * they came.  auth/change calls it before its transaction and records the
 * release inside.  A release never moves; withdrawing it is on record.
 */
#ifndef AUTH_RELEASE_H
#define AUTH_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/json.h"
#include "storage/db/catalog.h"
#include "storage/db/db.h"
#include "storage/git/oid.h"
#include "storage/git/view.h"

#define RELEASE_REASON_LIMIT 200 /* bytes, of a withdrawal */

struct release {
    int64_t id; /* 0: none, or not added yet */
    const char *public_id;
    const char *tag;
    struct oid commit;
    const char *hint;    /* of the key that signed */
    int64_t signing_key; /* its row */
    struct digest root;  /* the subject of model.sig */
    bool has_licence;    /* licence is set: what the gate names */
    struct digest licence;
    int64_t files;
    int64_t size_bytes;
    const char *published_by; /* a name; NULL when the account is gone */
    int64_t published_at_ms;
    int64_t withdrawn_at_ms; /* CLOCK_NEVER: stands */
};

/*
 * Whether the commit's tree holds a model.sig; if so *out is what a release
 * of it would be, without an id.  *out_is_signed is false for a tree without
 * one, which may be tagged but is no release.  ERROR_SIGNATURE says what does
 * not agree.
 */
int release_check(struct release *out, bool *out_is_signed, struct view *view,
                  const struct repository *repository, const struct oid *commit,
                  struct error *err);

/*
 * Records a checked release under its tag in the caller's transaction, with
 * its log entry.  account publishes it.
 */
int release_add(struct release *release, struct db *db, struct arena *arena,
                const struct repository *repository, int64_t account,
                struct error *err);

/* The standing release of a tag, or with tag NULL the newest; id 0: none. */
int release_find(struct release *out, struct db *db, struct arena *arena,
                 int64_t repository, const char *tag, struct error *err);

/* All, withdrawn ones too, the newest first; *out is an array in the arena. */
int release_list(struct release **out, size_t *out_count, struct db *db,
                 struct arena *arena, int64_t repository, struct error *err);

/* In the caller's transaction, with its log entry.  Nothing without one. */
int release_withdraw(struct db *db, struct arena *arena,
                     const struct repository *repository, const char *tag,
                     const char *reason, struct error *err);

/* For the API.  A new reference. */
json_t *release_to_json(const struct release *release);

#endif
