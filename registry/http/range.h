/*
 * range: which bytes of a body a Range header asks for (RFC 9110, 14).
 *
 * A header that is malformed, of another unit, or that asks for more ranges or
 * more bytes than there is sense in is left out of account, as the RFC allows:
 * the whole body is sent.
 */
#ifndef REGISTRY_HTTP_RANGE_H
#define REGISTRY_HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "registry/http/limits.h"

struct range {
    uint64_t offset;
    uint64_t length; /* at least 1 */
};

enum range_kind {
    RANGE_ALL,  /* send the whole body */
    RANGE_SOME, /* send count ranges, in the order they were asked for */
    RANGE_NONE, /* 416: none of them lies in the body */
};

struct range_set {
    enum range_kind kind;
    size_t count;
    struct range ranges[LIMIT_RANGES];
};

/* header may be NULL, which asks for all. */
void range_parse(struct range_set *out, const char *header,
                 uint64_t size_bytes);

#endif
