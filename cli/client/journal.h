/*
 * journal: which blocks of a partial file were written, over interruptions.
 *
 * A text file beside the partial one: a line on what the file is and in which
 * boot of the machine it was begun, then "w N" for a block that was written
 * and "s N" for one that is on the disk.  After a crash of the machine only
 * the latter count.  A line is one append, so a kill at any moment leaves at
 * most a torn last line; lines that make no sense are passed over.  The whole
 * file's digest is checked at the end in any case; the journal saves bytes, not
 * trust.
 */
#ifndef CLI_CLIENT_JOURNAL_H
#define CLI_CLIENT_JOURNAL_H

#include <stdint.h>

#include "cli/client/blocks.h"
#include "storage/base/error.h"

struct journal;

struct journal_subject {
    const char *path; /* the journal's own */
    const char *name; /* of the object: its etag */
    const char *boot; /* of this start of the machine; see journal_find_boot */
};

/*
 * Opens the journal and marks in blocks what it holds.  One that is about
 * another object or size is begun anew.  The caller frees
 * *out with journal_free.
 */
int journal_open(struct journal **out, struct blocks *blocks,
                 const struct journal_subject *subject, struct error *err);
void journal_free(struct journal *journal); /* NULL is allowed */

/* From any thread.  A line that cannot be written only costs bytes later. */
void journal_add_written(struct journal *journal, size_t index);
void journal_add_synced(struct journal *journal, size_t first, size_t count);

/* Forgets everything; for a file whose digest was wrong. */
int journal_clear(struct journal *journal, struct error *err);

/* The kernel's name for this boot, "" when it has none.  In the arena. */
const char *journal_find_boot(struct arena *arena);

#endif
