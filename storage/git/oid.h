/*
 * oid: the name of a git object, SHA-1 of its kind, size and bytes.
 *
 * A record.  As text it is 40 lower-case hexadecimal digits.
 */
#ifndef STORAGE_GIT_OID_H
#define STORAGE_GIT_OID_H

#include <stdbool.h>
#include <stdint.h>

#define OID_BYTES 20
#define OID_TEXT_SIZE 41 /* 40 digits and a NUL */

struct oid {
    uint8_t bytes[OID_BYTES];
};

void oid_write(char out[OID_TEXT_SIZE], const struct oid *oid);

/* Strict: 40 lower-case hexadecimal digits and nothing else. */
bool oid_parse(struct oid *out, const char *text);
bool oid_is_equal(const struct oid *a, const struct oid *b);

/* All zero, as git writes "no object". */
bool oid_is_zero(const struct oid *oid);

#endif
