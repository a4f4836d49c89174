/*
 * handover: what a parent keeps when it becomes the new program.
 *
 * On USR2 the parent executes its file again under its own process number: a
 * supervisor sees one process, the listening sockets stay open, and the child
 * serves until the new parent's child does.  Numbers of sockets and children
 * go through the environment as WEIGHD_HANDOVER, which names the process it is
 * meant for and is believed by no other.
 */
#ifndef REGISTRY_COMMAND_HANDOVER_H
#define REGISTRY_COMMAND_HANDOVER_H

#include "registry/command/keeper.h"
#include "registry/command/listener.h"
#include "storage/base/error.h"

/*
 * Takes over what the program before left, nothing when there was none.
 * ERROR_USAGE when the variable is malformed or names what is no socket.
 */
int handover_take(struct listeners *listeners, struct keeper *keeper,
                  struct error *err);

/*
 * Executes the program with these arguments, after a trial that it starts and
 * reads its configuration; no child may be starting meanwhile.  Returns only
 * with an error; all is then as before.
 */
int handover_run(const char *program, char *const *arguments,
                 const struct listeners *listeners, struct keeper *keeper,
                 struct error *err);

#endif
