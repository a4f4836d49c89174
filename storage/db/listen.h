/*
 * listen: a connection that hears NOTIFY, for an event loop.
 *
 * The loop waits until listen_fd is readable and then calls listen_read, which
 * never blocks.  A connection that broke has missed what was said meanwhile:
 * its owner frees it, opens another, and takes everything as changed.
 */
#ifndef STORAGE_DB_LISTEN_H
#define STORAGE_DB_LISTEN_H

#include "storage/base/error.h"

struct listen;

/*
 * Hears the channels up to the first NULL.  Blocks while it connects.  The
 * caller frees *out with listen_free.  ERROR_DATABASE when out of reach.
 */
int listen_open(struct listen **out, const char *conninfo,
                const char *const *channels, struct error *err);
void listen_free(struct listen *listening); /* NULL is allowed */

/*
 * Keeps the schema's level until listen_free: no migration takes it away.
 * ERROR_CONFLICT when one does so now, or when the database is at another
 * level than this program's newest.
 */
int listen_keep_level(struct listen *listening, struct error *err);

/* Belongs to the connection; the same until listen_free. */
int listen_fd(const struct listen *listening);

/*
 * Calls heard once for each notification that came, oldest first.
 * ERROR_DATABASE when the connection broke.
 */
int listen_read(struct listen *listening,
                void (*heard)(void *state, const char *channel,
                              const char *payload),
                void *state, struct error *err);

#endif
