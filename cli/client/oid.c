#include "cli/client/oid.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <unistd.h>

#include "storage/base/hex.h"

#define OID_BYTES 20

static int
add_file(EVP_MD_CTX *context, int fd, uint64_t size_bytes, struct error *err)
{
    char bytes[65536];
    uint64_t at = 0;

    while (at < size_bytes) {
        uint64_t left = size_bytes - at;
        ssize_t n = pread(
            fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes), (off_t)at);

        if (n < 0)
            return error_set_system(err, "read");
        if (n == 0)
            return error_set(err, ERROR_INTERNAL, "the file became shorter");
        EVP_DigestUpdate(context, bytes, (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

/* Of bytes, or when they are NULL of the file. */
static int
find(char out[OID_TEXT_SIZE], const void *in_memory, int fd,
     uint64_t size_bytes, struct error *err)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char bytes[EVP_MAX_MD_SIZE];
    char head[32];
    int length;
    int result = -1;

    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha1(), NULL) != 1) {
        error_set(err, ERROR_INTERNAL, "no SHA-1");
        goto done;
    }
    length = snprintf(head, sizeof(head), "blob %" PRIu64, size_bytes);
    EVP_DigestUpdate(context, head, (size_t)length + 1); /* with its NUL */
    if (in_memory != NULL)
        EVP_DigestUpdate(context, in_memory, (size_t)size_bytes);
    else if (add_file(context, fd, size_bytes, err) < 0)
        goto done;
    EVP_DigestFinal_ex(context, bytes, NULL);
    hex_write(out, bytes, OID_BYTES);
    result = 0;

done:
    EVP_MD_CTX_free(context);
    return result;
}

int
oid_of_file(char out[OID_TEXT_SIZE], int fd, uint64_t size_bytes,
            struct error *err)
{
    return find(out, NULL, fd, size_bytes, err);
}

int
oid_of_bytes(char out[OID_TEXT_SIZE], const void *bytes, size_t length,
             struct error *err)
{
    return find(out, bytes, -1, length, err);
}
