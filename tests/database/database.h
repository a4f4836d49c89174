/*
 * database: a fresh, migrated database for a test, in the run's own cluster.
 *
 * The first call of a run migrates a template, which every test's database is
 * then copied from.  CLUSTER names the folder that tests/database/cluster was
 * started with.  What fails here ends the test program.  The databases of a
 * program are dropped when it exits; connections are freed with db_free.
 */
#ifndef TESTS_DATABASE_DATABASE_H
#define TESTS_DATABASE_DATABASE_H

#include "storage/db/db.h"

/* A connection to a new database, with all statements prepared. */
struct db *test_database_open(void);

/* One more connection to the database that was made last. */
struct db *test_database_connect(void);

/* How the database that was made last is reached. */
const char *test_database_conninfo(void);

/* A new migrated database, or one without any table; how it is reached. */
const char *test_database_migrated(void);
const char *test_database_empty(void);

#endif
