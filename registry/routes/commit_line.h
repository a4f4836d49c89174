/*
 * commit_line: one line of a commit's body: {"key": …, "value": …}.
 *
 * The body is NDJSON of as much as a gibibyte, read a line at a time out of
 * wherever the layer kept it.
 */
#ifndef REGISTRY_ROUTES_COMMIT_LINE_H
#define REGISTRY_ROUTES_COMMIT_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

enum commit_line_kind {
    COMMIT_LINE_HEADER,
    COMMIT_LINE_FILE,          /* content of the file itself */
    COMMIT_LINE_WEIGHTS,       /* "lfsFile": uploaded before */
    COMMIT_LINE_REMOVE,        /* "deletedFile" */
    COMMIT_LINE_REMOVE_FOLDER, /* "deletedFolder" */
};

struct commit_line {
    enum commit_line_kind kind;
    const char *path; /* checked; not of the header */
    /* file */
    const void *bytes;
    size_t length;
    /* weights */
    struct digest digest;
    int64_t size_bytes; /* -1: not said */
    /* header */
    const char *summary;
    const char *description;
    const char *parent; /* a commit's id, or NULL */
};

/*
 * Lives in the arena.  ERROR_BAD_REQUEST for what is no such line,
 * ERROR_UNPROCESSABLE for a path against the rules.
 */
int commit_line_parse(struct commit_line *out, struct arena *arena,
                      const char *bytes, size_t length, struct error *err);

/* Where a reading stands; zeroed but for the first two. */
struct commit_reader {
    const struct source *source; /* not ours */
    size_t line_limit_bytes;     /* without the newline */
    uint64_t offset;
    struct buffer waiting; /* what was read */
    size_t given;          /* bytes of it that were given as lines */
};

/*
 * The next line without its newline; *out is NULL at the end.  Valid until
 * the next call.  ERROR_TOO_LARGE for a line over the limit.
 */
int commit_reader_next(const char **out, size_t *out_length,
                       struct commit_reader *reader, struct error *err);
void commit_reader_free(struct commit_reader *reader);

#endif
