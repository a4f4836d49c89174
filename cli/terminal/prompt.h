/*
 * prompt: questions to a person at the keyboard.
 *
 * The question goes to standard error, the answer comes from standard input,
 * a line.  Ctrl-C ends the wait, and a secret is not shown while it is typed.
 */
#ifndef CLI_TERMINAL_PROMPT_H
#define CLI_TERMINAL_PROMPT_H

#include "cli/terminal/terminal.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define PROMPT_LIMIT 4096 /* bytes in an answer */

/*
 * The answer without its line feed and outer blanks, in the arena.
 * ERROR_USAGE when the input ends, is too long, or is no text.
 */
int prompt_line(const char **out, const struct terminal *terminal,
                struct arena *arena, const char *question, struct error *err);

/* The same, unseen, blanks kept; the caller wipes it. */
int prompt_secret(char **out, const struct terminal *terminal,
                  struct arena *arena, const char *question, struct error *err);

#endif
