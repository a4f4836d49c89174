/*
 * examine: what a commit brings, checked by its content before a ref names it.
 *
 * Paths hold to text_check_path, whoever made the tree.  Weights must be
 * objects that the repository has, since a digest is no right.
 * Safetensors and GGUF must hold to their rules; what runs code when it is
 * loaded is refused in a gated or a signed repository unless its owner takes
 * such files, and marked otherwise.  Runs before the transaction: trees don't
 * change, and neither does an object of a known digest.
 */
#ifndef AUTH_EXAMINE_H
#define AUTH_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/error.h"
#include "storage/content/content.h"
#include "storage/content/object.h"
#include "storage/db/catalog.h"
#include "storage/git/entry.h"
#include "storage/git/view.h"

#define EXAMINE_SIGNATURE "model.sig" /* at the root: the tree is signed */

struct examine_question {
    const struct repository *repository;
    const struct oid *before; /* a commit that was examined; NULL: none */
    struct oid after;
};

struct examination {
    struct entry_list files;          /* of after, all of them, by path */
    const struct entry *const *fresh; /* those that before has not just so */
    size_t fresh_count;
    struct digest *digests; /* of fresh weights, each once */
    size_t digest_count;
    struct object_list objects; /* all that the repository has, by digest */
    bool has_signature;
};

/*
 * Lives in the view's arena.  ERROR_UNPROCESSABLE for weights that the
 * repository lacks, a pointer or a header against the rules,
 * ERROR_UNSAFE_FORMAT for what could run code.
 */
int examine_commit(struct examination *out, struct view *view,
                   struct content_store *store,
                   const struct examine_question *question, struct error *err);

/* The same without any check of content, for commits that were examined. */
int examine_known(struct examination *out, struct view *view,
                  const struct oid *commit, struct error *err);

/* The object of a file of weights; NULL when the repository lacks it. */
const struct object *examine_find(const struct examination *examination,
                                  const struct digest *digest);

#endif
