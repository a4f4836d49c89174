/*
 * zip: the names in a zip archive, and whether any of them runs.
 *
 * Loaders find a zip's parts by their names, in the central directory or in
 * the headers before the parts; both are read, and an archive in which they
 * disagree, or which is odd in any other way, is said to be so.  Nothing is
 * unpacked.  Used by scan.
 */
#ifndef STORAGE_MODEL_ZIP_H
#define STORAGE_MODEL_ZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

#define ZIP_ENTRIES_LIMIT 20000

struct zip {
    bool is_zip;      /* begins or ends as one */
    bool is_torch;    /* holds a pickle */
    bool is_odd;      /* not read whole, or two readers may see two things */
    const char *code; /* the first name of a part that runs; or NULL */
    size_t count;     /* parts */
};

/* -1 only when the source cannot be read. */
int zip_check(struct zip *out, struct arena *arena, const struct source *source,
              struct error *err);

#endif
