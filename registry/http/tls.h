/*
 * tls: the server's certificate and key, and connections made with them.
 *
 * TLS 1.2 and 1.3, in OpenSSL's own choice of ciphers for them.  tls_set puts
 * another certificate in place for connections to come; those there keep
 * theirs.  May be used by several threads.
 */
#ifndef REGISTRY_HTTP_TLS_H
#define REGISTRY_HTTP_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/base/error.h"

struct tls;

/* A certificate with its chain, and its key, both PEM. */
struct tls_files {
    const char *certificate;
    size_t certificate_length;
    const char *key;
    size_t key_length;
};

/*
 * ERROR_USAGE when certificate and key cannot be read or do not belong
 * together.  The caller frees *out with tls_free.
 */
int tls_open(struct tls **out, const struct tls_files *files,
             struct error *err);
void tls_free(struct tls *tls); /* NULL is allowed */

/* On -1 the one before stays. */
int tls_set(struct tls *tls, const struct tls_files *files, struct error *err);

/* When the certificate in place ends, milliseconds since 1970; 0: unknown. */
int64_t tls_ends_ms(struct tls *tls);

/* A connection's side of TLS, or NULL; SSL_free frees it. */
SSL *tls_accept(struct tls *tls);

/*
 * A BIO that hands what is written to it to add.  Freed with the SSL it is
 * set in; NULL when memory is out.
 */
struct tls_output {
    void (*add)(void *state, const char *bytes, size_t length);
    void *state;
};
BIO *tls_output(struct tls *tls, struct tls_output *output);

#endif
