/*
 * keyring: the person's own key, publishers' keys, and pins.
 *
 * The person's Ed25519 key signs agreements; a namespace's P-256 key signs
 * releases.  Both are PEM files of mode 0600 in settings/keys, made at first
 * need.  A pin remembers which public key signed a namespace's releases on a
 * registry the first time; another one is a matter for a person to decide.
 */
#ifndef CLI_HOME_KEYRING_H
#define CLI_HOME_KEYRING_H

#include <stdbool.h>

#include "auth/key/key.h"
#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

/*
 * The person's key; *out_made says whether it is new.  The caller frees *out.
 * Two processes that make it at once end up with the same one.
 */
int keyring_find_person(struct key **out, bool *out_made,
                        const struct home *home, struct error *err);

/*
 * The key with which this machine signs for a namespace; ERROR_NOT_FOUND when
 * it has none.  The caller frees *out.
 */
int keyring_find_publisher(struct key **out, const struct home *home,
                           const char *namespace_name, struct error *err);

/* Makes that key; ERROR_CONFLICT when there is one.  The caller frees *out. */
int keyring_make_publisher(struct key **out, const struct home *home,
                           const char *namespace_name, struct error *err);

/* Where that key's file is, whether it is there or not. */
const char *keyring_publisher_path(const struct home *home, struct arena *arena,
                                   const char *namespace_name);

/*
 * The key that is to follow, kept beside: made the first time, then the same
 * one until keyring_advance_publisher.  The caller frees *out.
 */
int keyring_find_next(struct key **out, const struct home *home,
                      const char *namespace_name, struct error *err);

/* The next key becomes the one that signs; the one before is kept aside. */
int keyring_advance_publisher(const struct home *home,
                              const char *namespace_name, struct error *err);

/* Whose key a pin is about. */
struct keyring_owner {
    const char *registry; /* base URL */
    const char *namespace_name;
};

/* The pinned key; *out is NULL when there is none.  The caller frees *out. */
int keyring_find_pin(struct key **out, const struct home *home,
                     const struct keyring_owner *owner, struct error *err);

/* Pins the key, in place of one that was pinned before. */
int keyring_set_pin(const struct home *home, const struct keyring_owner *owner,
                    const struct key *key, struct error *err);

#endif
