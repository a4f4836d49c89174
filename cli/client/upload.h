/*
 * upload: brings weights to a registry, by git-lfs, whole or in parts.
 *
 * The registry says which objects and which parts it lacks, so an interrupted
 * upload goes on where it was, from any machine.  Several requests are under
 * way at once; what broke on the way is tried again.
 */
#ifndef CLI_CLIENT_UPLOAD_H
#define CLI_CLIENT_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "cli/client/client.h"
#include "cli/terminal/progress.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define UPLOAD_CONNECTIONS 4

struct upload_file {
    const char *name; /* in the model */
    const char *path; /* on this machine */
    struct digest digest;
    uint64_t size_bytes;
};

struct upload_batch {
    const char *model; /* "acme/tiny" */
    const struct upload_file *files;
    size_t count;
    const struct terminal *terminal;
    bool is_quiet;
};

/*
 * Uploads what the registry lacks; *out_sent is how many bytes that were.
 * ERROR_UNPROCESSABLE names a file that the registry refuses.
 */
int upload_run(uint64_t *out_sent, struct client *client, struct arena *arena,
               const struct upload_batch *batch, struct error *err);

#endif
