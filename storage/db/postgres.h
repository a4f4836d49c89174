/*
 * postgres: the private PostgreSQL that weighd runs in its data folder.
 *
 * FOLDER/postgres is the cluster, FOLDER/run its socket's folder, which the
 * account alone may enter: the server listens nowhere else and trusts who got
 * there.  A path too long for a socket moves the latter to /run or /tmp.  The
 * registry's role there owns its database and is no superuser; the superuser
 * cannot log in.
 *
 * The server is a child of the caller, in a session of its own, and outlives
 * a caller that is killed; the next postgres_start adopts it.  A caller that
 * is root has it run as the account, which owns FOLDER.  One process at a time
 * may do this for a folder, from one thread: the caller holds a lock on it.
 */
#ifndef STORAGE_DB_POSTGRES_H
#define STORAGE_DB_POSTGRES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "storage/base/error.h"

/* The oldest version whose SQL we speak. */
#define POSTGRES_OLDEST 15

/* A socket's path over this moves to /run or /tmp. */
#define POSTGRES_SOCKET_LIMIT 90

/* How long a start may take, recovery after a crash included. */
#define POSTGRES_START_TIMEOUT_MS INT64_C(600000)
/* How long a stop may take before the server is told to stop at once. */
#define POSTGRES_STOP_TIMEOUT_MS INT64_C(60000)

struct postgres;

struct postgres_options {
    const char *folder; /* the data folder: absolute, there, the account's */
    uid_t uid;          /* the account; ignored unless the caller is root */
    gid_t gid;
};

/*
 * Makes the cluster if there is none, starts it or adopts the one that runs,
 * and returns when it takes connections.  What an earlier start left half-made
 * is swept away.  Errors name the folder and what to do.  The caller frees
 * *out with postgres_free.
 */
int postgres_open(struct postgres **out, const struct postgres_options *options,
                  struct error *err);

/* Forgets the server, which goes on running.  NULL is allowed. */
void postgres_free(struct postgres *postgres);

/* libpq's words for the registry's own database.  Lives as long as it. */
const char *postgres_conninfo(const struct postgres *postgres);

/* The server's process.  Nobody else may wait for it. */
pid_t postgres_pid(const struct postgres *postgres);

/* False once the server's process has ended; does not block. */
bool postgres_is_alive(struct postgres *postgres);

/* Starts a server that ended again; returns when it takes connections. */
int postgres_revive(struct postgres *postgres, struct error *err);

/* Ends sessions, writes everything out, and returns when it has ended. */
int postgres_stop(struct postgres *postgres, struct error *err);

#endif
