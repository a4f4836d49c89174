/*
 * weights: the file of a model that a command is to run, open and verified.
 */
#ifndef CLI_COMMAND_WEIGHTS_H
#define CLI_COMMAND_WEIGHTS_H

#include "cli/command/command.h"

/*
 * Opens --file FILE, whatever it is, or else the GGUF file of the model that
 * name says, as `weigh pull` got it: its bytes are hashed again unless nothing
 * has touched the file since, so what the descriptor reads is what the
 * publisher signed.  The caller closes *out.  ERROR_NOT_FOUND when the model
 * was not pulled; ERROR_DIGEST_MISMATCH when its file was changed.
 */
int weights_open(int *out, struct context *context, const char *name,
                 struct error *err);

#endif
