/*
 * digester: SHA-256 of a stream, worked out beside what else is done with it.
 *
 * Hashing and writing take about as long as each other; on two processors
 * they take the time of one.  A thread of the digester's own begins with the
 * first long piece, so short objects cost none, and where no thread can be had
 * the caller's does the work.  A digester belongs to one thread at a time.
 */
#ifndef STORAGE_CONTENT_DIGESTER_H
#define STORAGE_CONTENT_DIGESTER_H

#include <stddef.h>

#include "storage/base/digest.h"

/* A shorter piece is hashed sooner than another thread wakes up. */
#define DIGESTER_PIECE_BYTES 65536

struct digester;

/* The caller frees it with digester_free.  Never NULL. */
struct digester *digester_open(void);

/* Begins to hash bytes, which the caller leaves alone until digester_wait. */
void digester_begin(struct digester *digester, const void *bytes,
                    size_t length);

/* Returns when what digester_begin was given is hashed. */
void digester_wait(struct digester *digester);

/* The digest of all so far, when digester_wait has returned. */
void digester_read(struct digest *out, const struct digester *digester);
void digester_free(struct digester *digester); /* NULL is allowed */

#endif
