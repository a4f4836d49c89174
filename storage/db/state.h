/*
 * state: what PostgreSQL's answers mean, as errors of ours.
 *
 * SQLSTATE decides, by one table: a broken key is a conflict, a server that is
 * away, full, or asks to try again is ERROR_DATABASE, the rest is ours to
 * mend.  A function in the schema refuses with RAISE and a state of class WH,
 * whose digits are the HTTP status; its message is safe to show.
 */
#ifndef STORAGE_DB_STATE_H
#define STORAGE_DB_STATE_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "storage/base/error.h"

/* Fills err from a failed result; what names the statement.  Returns -1. */
int state_to_error(struct error *err, const PGconn *link,
                   const PGresult *result, const char *what);

/* Fills err for a connection that cannot be made or broke.  Returns -1. */
int state_lost(struct error *err, const PGconn *link, const char *what);

/*
 * True for an answer after which the connection's prepared statements are not
 * what they were (another schema, another server behind a pooler).
 */
bool state_is_outdated(const PGresult *result);

#endif
