/*
 * digest: SHA-256 of bytes, whole or as they come, and HMAC-SHA-256.
 *
 * OpenSSL does the work (SHA-NI where the machine has it).  A struct digest is
 * a record; a struct digest_stream is owned by who opened it.
 */
#ifndef STORAGE_BASE_DIGEST_H
#define STORAGE_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"

#define DIGEST_BYTES 32
#define DIGEST_TEXT_SIZE 65 /* 64 lower-case hexadecimal digits and a NUL */

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest_stream;

void digest_of(struct digest *out, const void *bytes, size_t length);

/* The caller frees it with digest_stream_free.  Never NULL. */
struct digest_stream *digest_stream_open(void);
void digest_stream_add(struct digest_stream *stream, const void *bytes,
                       size_t length);

/* The digest of all that was added so far; more may be added afterwards. */
void digest_stream_read(struct digest *out, const struct digest_stream *stream);
void digest_stream_free(struct digest_stream *stream); /* NULL is allowed */

void digest_hmac(struct digest *out, const void *key, size_t key_length,
                 const void *bytes, size_t length);

void digest_write(char out[DIGEST_TEXT_SIZE], const struct digest *digest);

/* Strict: 64 lower-case hexadecimal digits and nothing else. */
bool digest_parse(struct digest *out, const char *text);
bool digest_is_equal(const struct digest *a, const struct digest *b);

#endif
