/*
 * tenure: what keeps the schema's level under a daemon that works with it.
 *
 * A daemon's listening connection holds a shared advisory lock; who takes a
 * level away must have it alone.  Only storage/db includes this header.
 */
#ifndef STORAGE_DB_TENURE_H
#define STORAGE_DB_TENURE_H

#include <libpq-fe.h>

#include "storage/base/error.h"

/*
 * For a daemon: keeps the level until the connection ends.  ERROR_CONFLICT
 * while a level is being taken away, or when the database is not at level.
 */
int tenure_take(PGconn *link, int level, struct error *err);

/*
 * For a migration downwards: no daemon begins until the connection ends.
 * ERROR_CONFLICT when one works with the schema.
 */
int tenure_refuse(PGconn *link, struct error *err);

#endif
