/*
 * publish: what a publisher tells a registry: model, key, files, tag.
 *
 * Every step asks first what is there already, so that running all of them
 * again after an interruption does only what is left.
 */
#ifndef CLI_CLIENT_PUBLISH_H
#define CLI_CLIENT_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/key/key.h"
#include "cli/client/client.h"
#include "cli/client/model.h"
#include "storage/base/arena.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"

/* A file that is to be in the release. */
struct publish_file {
    const char *name;  /* in the model */
    const char *path;  /* on this machine, or NULL: bytes */
    const char *bytes; /* of a file that is on no disk: model.sig */
    uint64_t size_bytes;
    struct digest digest;
    bool is_weights; /* set by publish_compare */
    bool is_new;     /* set by publish_compare: main has it not, or other */
};

struct publish_files {
    struct publish_file *items;
    size_t count;
};

/* Whether the model is there; it may be empty. */
int publish_find_model(bool *out, struct client *client, struct arena *arena,
                       const char *model, struct error *err);
int publish_make_model(struct client *client, struct arena *arena,
                       const struct model_name *model, bool is_private,
                       struct error *err);

/* The fingerprint of the key that signs for the namespace; NULL for none. */
int publish_find_signer(const char **out, struct client *client,
                        struct arena *arena, const char *namespace_name,
                        struct error *err);

/* The owner's word, without which the registry refuses what can run code. */
int publish_allow_unsafe(struct client *client, struct arena *arena,
                         const char *model, struct error *err);

/*
 * Registers the key for the namespace unless it signs there already;
 * *out_made says whether it is new.  ERROR_CONFLICT when another one signs.
 */
int publish_register_key(bool *out_made, struct client *client,
                         struct arena *arena, const char *namespace_name,
                         const struct key *key, struct error *err);

/* Fills is_weights and is_new of each file. */
int publish_compare(const struct publish_files *files, struct client *client,
                    struct arena *arena, const char *model, struct error *err);

struct publish_commit {
    const char *model;
    const char *message;
    const char *parent; /* main as it was compared with; NULL: whatever */
    const struct publish_files *files; /* those that are new are sent */
    const char *const *removed;        /* paths that main has too many */
    size_t removed_count;
};

/*
 * Commits to main; *out is the commit, main's own when nothing changed.
 * ERROR_STALE when somebody else moved main meanwhile; ERROR_DIGEST_MISMATCH
 * when the registry then lists another file than was sent.
 */
int publish_commit(const char **out, struct client *client, struct arena *arena,
                   const struct publish_commit *commit, struct error *err);

/*
 * Before anything is sent: ERROR_CONFLICT when the tag is there, at another
 * commit than this; NULL is a commit that is still to be made.
 */
int publish_check_tag(struct client *client, struct arena *arena,
                      const char *model, const char *tag, const char *commit,
                      struct error *err);

/* ERROR_CONFLICT when the tag is there, at another commit. */
int publish_tag(struct client *client, struct arena *arena, const char *model,
                const char *tag, const char *commit, struct error *err);

#endif
