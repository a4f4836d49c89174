/*
 * oid: the name that git gives a file's bytes (SHA-1 of "blob SIZE", NUL and
 * the bytes).  It tells files apart; it is no protection, see signatures.
 */
#ifndef CLI_CLIENT_OID_H
#define CLI_CLIENT_OID_H

#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"

#define OID_TEXT_SIZE 41

/* Of the first size_bytes of an open file; its offset does not matter. */
int oid_of_file(char out[OID_TEXT_SIZE], int fd, uint64_t size_bytes,
                struct error *err);

/* Of bytes in memory. */
int oid_of_bytes(char out[OID_TEXT_SIZE], const void *bytes, size_t length,
                 struct error *err);

#endif
