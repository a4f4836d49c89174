/*
 * log: one JSON line an event, on one descriptor.
 *
 * No line is divided over two write(2), so lines of several threads and of both
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
 * Lines a member at a time, for what every request writes: a tree of values and
 * a system call for each cost more than the rest of a small answer.  Names are
 * plain words.  Lines leave together, as many as a pipe takes undivided;
 * log_lines_write sends off the last and gives the memory back.
 */
struct log_lines {
    const struct log *log;
    struct buffer text; /* stays empty when the log drops lines */
    size_t start;       /* of the line that is being written */
};

void log_lines_open(struct log_lines *out, const struct log *log);
void log_line_begin(struct log_lines *lines, const char *event);
void log_line_text(struct log_lines *lines, const char *name,
                   const char *value);
void log_line_int(struct log_lines *lines, const char *name, int64_t value);
void log_line_bool(struct log_lines *lines, const char *name, bool value);
void log_line_end(struct log_lines *lines);
void log_lines_write(struct log_lines *lines);

/* The line for an error: its code, message and cause. */
void log_error(const struct log *log, const char *event,
               const struct error *err);

#endif
