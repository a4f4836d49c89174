/*
 * progress: bytes, rate and time left, on standard error.
 *
 * On a terminal one line is drawn over and over; elsewhere a plain line comes
 * every few seconds, and one at the end.
 */
#ifndef CLI_TERMINAL_PROGRESS_H
#define CLI_TERMINAL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/terminal/terminal.h"

#define PROGRESS_SIZE_TEXT 24

struct progress {
    const struct terminal *terminal;
    bool is_quiet;
    uint64_t total_bytes;
    uint64_t done_bytes;
    uint64_t drawn_bytes; /* when the line was last drawn */
    int64_t drawn_ms;
    double rate; /* bytes a second, smoothed */
    bool has_drawn;
};

/* done_bytes are there already, from an earlier try. */
void progress_begin(struct progress *out, const struct terminal *terminal,
                    bool is_quiet, uint64_t total_bytes, uint64_t done_bytes);

/* Draws when it is time to. */
void progress_set(struct progress *progress, uint64_t done_bytes);

/* The last line; nothing when nothing was to be done. */
void progress_end(struct progress *progress);

/* Takes the line away, so that something else can be printed. */
void progress_hide(struct progress *progress);

/* "1.2 MB": decimal units, three digits at most before the unit. */
void progress_size(char out[PROGRESS_SIZE_TEXT], uint64_t bytes);

#endif
