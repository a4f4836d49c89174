/*
 * await: results from a server that may hang.
 *
 * libpq's own calls wait without end for a server that keeps its sockets open
 * and answers nothing.  These look for a sign of life, by a connection of its
 * own, whenever nothing came for AWAIT_PATIENCE_MS, and break the connection
 * when there is none: then the result is the one of a lost connection.  What
 * was sent may still be done, once the server goes on.  Only storage/db
 * includes this header.
 */
#ifndef STORAGE_DB_AWAIT_H
#define STORAGE_DB_AWAIT_H

#include <libpq-fe.h>
#include <stdbool.h>

/* A server that is silent for so long is asked whether it lives, */
#define AWAIT_PATIENCE_MS 5000
/* and has this long to say so. */
#define AWAIT_SIGN_SECONDS 3
/* For what a server that lives may take any time over. */
#define AWAIT_FOREVER 0

/*
 * PQgetResult, of a connection that need not block (PQsetnonblocking).  What
 * takes over limit_ms is given up too, unless that is AWAIT_FOREVER.
 */
PGresult *await_result(PGconn *link, int limit_ms);

/* The last of the results that are under way, as PQexec gives it. */
PGresult *await_last_result(PGconn *link, int limit_ms);

/* PQgetCopyData that waits, likewise: a row's length, -1 at the end, or -2. */
int await_copy_data(char **out_row, PGconn *link);

/* Ends the connection: the next call on it finds it lost. */
void await_break(PGconn *link);

#endif
