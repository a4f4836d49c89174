/*
 * rotation: one publisher's key hands over to the next.
 *
 * A DSSE envelope by the key that ends names both and the namespace.  Who knows
 * the one key can check that the other follows it, whatever a registry says.
 */
#ifndef CLI_CLIENT_ROTATION_H
#define CLI_CLIENT_ROTATION_H

#include <jansson.h>

#include "auth/key/key.h"
#include "cli/client/client.h"
#include "storage/base/arena.h"
#include "storage/base/error.h"

/* Keys by their fingerprints, 64 hexadecimal digits. */
struct rotation {
    const char *namespace_name;
    const char *from;
    const char *to;
};

/* Signs that from, which has its private half, hands over to the other. */
int rotation_make(const char **out, struct arena *arena,
                  const char *namespace_name, const struct key *from,
                  const struct key *to, struct error *err);

/*
 * Reads an envelope without knowing who signed it; check that with
 * rotation_verify and the key that from names.
 */
int rotation_read(struct rotation *out, struct arena *arena, const char *text,
                  struct error *err);
int rotation_verify(struct arena *arena, const char *text,
                    const struct key *from, struct error *err);

#endif
