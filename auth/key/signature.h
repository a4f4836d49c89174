/*
 * signature: model.sig, the OpenSSF Model Signing bundle over a model's files.
 *
 * A Sigstore bundle v0.3 around a DSSE envelope around an in-toto statement
 * that lists every file with its SHA-256.  signature_parse is stricter than the
 * reference (model_signing 1.1.1): one signature, no unknown or duplicate
 * member, names that no two file systems could take for one another.  It says
 * nothing about who signed: that is signature_verify.
 */
#ifndef AUTH_KEY_SIGNATURE_H
#define AUTH_KEY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key/dsse.h"
#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

#define SIGNATURE_NAME "model.sig" /* at the root of a release */
#define SIGNATURE_LIMIT_BYTES (16u << 20)
#define SIGNATURE_FILES_LIMIT 100000
#define SIGNATURE_IGNORED_LIMIT 1000
#define SIGNATURE_NAMED_LIMIT 5 /* differences that a message names */

struct signature_file {
    const char *name; /* relative to the model's folder, '/' between parts */
    struct digest digest;
    /* Of a bundle by method "shards": the bytes [begin, end) of the file. */
    uint64_t begin;
    uint64_t end;
};

/* For qsort: by name, then by begin. */
int signature_compare_files(const void *a, const void *b);

struct signature {
    const char *subject; /* the folder's name when it was signed; a claim */
    const char *hint;    /* fingerprint of the key, "" for none; a claim */
    struct digest root;  /* over all digests in their order */
    bool is_sharded;     /* method "shards"; only ever made by others */
    const struct signature_file *files; /* in the order of the bundle */
    size_t count;
    const char *const *ignored; /* paths that the signer left out */
    size_t ignored_count;
    struct dsse envelope;
};

/*
 * The bundle's text over signature's subject, files (in any order), ignored;
 * nothing else of it is looked at.  Checks the names as signature_check_names
 * does.  ERROR_BAD_REQUEST for an Ed25519 key.  A release is signed with P-256
 * alone, which all verifiers take; the registry registers no other key.
 */
int signature_make(char **out, size_t *out_length, struct arena *arena,
                   const struct signature *signature, const struct key *key,
                   struct error *err);

/* ERROR_SIGNATURE, saying why, when bytes are no bundle that we take. */
int signature_parse(struct signature *out, struct arena *arena,
                    const char *bytes, size_t length, struct error *err);

/* ERROR_SIGNATURE unless key made the bundle, and its hint, if any, agrees. */
int signature_verify(const struct signature *signature, const struct key *key,
                     struct error *err);

/*
 * Refuses names that text_check_path refuses; two that are equal, or equal but
 * for case or Unicode composition; a file that is also a folder; and pairs
 * such as "a-b" and "a/b", which tools sort differently, so that they would
 * show different root digests.  signature_parse lets the last kind pass, since
 * others sign such folders; a release may not have one.
 */
int signature_check_names(const struct signature_file *files, size_t count,
                          struct error *err);

enum signature_change {
    SIGNATURE_MISSING, /* signed, but not there */
    SIGNATURE_CHANGED, /* there with other bytes */
    SIGNATURE_EXTRA,   /* there, but not signed */
};

struct signature_difference {
    const char *name;
    enum signature_change change;
};

/*
 * Holds files that are there, in any order, against those that were signed;
 * fails only over differences: ERROR_SIGNATURE that names the first ones.
 * out, of which NULL is allowed, gets all of them, missing ones first.
 * Of an is_sharded bundle files are shards.
 */
struct signature_differences {
    const struct signature_difference *items;
    size_t count;
};
int signature_compare(struct signature_differences *out, struct arena *arena,
                      const struct signature *signature,
                      const struct signature_file *files, size_t count,
                      struct error *err);

/*
 * Git's own files say nothing about a model and may do harm, so a delivered
 * model has none but a root ".gitattributes" that only names what LFS keeps.
 */
bool signature_is_git_file(const char *path); /* a part begins with ".git" */
bool signature_is_plain_attributes(const char *bytes, size_t length);

#endif
