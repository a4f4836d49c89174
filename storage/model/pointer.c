#include "storage/model/pointer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VERSION "version https://git-lfs.github.com/spec/v1\n"
#define OID "oid sha256:"
#define SIZE "size "

size_t
pointer_write(char out[POINTER_TEXT_SIZE], const struct pointer *pointer)
{
    char digest[DIGEST_TEXT_SIZE];
    int length;

    digest_write(digest, &pointer->digest);
    length = snprintf(out, POINTER_TEXT_SIZE,
                      VERSION OID "%s\n" SIZE "%" PRIu64 "\n", digest,
                      pointer->size_bytes);
    return (size_t)length;
}

bool
pointer_is_text(const void *bytes, size_t length)
{
    return length <= POINTER_LIMIT_BYTES && length >= strlen(VERSION) &&
           memcmp(bytes, VERSION, strlen(VERSION)) == 0;
}

/* Steps over a fixed text. */
static bool
skip(const char **at, const char *end, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
        return false;
    *at += length;
    return true;
}

/* Decimal digits without a leading zero, at most INT64_MAX. */
static bool
read_size(uint64_t *out, const char **at, const char *end)
{
    const char *start = *at;
    uint64_t value = 0;

    while (*at < end && **at >= '0' && **at <= '9') {
        unsigned digit = (unsigned)(**at - '0');

        if (value > ((uint64_t)INT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
        (*at)++;
    }
    *out = value;
    return *at > start && (*start != '0' || *at - start == 1);
}

int
pointer_parse(struct pointer *out, const void *bytes, size_t length,
              struct error *err)
{
    const char *at = bytes;
    const char *end = at + length;
    char digest[DIGEST_TEXT_SIZE] = "";

    if (!pointer_is_text(bytes, length))
        return error_set(err, ERROR_UNPROCESSABLE, "not a git-lfs pointer");
    at += strlen(VERSION);
    if (!skip(&at, end, OID) || end - at < DIGEST_TEXT_SIZE)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a git-lfs pointer without its oid in SHA-256");
    memcpy(digest, at, DIGEST_TEXT_SIZE - 1);
    at += DIGEST_TEXT_SIZE - 1;
    if (!digest_parse(&out->digest, digest) || !skip(&at, end, "\n"))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a git-lfs pointer whose oid is no SHA-256");
    if (!skip(&at, end, SIZE) || !read_size(&out->size_bytes, &at, end) ||
        !skip(&at, end, "\n"))
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a git-lfs pointer without its size");
    if (at != end)
        return error_set(err, ERROR_UNPROCESSABLE,
                         "a git-lfs pointer with more after its size");
    return 0;
}
