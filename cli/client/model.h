/*
 * model: what a registry tells about a model, checked and bounded.
 *
 * Names, paths and digests that break the rules are refused here, so what
 * comes out can be put into paths and URLs.
 */
#ifndef CLI_CLIENT_MODEL_H
#define CLI_CLIENT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/client/client.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define MODEL_FILES_LIMIT 100000
#define MODEL_COMMIT_DIGITS 40

/* MODEL[@REV] as a person types it. */
struct model_name {
    const char *name; /* "acme/tiny" */
    const char *namespace_name;
    const char *revision; /* NULL when none was given */
};

struct model_file {
    const char *path;
    uint64_t size_bytes;
    const char *oid; /* git's; of weights, of the pointer */
    bool is_lfs;
    struct digest digest; /* of weights */
    const char *etag;     /* the Hub's name for the bytes */
};

struct model_tree {
    const struct model_file *files; /* in the registry's order */
    size_t count;
};

/* ERROR_USAGE says what is wrong with it. */
int model_parse_name(struct model_name *out, struct arena *arena,
                     const char *word, struct error *err);

/* "/api/models/acme/tiny" and what follows, which format makes. */
char *model_path(struct arena *arena, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "/acme/tiny/resolve/REVISION/PATH", encoded. */
char *model_resolve_path(struct arena *arena, const char *name,
                         const char *revision, const char *path);

/* The commit that a revision is now. */
int model_read_commit(const char **out, struct client *client,
                      struct arena *arena, const struct model_name *model,
                      struct error *err);

/*
 * Every file of a commit.  ERROR_GATED when the registry masks digests, as it
 * does before who may not have the bytes.
 */
int model_read_tree(struct model_tree *out, struct client *client,
                    struct arena *arena, const char *name, const char *commit,
                    struct error *err);

/*
 * Refuses a list with two files that some disk takes for one (twin.h): of
 * these, the second would lie where the first was verified.
 */
int model_check_twins(const struct model_tree *tree, struct error *err);

/* NULL when there is none. */
const struct model_file *model_find_file(const struct model_tree *tree,
                                         const char *path);

#endif
