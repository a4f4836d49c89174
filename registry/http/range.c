#include "registry/http/range.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits at *at; false when there are none or they overflow. */
static bool
read_number(uint64_t *out, const char **at)
{
    const char *from = *at;
    uint64_t number = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(**at - '0'), &number))
            return false;
    *out = number;
    return *at > from;
}

/*
 * One of "3-5", "3-" and "-5" at *at.  False when it is malformed; a range
 * that lies outside of the body has length 0.
 */
static bool
read_range(struct range *out, const char **at, uint64_t size_bytes)
{
    uint64_t first;
    uint64_t last;

    out->length = 0;
    if (**at == '-') {
        (*at)++;
        if (!read_number(&last, at))
            return false;
        out->length = last < size_bytes ? last : size_bytes;
        out->offset = size_bytes - out->length;
        return true;
    }
    if (!read_number(&first, at) || *(*at)++ != '-')
        return false;
    if (**at >= '0' && **at <= '9') {
        if (!read_number(&last, at) || last < first)
            return false;
    } else {
        last = UINT64_MAX;
    }
    if (first >= size_bytes)
        return true;
    if (last > size_bytes - 1)
        last = size_bytes - 1;
    out->offset = first;
    out->length = last - first + 1;
    return true;
}

static void
skip_blanks(const char **at)
{
    *at += strspn(*at, " \t");
}

void
range_parse(struct range_set *out, const char *header, uint64_t size_bytes)
{
    uint64_t total = 0;
    const char *at;

    out->kind = RANGE_ALL;
    out->count = 0;
    if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
        return;
    at = header + 6;
    for (;;) {
        struct range range;

        skip_blanks(&at);
        if (!read_range(&range, &at, size_bytes))
            return;
        if (range.length > 0) {
            /* Many ranges over the same bytes only serve to make work. */
            if (out->count == LIMIT_RANGES || range.length > size_bytes - total)
                return;
            total += range.length;
            out->ranges[out->count++] = range;
        }
        skip_blanks(&at);
        if (*at == '\0')
            break;
        if (*at++ != ',')
            return;
    }
    out->kind = out->count > 0 ? RANGE_SOME : RANGE_NONE;
}
