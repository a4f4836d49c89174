/*
 * help: what `--help` shows, made from the tables that the parser uses.
 */
#ifndef CLI_COMMAND_HELP_H
#define CLI_COMMAND_HELP_H

#include "cli/command/command.h"

/* The options that every command takes. */
extern const struct option_row help_common_options[];

/* All commands, one a line. */
void help_print_table(const struct terminal *terminal,
                      const struct command *const *table);

/* One command: its words, verbs and options.  parent is NULL or the command
 * that this is a verb of. */
void help_print_command(const struct terminal *terminal,
                        const struct command *parent,
                        const struct command *command);

#endif
