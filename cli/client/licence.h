/*
 * licence: leaves a licence's text with a registry, under its digest.
 */
#ifndef CLI_CLIENT_LICENCE_H
#define CLI_CLIENT_LICENCE_H

#include "cli/client/client.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define LICENCE_LIMIT_BYTES 524288 /* as the registry's */

struct licence {
    const char *digest;  /* "sha256:51ab3c…" */
    const char *label;   /* "Acme Research Licence" */
    const char *version; /* "1.0"; may be "" */
    const char *name;    /* both, for people */
};

/*
 * Sends the file's text; its first line is label and version.  A text that is
 * there already stays as it is.  ERROR_UNPROCESSABLE when it is no UTF-8.
 */
int licence_send(struct licence *out, struct client *client,
                 struct arena *arena, const char *path, struct error *err);

#endif
