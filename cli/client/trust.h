/*
 * trust: whose key signed a release, and whether this person trusts it.
 *
 * The registry cannot decide that: it only hands out keys.  The first key that
 * signs a namespace's releases is pinned in cli/home; later ones must be it, or
 * be linked to it by rotations that each key signed for the next, or be
 * accepted by the person in so many words.  A key that the registry says was
 * revoked is refused.
 */
#ifndef CLI_CLIENT_TRUST_H
#define CLI_CLIENT_TRUST_H

#include <stdbool.h>

#include "auth/key/key.h"
#include "auth/key/signature.h"
#include "cli/client/client.h"
#include "cli/client/model.h"
#include "cli/home/home.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

#define TRUST_KEYS_LIMIT 1000
#define TRUST_ROTATIONS_LIMIT 100

/* How the key came to be trusted. */
enum trust_way {
    TRUST_PINNED,    /* it is the pinned one */
    TRUST_FIRST_USE, /* nothing was pinned; now it is */
    TRUST_ROTATED,   /* linked to the pinned one; now it is pinned */
    TRUST_EARLIER,   /* the pinned one was rotated to from it */
    TRUST_ACCEPTED,  /* --accept-key; now it is pinned */
    TRUST_NAMED,     /* --publisher-key; now it is pinned */
};

struct trust_question {
    const struct model_name *model;
    const struct signature *signature;
    const char *publisher_key; /* a PEM file, or NULL */
    bool accept_key;
};

struct trust {
    enum trust_way way;
    struct digest key; /* fingerprint of who signed */
    char key_short[KEY_SHORT_SIZE];
};

/* ERROR_SIGNATURE says why the signature does not count.  Pins keys. */
int trust_check(struct trust *out, struct client *client,
                const struct home *home, const struct trust_question *question,
                struct error *err);

#endif
