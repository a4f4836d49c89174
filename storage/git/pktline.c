#include "storage/git/pktline.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define HEAD_BYTES 4

/* The four digits, in either case; -1 when they are not such. */
static int
read_length(const char *at)
{
    static const char digits[] = "0123456789abcdef";
    int length = 0;

    for (int i = 0; i < HEAD_BYTES; i++) {
        int c = tolower((unsigned char)at[i]);
        const char *digit = c != '\0' ? strchr(digits, c) : NULL;

        if (digit == NULL)
            return -1;
        length = length * 16 + (int)(digit - digits);
    }
    return length;
}

int
pktline_read(struct pktline *out, const char **at, const char *end,
             struct error *err)
{
    int length;

    *out = (struct pktline){.kind = PKTLINE_END};
    if (*at == end)
        return 0;
    length = end - *at >= HEAD_BYTES ? read_length(*at) : -1;
    if (length < 0 || length > end - *at || length > HEAD_BYTES + PKTLINE_LIMIT)
        return error_set(err, ERROR_BAD_REQUEST, "a malformed pkt-line");
    if (length == 0) {
        out->kind = PKTLINE_FLUSH;
        *at += HEAD_BYTES;
        return 0;
    }
    if (length < HEAD_BYTES)
        return error_set(err, ERROR_BAD_REQUEST, "a malformed pkt-line");
    out->kind = PKTLINE_DATA;
    out->bytes = *at + HEAD_BYTES;
    out->length = (size_t)length - HEAD_BYTES;
    if (out->length > 0 && out->bytes[out->length - 1] == '\n')
        out->length--;
    *at += length;
    return 0;
}

void
pktline_write(struct buffer *out, const char *format, ...)
{
    char line[HEAD_BYTES + 1];
    char text[4096];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    assert(length >= 0 && length < (int)sizeof(text));
    snprintf(line, sizeof(line), "%04x", (unsigned)length + HEAD_BYTES);
    buffer_append(out, line, HEAD_BYTES);
    buffer_append(out, text, (size_t)length);
}

void
pktline_flush(struct buffer *out)
{
    buffer_append(out, "0000", HEAD_BYTES);
}
