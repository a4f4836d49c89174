/*
 * catalog: repositories as rows: who they are, not what is in them.
 *
 * A struct repository is a record whose texts live in the arena it was found
 * with.  Finding one says nothing about who may see it: auth/right does.
 */
#ifndef STORAGE_DB_CATALOG_H
#define STORAGE_DB_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

enum repository_kind {
    REPOSITORY_MODEL,
    REPOSITORY_DATASET,
    REPOSITORY_SPACE,
};

struct repository {
    int64_t id;            /* 0: none */
    const char *public_id; /* 24 hexadecimal digits */
    enum repository_kind kind;
    int64_t namespace_id; /* the account that owns it */
    const char *namespace_name;
    const char *name;
    const char *full_name; /* "acme/tiny" */
    bool is_private;
    bool is_disabled;
    bool allow_unsafe;     /* takes formats that can run code */
    const char *gate_mode; /* open, click, auto, manual, quorum */
    int64_t created_by;    /* account, 0 when it is gone */
    int64_t created_at_ms;
    int64_t updated_at_ms;
};

/* "model", "dataset", "space". */
const char *repository_kind_name(enum repository_kind kind);
/* "", "datasets/", "spaces/": what stands before the name in a web address. */
const char *repository_kind_prefix(enum repository_kind kind);
/* Reads "model" or "models" and so on; false for another word. */
bool repository_kind_parse(enum repository_kind *out, const char *text);

struct catalog_name {
    enum repository_kind kind;
    const char *namespace_name;
    const char *name;
};

/*
 * Finds by name, without regard to case, following a move (then out has the
 * new name).  With no such repository out->id is 0, which is not an error.
 */
int catalog_find(struct repository *out, struct db *db, struct arena *arena,
                 const struct catalog_name *name, struct error *err);
int catalog_find_by_id(struct repository *out, struct db *db,
                       struct arena *arena, int64_t id, struct error *err);

/*
 * Reads a row whose first columns are those of repository_find, for other
 * statements that find repositories.
 */
void catalog_read(struct repository *out, struct arena *arena,
                  const struct db_rows *rows, int64_t row);

struct catalog_draft {
    enum repository_kind kind;
    int64_t namespace_id;
    const char *name;
    bool is_private;
    int64_t created_by;
};

/*
 * ERROR_BAD_REQUEST for a name against the rules, ERROR_CONFLICT for one that
 * is taken, in any case of its letters.
 */
int catalog_add(struct repository *out, struct db *db, struct arena *arena,
                const struct catalog_draft *draft, struct error *err);

/* Git, catalogue and upload rows go with it; evidence stays. */
int catalog_remove(struct db *db, struct arena *arena, int64_t id,
                   struct error *err);

/*
 * Renames in a transaction that the caller holds; the old name leads to the
 * new one until a repository of that name is made.  ERROR_CONFLICT when it is
 * taken.
 */
int catalog_move(struct db *db, struct arena *arena,
                 const struct repository *repository, int64_t to_namespace,
                 const char *to_name, struct error *err);

#endif
