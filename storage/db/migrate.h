/*
 * migrate: brings a database to the level of the schema that is wanted.
 *
 * migrations/NNNN_name.up.sql and .down.sql are built in.  One daemon migrates
 * at a time (an advisory lock); each file is a transaction of its own that
 * also records its digest, so a kill leaves a whole level.  A file that was
 * changed after it landed, and a database newer than the program, are errors,
 * and so is a way down while a daemon keeps the level (listen_keep_level).
 */
#ifndef STORAGE_DB_MIGRATE_H
#define STORAGE_DB_MIGRATE_H

#include "storage/base/embed.h"
#include "storage/base/error.h"

#define MIGRATE_NEWEST (-1)

/* The level that MIGRATE_NEWEST stands for. */
int migrate_newest(void);

/* Up or down to level: 0 is an empty database, MIGRATE_NEWEST the last. */
int migrate_to(const char *conninfo, int level, struct error *err);

/* The same with migrations of the caller's, for tests. */
int migrate_with(const char *conninfo, const struct embed_file *files,
                 int level, struct error *err);

#endif
