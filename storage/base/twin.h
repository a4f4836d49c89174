/*
 * twin: paths that some disk takes for one.
 *
 * A disk without regard to case, or one that composes letters, keeps one file
 * for "README.md" and "readme.md", and the second overwrites the first: what
 * was verified is then not what is used.  The registry stores no such pair,
 * nobody signs one, and the tool fetches none.
 */
#ifndef STORAGE_BASE_TWIN_H
#define STORAGE_BASE_TWIN_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/error.h"

struct twin_path {
    const char *path;
    bool is_old; /* two that were there before are left alone */
};

/*
 * ERROR_UNPROCESSABLE names two paths that fold alike (text_fold), or one that
 * would be both a file and the folder of another.
 */
int twin_check(const struct twin_path *paths, size_t count, struct error *err);

#endif
