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

#include "storage/base/error.h"

struct log {
    int fd; /* where lines go; -1 drops them */
};

/* Writes one line; takes over members (an object, or NULL for none). */
void log_write(const struct log *log, const char *event, json_t *members);

/* The line for an error: its code, message and cause. */
void log_error(const struct log *log, const char *event,
               const struct error *err);

#endif
