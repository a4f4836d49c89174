/*
 * fields: "name=value&name=value", as queries and form bodies have it.
 *
 * Percent escapes and '+' are decoded.  A malformed escape, NUL, text that is
 * not UTF-8 and too many fields are errors; a field without '=' has the value
 * "".
 */
#ifndef REGISTRY_HTTP_FIELDS_H
#define REGISTRY_HTTP_FIELDS_H

#include <stddef.h>

#include "storage/base/arena.h"
#include "storage/base/error.h"

struct field {
    const char *name;
    const char *value;
};

struct fields {
    struct field *list;
    size_t count;
};

/* ERROR_BAD_REQUEST when it is malformed or has more fields than limit. */
int fields_parse(struct fields *out, struct arena *arena, const char *bytes,
                 size_t length, size_t limit, struct error *err);

/* The n-th value of name, also spelled "name[]"; NULL when there is none. */
const char *fields_find(const struct fields *fields, const char *name,
                        size_t n);

#endif
