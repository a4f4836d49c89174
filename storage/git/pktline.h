/*
 * pktline: git's framing: four hexadecimal digits of length, then bytes.
 *
 * Source: git's Documentation/gitprotocol-common.txt.
 */
#ifndef STORAGE_GIT_PKTLINE_H
#define STORAGE_GIT_PKTLINE_H

#include <stddef.h>

#include "storage/base/buffer.h"
#include "storage/base/error.h"

#define PKTLINE_LIMIT 65516 /* bytes in one line, without the length */

enum pktline_kind {
    PKTLINE_DATA,
    PKTLINE_FLUSH, /* "0000" */
    PKTLINE_END,   /* of the bytes */
};

struct pktline {
    enum pktline_kind kind;
    const char *bytes; /* points into what is read; no newline at the end */
    size_t length;
};

/* Takes one line from *at, up to end.  ERROR_BAD_REQUEST. */
int pktline_read(struct pktline *out, const char **at, const char *end,
                 struct error *err);

/* Adds one line; at most 4,095 bytes of text. */
void pktline_write(struct buffer *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pktline_flush(struct buffer *out);

#endif
