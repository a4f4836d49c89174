/*
 * terminal: what a person sees and types.
 *
 * All text goes out through here, and what comes from a registry or a file is
 * never trusted: control characters, malformed UTF-8 and characters that turn
 * the direction of writing are shown as '?', so nothing can move the cursor,
 * hide a line or type for the person.  Facts go to standard output, notes,
 * prompts and progress to standard error.
 */
#ifndef CLI_TERMINAL_TERMINAL_H
#define CLI_TERMINAL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/terminal/interrupt.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

struct terminal {
    bool in_is_terminal;
    bool out_is_terminal;
    bool err_is_terminal;
    struct interrupt *interrupt;
};

/* Looks at the three descriptors. */
void terminal_look(struct terminal *out, struct interrupt *interrupt);

/* Facts, to standard output.  Line feeds and tabs pass. */
void terminal_print(const struct terminal *terminal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes, to standard error. */
void terminal_note(const struct terminal *terminal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ERROR_INTERNAL when standard output did not take all of it. */
int terminal_flush(const struct terminal *terminal, struct error *err);

/* A copy in which whatever might do harm is '?'. */
char *terminal_clean(struct arena *arena, const char *bytes, size_t length);

/* How many columns text takes when it is shown; text is clean. */
size_t terminal_width(const char *text);

#endif
