/*
 * command: what weighd does when it is called: serve, migrate, …
 *
 * Each is a file with one function; registry/main.c holds the table.  A
 * command gets its own words in argv, argv[0] being its name, and the
 * configuration.  It returns 0, or -1 with the error that main prints.
 */
#ifndef REGISTRY_COMMAND_COMMAND_H
#define REGISTRY_COMMAND_COMMAND_H

#include "registry/config.h"
#include "storage/base/error.h"
#include "storage/db/db.h"

typedef int command_run(const struct config *config, int argc, char **argv,
                        struct error *err);

/* Serves in the foreground until TERM or INT. */
command_run serve_run;

/* weighd migrate [--to N]: brings the schema to a level. */
command_run migrate_run;

/* weighd admin account|token|organization add|list|show|remove. */
command_run admin_run;

/* weighd status [--json]: asks the daemon that runs how it is. */
command_run status_run;

/* weighd scrub [--rate MB/s]: reads all weights again, reports damage. */
command_run scrub_run;

/* weighd backup [--since ARCHIVE] FILE|-: writes an archive. */
command_run backup_run;

/* weighd restore FILE...: fills an empty registry from archives. */
command_run restore_run;

#endif
