/*
 * describe: what the catalogue keeps of a commit of main.
 *
 * The card's front matter, tags as the Hub derives them, and what the headers
 * of weights say.
 */
#ifndef AUTH_DESCRIBE_H
#define AUTH_DESCRIBE_H

#include "auth/examine.h"
#include "storage/base/error.h"
#include "storage/db/summary.h"
#include "storage/git/view.h"

#define DESCRIBE_CARD "README.md"
#define DESCRIBE_TAGS_LIMIT 256
#define DESCRIBE_TAG_LIMIT 200 /* bytes */

/*
 * Lives in the view's arena.  ERROR_UNPROCESSABLE when the card's front matter
 * is malformed.
 */
int describe_commit(struct summary *out, struct view *view,
                    const struct oid *commit,
                    const struct examination *examination, struct error *err);

#endif
