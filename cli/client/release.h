/*
 * release: which commit of a model to take, and what its publisher signed.
 *
 * Without a revision it is the newest release; a model that has none, or a
 * revision that nobody signed, is taken only when the person allows it.
 */
#ifndef CLI_CLIENT_RELEASE_H
#define CLI_CLIENT_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/key/signature.h"
#include "cli/client/client.h"
#include "cli/client/model.h"
#include "cli/client/trust.h"
#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

struct release_question {
    const struct model_name *model;
    bool allow_unsigned;
    bool accept_key;
    const char *publisher_key; /* a PEM file, or NULL */
};

struct release_target {
    const char *label; /* the release's tag, or the revision as asked */
    const char *commit;
    struct model_tree tree; /* what is delivered: no .gitattributes */
    bool is_signed;
    struct signature signature; /* of a signed one */
    struct digest signature_digest;
    struct trust trust;
};

/* The tag and commit of a model's newest release; NULLs when it has none. */
int release_find_newest(const char **out_tag, const char **out_commit,
                        struct client *client, struct arena *arena,
                        const char *name, struct error *err);

/*
 * Asks the registry, checks the signature and the key, and holds the list of
 * files against it.  The bytes of the files are still to be checked against
 * the digests that release_expect gives.
 */
int release_find(struct release_target *out, struct client *client,
                 const struct home *home, struct arena *arena,
                 const struct release_question *question, struct error *err);

/*
 * The SHA-256 that the publisher signed for a file, or for an unsigned one
 * what the registry says of weights; false when nobody says.
 */
bool release_expect(struct digest *out, const struct release_target *target,
                    const struct model_file *file);

#endif
