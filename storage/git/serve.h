/*
 * serve: git-upload-pack for one request of the stateless HTTP protocol.
 *
 * Version 0 of the protocol, which every client falls back to.  Serves clones,
 * fetches and shallow ones; a pack is written to a descriptor as it is made.
 * Who may read at all was decided before.
 */
#ifndef STORAGE_GIT_SERVE_H
#define STORAGE_GIT_SERVE_H

#include <stddef.h>

#include "storage/base/buffer.h"
#include "storage/base/error.h"
#include "storage/git/view.h"

/* Bytes of a negotiation, plain. */
#define SERVE_BODY_LIMIT_BYTES ((size_t)8 * 1024 * 1024)

/* Adds the answer to info/refs: the refs, and what is offered. */
int serve_advertise(struct buffer *out, struct view *view, struct error *err);

/*
 * Writes the answer to one negotiation to fd.  Errors that the client is to
 * see are in the answer and are none here; ERROR_BAD_REQUEST for a malformed
 * body.
 */
int serve_fetch(int fd, struct view *view, const char *body, size_t length,
                struct error *err);

#endif
