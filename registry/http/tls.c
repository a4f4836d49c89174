#include "registry/http/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdlib.h>

#include "storage/base/arena.h"

/* What is read from the socket at once: a few records. */
#define READ_BYTES 65536

struct tls {
    pthread_mutex_t lock; /* over context */
    SSL_CTX *context;
    BIO_METHOD *output;
};

static int
fail(struct error *err, const char *what)
{
    char reason[256];

    ERR_error_string_n(ERR_get_error(), reason, sizeof(reason));
    ERR_clear_error();
    error_set(err, ERROR_USAGE, "TLS: %s", what);
    return error_set_cause(err, "%s", reason);
}

static int
use_chain(SSL_CTX *context, BIO *pem, struct error *err)
{
    X509 *certificate = PEM_read_bio_X509_AUX(pem, NULL, NULL, NULL);
    int used;

    if (certificate == NULL)
        return fail(err, "the certificate is not PEM");
    used = SSL_CTX_use_certificate(context, certificate);
    X509_free(certificate);
    if (used != 1)
        return fail(err, "the certificate cannot be used");
    for (;;) {
        X509 *next = PEM_read_bio_X509(pem, NULL, NULL, NULL);

        if (next == NULL)
            break;
        if (SSL_CTX_add0_chain_cert(context, next) != 1) {
            X509_free(next);
            return fail(err, "the chain cannot be used");
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    return 0;
}

static int
use_key(SSL_CTX *context, BIO *pem, struct error *err)
{
    EVP_PKEY *key = PEM_read_bio_PrivateKey(pem, NULL, NULL, NULL);
    int used;

    if (key == NULL)
        return fail(err, "the key is not PEM");
    used = SSL_CTX_use_PrivateKey(context, key) == 1 &&
           SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    if (!used)
        return fail(err, "the key does not belong to the certificate");
    return 0;
}

static void
set_options(SSL_CTX *context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* No partial writes: they would end each batch at its first record. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, READ_BYTES);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"weighd", 6);
}

static int
make_context(SSL_CTX **out, const struct tls_files *files, struct error *err)
{
    SSL_CTX *context = NULL;
    BIO *certificate = NULL;
    BIO *key = NULL;
    int result = -1;

    if (files->certificate_length > INT_MAX || files->key_length > INT_MAX)
        return error_set(err, ERROR_USAGE, "TLS: the files are too long");
    certificate =
        BIO_new_mem_buf(files->certificate, (int)files->certificate_length);
    key = BIO_new_mem_buf(files->key, (int)files->key_length);
    context = SSL_CTX_new(TLS_server_method());
    if (certificate == NULL || key == NULL || context == NULL) {
        fail(err, "out of memory");
        goto done;
    }
    set_options(context);
    if (use_chain(context, certificate, err) < 0 ||
        use_key(context, key, err) < 0)
        goto done;
    *out = context;
    context = NULL;
    result = 0;

done:
    SSL_CTX_free(context);
    BIO_free(certificate);
    BIO_free(key);
    return result;
}

static int
output_write(BIO *bio, const char *bytes, size_t length, size_t *out_written)
{
    struct tls_output *output = BIO_get_data(bio);

    output->add(output->state, bytes, length);
    *out_written = length;
    return 1;
}

static long
output_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH; /* wire_flush does it */
}

int
tls_open(struct tls **out, const struct tls_files *files, struct error *err)
{
    SSL_CTX *context = NULL;
    struct tls *tls;

    if (make_context(&context, files, err) < 0)
        return -1;
    tls = xcalloc(1, sizeof(*tls));
    pthread_mutex_init(&tls->lock, NULL);
    tls->context = context;
    tls->output = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
                               "records of a wire");
    if (tls->output == NULL ||
        BIO_meth_set_write_ex(tls->output, output_write) != 1 ||
        BIO_meth_set_ctrl(tls->output, output_control) != 1) {
        tls_free(tls);
        return fail(err, "out of memory");
    }
    *out = tls;
    return 0;
}

void
tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->output);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

int
tls_set(struct tls *tls, const struct tls_files *files, struct error *err)
{
    SSL_CTX *context = NULL;
    SSL_CTX *old;

    if (make_context(&context, files, err) < 0)
        return -1;
    pthread_mutex_lock(&tls->lock);
    old = tls->context;
    tls->context = context;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(old); /* lives on with the connections that have it */
    return 0;
}

int64_t
tls_ends_ms(struct tls *tls)
{
    const X509 *certificate;
    struct tm parts = {0};
    int64_t ends_ms = 0;

    pthread_mutex_lock(&tls->lock);
    certificate = SSL_CTX_get0_certificate(tls->context);
    if (certificate != NULL &&
        ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) == 1)
        ends_ms = (int64_t)timegm(&parts) * 1000;
    pthread_mutex_unlock(&tls->lock);
    return ends_ms;
}

SSL *
tls_accept(struct tls *tls)
{
    SSL *ssl;

    pthread_mutex_lock(&tls->lock);
    ssl = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    if (ssl != NULL)
        SSL_set_accept_state(ssl);
    return ssl;
}

BIO *
tls_output(struct tls *tls, struct tls_output *output)
{
    BIO *bio = BIO_new(tls->output);

    if (bio == NULL)
        return NULL;
    BIO_set_data(bio, output);
    BIO_set_init(bio, 1);
    return bio;
}
