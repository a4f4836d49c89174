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
    /*
     * A file's digest, e.g. one that is remembered; NULL to hash it.  Called
     * from several threads at once.
     */
    int (*digest)(struct digest *out, void *state, const char *name, int fd,
                  struct error *err);
    /* Asked now and then while hashing; ERROR_INTERRUPTED follows.  NULL: no.
     */
    bool (*is_stopped)(void *state);
    void *state; /* of both */
};

struct folder {
    struct signature_file *files; /* sorted by the bytes of their names */
    size_t count;
    uint64_t size_bytes; /* of all files together */
};

/*
 * Lists and hashes.  ERROR_SIGNATURE names what may not be in a model: links,
 * devices, empty folders, names that text_check_path refuses.  A top-level
 * ".cache/huggingface" is left out.
 */
int folder_read(struct folder *out, struct arena *arena, const char *path,
                const struct folder_options *options, struct error *err);

struct folder_check {
    const char *path;
    const struct key *key;
    /* signature_path is needed; ignored comes besides what the bundle names */
    struct folder_options options;
    bool ignore_unsigned; /* more files than were signed are no failure */
};

/*
 * What `weigh verify DIR` does: reads the bundle, checks its signature, then
 * every file.  What the bundle leaves out may be there, but for ".git*": of
 * these only a root ".gitattributes" that signature_is_plain_attributes takes
 * is no extra file.  out tells what was signed; differences, of which NULL is
 * allowed, tells what does not agree.  ERROR_SIGNATURE when any of it fails.
 */
int folder_verify(struct signature *out,
                  struct signature_differences *differences,
                  struct arena *arena, const struct folder_check *check,
                  struct error *err);

/*
 * What `weigh sign DIR` does: leaves out the signature's own file, the root's
 * .git, .gitattributes, .github and .gitignore, and what options name, says so
 * in the bundle, and writes it to options->signature_path.
 */
int folder_sign(struct folder *out, struct arena *arena, const char *path,
                const struct folder_options *options, const struct key *key,
                struct error *err);

#endif
