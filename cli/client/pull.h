/*
 * pull: a model from a registry to this machine, verified.
 *
 * Finds the release, checks who signed it, fetches what is not here yet and
 * makes the model appear when every byte is right.  May be interrupted or
 * killed at any moment and run again.
 */
#ifndef CLI_CLIENT_PULL_H
#define CLI_CLIENT_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/client/release.h"
#include "cli/terminal/terminal.h"

struct pull_question {
    struct release_question release;
    const char *folder; /* --local-dir; NULL: the Hub's cache */
    size_t connections;
    const struct terminal *terminal;
    bool is_quiet;
};

struct pull_result {
    struct release_target target;
    const char *path;       /* the folder that holds the model */
    uint64_t size_bytes;    /* of all files */
    uint64_t fetched_bytes; /* of files that were not here */
    size_t fetched;         /* files */
};

int pull_run(struct pull_result *out, struct client *client,
             const struct home *home, struct arena *arena,
             const struct pull_question *question, struct error *err);

#endif
