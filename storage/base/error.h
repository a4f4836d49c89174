/*
 * error: what went wrong, in one value that every layer passes along.
 *
 * A function that can fail returns 0 or -1 and takes a struct error last.  It
 * fills the error only on -1; callers add nothing and hand it up.  Two places
 * read it: registry/http/refusal.c answers with it, cli/main.c prints it.
 * The cause is for the log alone: SQL states, paths, a library's own words.
 */
#ifndef STORAGE_BASE_ERROR_H
#define STORAGE_BASE_ERROR_H

enum error_code {
    ERROR_NONE,
#define ERROR(name, status, wire, text) ERROR_##name,
#include "storage/base/error.def"
#undef ERROR
};

struct error {
    enum error_code code;
    int status;              /* HTTP status, from error.def */
    char message[1024];      /* one line, safe to show to a stranger */
    char cause[512];         /* for the log; never shown */
    int retry_after_seconds; /* when to try again; 0: nobody knows */
};

/*
 * Fills err and returns -1, so that `return error_set(...)` is a whole exit.
 * A message that is too long is cut.  With format NULL, error.def's text.
 * Clears the cause and retry_after_seconds.
 */
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what only the log may hold to an error that is already set.  -1. */
int error_set_cause(struct error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ERROR_NO_SPACE, ERROR_INTERNAL: a failed system call, with errno as cause. */
int error_set_system(struct error *err, const char *what);

/* The code's own name: "NOT_FOUND".  Static, never NULL. */
const char *error_name(enum error_code code);

/* The code as clients see it, in X-Error-Code.  Static, never NULL. */
const char *error_wire(enum error_code code);

/* error.def's text.  Static, never NULL. */
const char *error_text(enum error_code code);

#endif
