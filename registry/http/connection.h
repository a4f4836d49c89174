/*
 * connection: one client's socket, its requests one after the other.
 *
 * Lives on one loop.  Reads a head, hands the exchange to a worker, streams
 * the body in, sends the answer out, and begins again with what was read
 * beyond; while a worker or IO thread has the exchange nothing is read.
 */
#ifndef REGISTRY_HTTP_CONNECTION_H
#define REGISTRY_HTTP_CONNECTION_H

#include "registry/http/host.h"
#include "registry/http/tls.h"
#include "storage/base/error.h"

/*
 * Takes over fd, a non-blocking socket; tls NULL is plain.  Frees itself, and
 * then tells host->release.
 */
void connection_open(struct host *host, int fd, struct tls *tls,
                     const char *address);

/*
 * The same for one connection too many, which was not counted: answers err
 * and ends it.
 */
void connection_open_refused(struct host *host, int fd, const char *address,
                             const struct error *err);

/* Ends what took too long; called several times a second. */
void connection_tick(struct host *host);

/* The host stops: ends idle ones now, the others with their answer. */
void connection_stop(struct host *host);

/* Resets all that are left, but those whose exchange is with a thread. */
void connection_reset(struct host *host);

#endif
