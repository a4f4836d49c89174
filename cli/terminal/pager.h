/*
 * pager: a long text that a person is to read, a screen at a time.
 *
 * The text is cleaned first (terminal_clean), and the pager runs without the
 * right to start other programs or to write files.  Without a terminal, or
 * when no pager can be started, the text is printed as it is.
 */
#ifndef CLI_TERMINAL_PAGER_H
#define CLI_TERMINAL_PAGER_H

#include <stddef.h>
#include <stdint.h>

#include "cli/terminal/terminal.h"
#include "storage/base/error.h"

struct pager_shown {
    const char *how;  /* "whole text in a pager", "whole text printed" */
    int64_t shown_ms; /* how long the pager was open */
};

/* Uses $WEIGH_PAGER, $PAGER, or less. */
int pager_show(struct pager_shown *out, const struct terminal *terminal,
               const char *bytes, size_t length, struct error *err);

#endif
