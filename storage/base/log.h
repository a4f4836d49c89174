/*
 * log: one JSON line an event, on one descriptor.
 *
 * A line is written by one write(2), so lines of several threads and of both
 * processes never mix.  Every line begins with "time" and "event".  Secrets
 * never get here: callers log names, ids and causes.
 */
#ifndef STORAGE_BASE_LOG_H
#define STORAGE_BASE_LOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/base/buffer.h"
#include "storage/base/error.h"

struct log {
    int fd; /* where lines go; -1 drops them */
};

/* Writes one line; takes over members (an object, or NULL for none). */
void log_write(const struct log *log, const char *event, json_t *members);

/*
 * The same a member at a time, for lines that every request writes: a tree of
 * values for each costs more than the rest of a small answer.  Names are plain
 * words.  log_line_write ends it and gives the memory back.
 */
struct log_line {
    const struct log *log;
    struct buffer text; /* stays empty when the log drops lines */
};

void log_line_open(struct log_line *out, const struct log *log,
                   const char *event);
void log_line_text(struct log_line *line, const char *name, const char *value);
void log_line_int(struct log_line *line, const char *name, int64_t value);
void log_line_bool(struct log_line *line, const char *name, bool value);
void log_line_write(struct log_line *line);

/* The line for an error: its code, message and cause. */
void log_error(const struct log *log, const char *event,
               const struct error *err);

#endif
