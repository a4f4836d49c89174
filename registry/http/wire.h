/*
 * wire: the bytes of one socket, plain or through TLS, never blocking.
 *
 * Over TLS records are made in memory and leave in batches, since a system
 * call for each of them is what costs; plain files leave by sendfile.  Owned
 * by one connection, on one loop.
 */
#ifndef REGISTRY_HTTP_WIRE_H
#define REGISTRY_HTTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "registry/http/tls.h"

#define WIRE_AGAIN (-1)  /* wait until the socket is ready */
#define WIRE_BROKEN (-2) /* of no more use */

struct wire;

/* Takes over fd; tls NULL is plain.  The caller frees it with wire_free. */
struct wire *wire_open(int fd, struct tls *tls);
void wire_free(struct wire *wire); /* closes the socket; NULL is allowed */

/* The next wire_free resets the connection: the peer sees it broke. */
void wire_reset(struct wire *wire);

/* Whether what comes next has to come through the socket. */
bool wire_is_read_out(const struct wire *wire);

/* Bytes read, 0 when the peer has said all, WIRE_AGAIN or WIRE_BROKEN. */
ssize_t wire_read(struct wire *wire, void *out, size_t length);

/*
 * Takes some of the bytes, at least one; more says that others follow at
 * once.  What was taken over TLS may still wait in memory: see wire_flush.
 */
ssize_t wire_write(struct wire *wire, const void *bytes, size_t length,
                   bool more);

/* The same out of several places; perhaps out of the first alone. */
ssize_t wire_write_all(struct wire *wire, const struct iovec *pieces,
                       size_t count, bool more);

/* The same out of a file; scratch serves where bytes must be copied. */
struct wire_file {
    int fd;
    uint64_t offset;
    char *scratch;
    size_t scratch_length;
};
ssize_t wire_send_file(struct wire *wire, const struct wire_file *file,
                       size_t length);

/* 0 when nothing waits any more, WIRE_AGAIN or WIRE_BROKEN. */
int wire_flush(struct wire *wire);

/* Says that no more comes, and keeps reading possible. */
void wire_end(struct wire *wire);

/* Gives back the memory that an idle connection does not need. */
void wire_rest(struct wire *wire);

#endif
