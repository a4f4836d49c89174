/*
 * gating: the options that say how a gate is to be, for publish and gate.
 */
#ifndef CLI_COMMAND_GATING_H
#define CLI_COMMAND_GATING_H

#include <jansson.h>

#include "cli/command/command.h"

/*
 * Adds to change, the body of a PUT of the gate, what --reviewer, --quorum,
 * --grant-days, --released-at, --members-gated and the four options about
 * domains and organisations say; of those that repeat one empty value makes the
 * list empty.  ERROR_USAGE names the option.
 */
int gating_read(json_t *change, const struct options *options,
                struct error *err);

/*
 * Adds the licence that --license names: sha256:HEX, or a file, whose text is
 * left with the registry.  *out is how people call it; NULL without the option.
 */
int gating_read_licence(const char **out, json_t *change,
                        struct context *context, struct error *err);

/* What --grant-days says, for people: ", grants last 30 days" or "". */
const char *gating_show_days(const struct context *context);

#endif
