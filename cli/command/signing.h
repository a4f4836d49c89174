/*
 * signing: what the commands that sign and verify folders share.
 */
#ifndef CLI_COMMAND_SIGNING_H
#define CLI_COMMAND_SIGNING_H

#include "auth/key/folder.h"
#include "cli/command/command.h"

/* Options of auth/key/folder as the command line gives them. */
void signing_read_options(struct folder_options *out, struct context *context,
                          const char *signature_path);

/* "a621:a1 (P-256)", in the arena. */
const char *signing_show_key(struct context *context, const struct key *key);

/* The whole fingerprint in hexadecimal digits, in the arena. */
const char *signing_fingerprint(struct context *context, const struct key *key);

#endif
