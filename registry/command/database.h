/*
 * database: the PostgreSQL that the configuration means.
 *
 * Either the operator's own, which is only connected to, or a private one in
 * the data folder.  The one who started the private one stops it; one that a
 * killed parent left is taken over by serve, and used as it is by others.
 */
#ifndef REGISTRY_COMMAND_DATABASE_H
#define REGISTRY_COMMAND_DATABASE_H

#include "registry/config.h"
#include "storage/base/error.h"
#include "storage/base/log.h"

struct database;

/* For serve: starts, recovers or adopts.  Freed by database_close. */
int database_open(struct database **out, const struct config *config,
                  const struct log *log, struct error *err);

/* For a command beside it: uses a running one, else starts it for the call. */
int database_borrow(struct database **out, const struct config *config,
                    const struct log *log, struct error *err);

/* What libpq connects with; lives as long as the database. */
const char *database_conninfo(const struct database *database);

/* Starts a private PostgreSQL that is gone again.  Nothing for others. */
int database_watch(struct database *database, struct error *err);

/* In a child: closes the lock on the folder, which the parent holds. */
void database_forget(struct database *database);

/* Stops what open or borrow started.  NULL is allowed. */
void database_close(struct database *database);

#endif
