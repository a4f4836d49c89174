#include "storage/base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/hex.h"

struct digest_stream {
    EVP_MD_CTX *context;
};

void
digest_of(struct digest *out, const void *bytes, size_t length)
{
    if (EVP_Digest(bytes, length, out->bytes, NULL, EVP_sha256(), NULL) != 1)
        abort();
}

struct digest_stream *
digest_stream_open(void)
{
    struct digest_stream *stream = xcalloc(1, sizeof(*stream));

    stream->context = EVP_MD_CTX_new();
    if (stream->context == NULL ||
        EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1)
        abort();
    return stream;
}

void
digest_stream_add(struct digest_stream *stream, const void *bytes,
                  size_t length)
{
    if (EVP_DigestUpdate(stream->context, bytes, length) != 1)
        abort();
}

void
digest_stream_read(struct digest *out, const struct digest_stream *stream)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();

    if (copy == NULL || EVP_MD_CTX_copy_ex(copy, stream->context) != 1 ||
        EVP_DigestFinal_ex(copy, out->bytes, NULL) != 1)
        abort();
    EVP_MD_CTX_free(copy);
}

void
digest_stream_free(struct digest_stream *stream)
{
    if (stream == NULL)
        return;
    EVP_MD_CTX_free(stream->context);
    free(stream);
}

void
digest_hmac(struct digest *out, const void *key, size_t key_length,
            const void *bytes, size_t length)
{
    unsigned int size = DIGEST_BYTES;

    if (HMAC(EVP_sha256(), key, (int)key_length, bytes, length, out->bytes,
             &size) == NULL)
        abort();
}

void
digest_write(char out[DIGEST_TEXT_SIZE], const struct digest *digest)
{
    hex_write(out, digest->bytes, DIGEST_BYTES);
}

bool
digest_parse(struct digest *out, const char *text)
{
    return hex_read(out->bytes, DIGEST_BYTES, text);
}

bool
digest_is_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}
