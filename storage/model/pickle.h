/*
 * pickle: whether bytes are a program for Python's unpickler.
 *
 * A pickle is a list of instructions that run as they are read, so a valid
 * beginning is enough to do harm, whatever junk follows.  The reader follows
 * the instructions of protocols 0 to 5 with the depth of the stack alone and
 * runs nothing.  Used by scan.
 */
#ifndef STORAGE_MODEL_PICKLE_H
#define STORAGE_MODEL_PICKLE_H

#include <stdbool.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"
#include "storage/base/source.h"

struct pickle {
    /*
     * It says its protocol and goes on validly, or calls something, or names a
     * global and ends as a pickle does.  Text that happens to begin validly is
     * none.
     */
    bool is_pickle;
    int protocol;       /* that it says; 0 when it says none */
    const char *global; /* the first that it names, "os.system"; or NULL */
};

/* -1 only when the source cannot be read. */
int pickle_check(struct pickle *out, struct arena *arena,
                 const struct source *source, struct error *err);

#endif
