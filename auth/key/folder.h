/*
 * folder: the files of a model on a disk, with their digests.
 *
 * Follows no link, and refuses links, devices, pipes, sockets and folders in
 * which there is nothing, since a signature says nothing about them.  In the
 * Hub's cache, where a file is a link into ../../blobs, links are resolved as
 * long as they stay inside the cache.
 */
#ifndef AUTH_KEY_FOLDER_H
#define AUTH_KEY_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key/signature.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define FOLDER_DEPTH_LIMIT 64

struct folder_options {
    /* Paths that are left out, with all below them: --ignore-paths. */
    const char *const *ignored;
    size_t ignored_count;
    /* The signature's own file, left out wherever it lies; NULL for none. */
    const char *signature_path;
    /* The cache's root, in which links may lead to files; NULL for none. */
    const char *links_root;
    /* Refuse ".git*" but a plain root ".gitattributes", which is left out. */
    bool is_delivered;
    /* Digest of one file, e.g. one remembered; NULL to hash it. */
    int (*digest)(struct digest *out, void *state, const char *name, int fd,
                  struct error *err);
    void *state;
};

struct folder {
    struct signature_file *files; /* sorted by the bytes of their names */
    size_t count;
    uint64_t size_bytes; /* of all files together */
};

/* Lists and hashes.  ERROR_SIGNATURE names what may not be in a model. */
int folder_read(struct folder *out, struct arena *arena, const char *path,
                const struct folder_options *options, struct error *err);

struct folder_check {
    const char *path;
    const char *signature_path;
    const struct key *key;
    const char *const *ignored; /* besides those that the bundle names */
    size_t ignored_count;
    const char *links_root;
    bool ignore_unsigned; /* more files than were signed are no failure */
};

/*
 * What `weigh verify DIR` does: reads the bundle, checks its signature, then
 * every file.  out tells what was signed; differences, of which NULL is
 * allowed, tells what does not agree.  ERROR_SIGNATURE when any of it fails.
 */
int folder_verify(struct signature *out,
                  struct signature_differences *differences,
                  struct arena *arena, const struct folder_check *check,
                  struct error *err);

#endif
