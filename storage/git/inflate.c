#include "storage/git/inflate.h"

#include <stdint.h>
#define ZLIB_CONST /* next_in points to what is only read */
#include <zlib.h>

/* zlib reads a gzip header when asked so (zlib.h, inflateInit2). */
#define GZIP_WINDOW (MAX_WBITS + 16)

static int
inflate_all(struct buffer *out, z_stream *stream, size_t limit_bytes,
            struct error *err)
{
    unsigned char piece[16384];
    int outcome;

    do {
        stream->next_out = piece;
        stream->avail_out = sizeof(piece);
        outcome = inflate(stream, Z_NO_FLUSH);
        if (outcome != Z_OK && outcome != Z_STREAM_END)
            return error_set(err, ERROR_BAD_REQUEST, "the body is not gzip");
        if (buffer_add(out, piece, sizeof(piece) - stream->avail_out,
                       limit_bytes, err) < 0)
            return -1;
    } while (outcome != Z_STREAM_END);
    return 0;
}

int
inflate_gzip(struct buffer *out, const void *bytes, size_t length,
             size_t limit_bytes, struct error *err)
{
    z_stream stream = {0};
    int result;

    if (length > UINT32_MAX)
        return error_set(err, ERROR_TOO_LARGE, NULL);
    stream.next_in = bytes;
    stream.avail_in = (uInt)length;
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return error_set(err, ERROR_INTERNAL, NULL);
    result = inflate_all(out, &stream, limit_bytes, err);
    inflateEnd(&stream);
    return result;
}
