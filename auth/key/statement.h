/*
 * statement: the in-toto statement inside model.sig.
 *
 * It names one subject by a root digest, SHA-256 over the raw digests of all
 * resources in their order, and lists the resources.  Used by signature alone.
 */
#ifndef AUTH_KEY_STATEMENT_H
#define AUTH_KEY_STATEMENT_H

#include <stddef.h>

#include "auth/key/signature.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define STATEMENT_TYPE "application/vnd.in-toto+json"

/* The statement over signature's files in their order, as JSON text. */
char *statement_make(size_t *out_length, struct arena *arena,
                     const struct signature *signature);

/*
 * Fills subject, root, files and ignored.  ERROR_SIGNATURE when a member is
 * missing, unknown or of the wrong form, or the root digest is another.
 */
int statement_parse(struct signature *out, struct arena *arena,
                    const char *bytes, size_t length, struct error *err);

#endif
