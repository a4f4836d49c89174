/*
 * download: files of a registry, many ranges at once, each verified.
 *
 * Ranges of the files go over several connections; what arrives is written,
 * journaled and hashed at once.  A connection that breaks costs what it had
 * not brought; when nothing comes for several tries in a row, the error is
 * handed up and the next run goes on from there.
 */
#ifndef CLI_CLIENT_DOWNLOAD_H
#define CLI_CLIENT_DOWNLOAD_H

#include <stddef.h>

#include "cli/client/client.h"
#include "cli/client/partial.h"
#include "cli/terminal/progress.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define DOWNLOAD_CONNECTIONS 4
#define DOWNLOAD_CONNECTIONS_LIMIT 64

struct download_batch {
    const struct partial_item *items;
    size_t count;
    size_t connections;
    const struct terminal *terminal;
    bool is_quiet; /* show no progress */
};

/* All files under their final names, or -1 and the rest for the next run. */
int download_run(struct client *client, const struct download_batch *batch,
                 struct error *err);

/* ERROR_NO_SPACE when the folder's disk cannot take what is missing. */
int download_check_space(const struct download_batch *batch, const char *folder,
                         struct error *err);

#endif
