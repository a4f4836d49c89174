/*
 * verified: which files on this machine were found to be what was signed.
 *
 * The Hub's cache is written by tools that check nothing, so being there means
 * nothing.  A record names a file by device, inode, size and both times, and
 * its SHA-256; whatever changed since has another ctime, and is hashed again.
 * A record is a small file in the cache folder; losing one costs time only.
 */
#ifndef CLI_HOME_VERIFIED_H
#define CLI_HOME_VERIFIED_H

#include <stdbool.h>
#include <sys/stat.h>

#include "cli/home/home.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

/* How old a file must be before its times can tell that it did not change. */
#define VERIFIED_SETTLE_MS 20

/* Fills *out and returns true when the open file is one that is on record. */
bool verified_find(struct digest *out, const struct home *home, int fd);

/*
 * Records the open file's digest.  Gives up silently when it cannot, or when
 * the file is younger than VERIFIED_SETTLE_MS: it is then hashed again.
 */
void verified_add(const struct home *home, int fd, const struct digest *digest);

struct verified_reader {
    const struct home *home;
    bool (*is_stopped)(void *state); /* asked while hashing; NULL: never */
    void *state;
};

/*
 * The digest of an open file: from the record, or by hashing it and recording
 * that.  state is a struct verified_reader; fits folder_options.digest.
 */
int verified_digest(struct digest *out, void *state, const char *name, int fd,
                    struct error *err);

#endif
