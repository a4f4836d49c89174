#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/http/spool.h"
#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "tests/check.h"
#include "tests/http/client.h"

#define HOST "Host: registry.test\r\n"
#define BIG_BYTES (9 * 1024 * 1024 + 77)

/* A self-signed certificate and its key, both PEM. */
struct identity {
    char *certificate;
    char *key;
    struct server_tls tls;
};

static char *
take_text(BIO *bio, size_t *out_length)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    char *text = xcalloc(1, (size_t)length + 1);

    memcpy(text, bytes, (size_t)length);
    *out_length = (size_t)length;
    BIO_free(bio);
    return text;
}

static void
make_identity(struct identity *out, const char *name)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *pem = BIO_new(BIO_s_mem());
    BIO *key_pem = BIO_new(BIO_s_mem());

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
                               MBSTRING_ASC, (const unsigned char *)name, -1,
                               -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key, EVP_sha256());
    PEM_write_bio_X509(pem, certificate);
    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL);
    out->certificate = take_text(pem, &out->tls.certificate_length);
    out->key = take_text(key_pem, &out->tls.key_length);
    out->tls.certificate = out->certificate;
    out->tls.key = out->key;
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void
free_identity(struct identity *identity)
{
    free(identity->certificate);
    free(identity->key);
}

static int
big(struct request *request, struct response *response, struct error *err)
{
    char block[4096];
    int fd;

    (void)request;
    if (spool_open(&fd, "/tmp", err) < 0)
        return -1;
    for (size_t at = 0; at < BIG_BYTES; at += sizeof(block)) {
        size_t n = BIG_BYTES - at;

        memset(block, (int)(at / sizeof(block)), sizeof(block));
        if (file_write_all(fd, block, n < sizeof(block) ? n : sizeof(block),
                           err) < 0)
            return -1;
    }
    response_spool(response, 200, "application/octet-stream", fd);
    response_etag(response, "\"big\"");
    return 0;
}

static int
echo_digest(struct request *request, struct response *response,
            struct error *err)
{
    const struct source *source = request_source(request);
    char *bytes = arena_alloc(request->arena, (size_t)source->size_bytes + 1);
    char text[DIGEST_TEXT_SIZE];
    struct digest digest;

    if (source_read(source, bytes, 0, (size_t)source->size_bytes, err) < 0)
        return -1;
    digest_of(&digest, bytes, (size_t)source->size_bytes);
    digest_write(text, &digest);
    response_text(response, 200, text);
    return 0;
}

static const struct route routes[] = {
    {"GET", "/big", RIGHT_PUBLIC, big, NULL, 0},
    {"POST", "/digest", RIGHT_PUBLIC, echo_digest, NULL, 64 << 20},
    {0},
};
static const struct route *const tables[] = {routes, NULL};

static struct test_server *
open_server(const struct server_tls *tls)
{
    return test_server_open((struct server_options){.routes = tables,
                                                    .tls = tls,
                                                    .loops = 1,
                                                    .workers = 1,
                                                    .io_threads = 1});
}

struct client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    bool is_connected;
};

/* Speaks one version of TLS; 0: whichever is best. */
static struct client
open_client(const struct test_server *test, int version)
{
    struct client client = {.fd = test_connect(test)};

    client.context = SSL_CTX_new(TLS_client_method());
    if (version != 0) {
        SSL_CTX_set_security_level(client.context, 0);
        SSL_CTX_set_min_proto_version(client.context, version);
        SSL_CTX_set_max_proto_version(client.context, version);
    }
    client.ssl = SSL_new(client.context);
    SSL_set_fd(client.ssl, client.fd);
    client.is_connected = SSL_connect(client.ssl) == 1;
    return client;
}

static void
close_client(struct client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
}

static void
client_send(struct client *client, const char *bytes, size_t length)
{
    size_t n;

    CHECK(SSL_write_ex(client->ssl, bytes, length, &n) == 1 && n == length);
}

/* Reads head and body; the body's length, or -1. */
static long
client_read(struct client *client, char *out, size_t size)
{
    char head[4096] = "";
    size_t at = 0;
    size_t n;
    const char *length;
    long wanted;

    while (at + 1 < sizeof(head) && strstr(head, "\r\n\r\n") == NULL) {
        if (SSL_read_ex(client->ssl, head + at, 1, &n) != 1)
            return -1;
        at++;
    }
    length = strstr(head, "Content-Length: ");
    wanted = length != NULL ? strtol(length + 16, NULL, 10) : -1;
    CHECK(wanted < (long)size);
    for (at = 0; (long)at < wanted; at += n)
        if (SSL_read_ex(client->ssl, out + at, (size_t)wanted - at, &n) != 1)
            return -1;
    return wanted;
}

static void
check_name(const struct client *client, const char *want)
{
    X509 *certificate = SSL_get1_peer_certificate(client->ssl);
    char name[64] = "";

    if (certificate != NULL)
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                                  NID_commonName, name, sizeof(name));
    CHECK_TEXT(name, want);
    X509_free(certificate);
}

static bool
is_big(const char *bytes, long length)
{
    if (length != BIG_BYTES)
        return false;
    for (long at = 0; at < length; at++)
        if (bytes[at] != (char)(at / 4096))
            return false;
    return true;
}

TEST(tls_1_2_and_1_3_are_spoken_and_nothing_older)
{
    struct identity identity;
    struct test_server *test;
    struct client client;

    make_identity(&identity, "one");
    test = open_server(&identity.tls);
    client = open_client(test, TLS1_2_VERSION);
    CHECK(client.is_connected);
    close_client(&client);
    client = open_client(test, TLS1_3_VERSION);
    CHECK(client.is_connected);
    close_client(&client);
    client = open_client(test, TLS1_1_VERSION);
    CHECK(!client.is_connected);
    close_client(&client);
    test_server_close(test);
    free_identity(&identity);
}

TEST(a_long_answer_leaves_whole_through_tls)
{
    static const char request[] = "GET /big HTTP/1.1\r\n" HOST "\r\n";
    char *bytes = xcalloc(1, BIG_BYTES + 1);
    struct identity identity;
    struct test_server *test;
    struct client client;

    make_identity(&identity, "one");
    test = open_server(&identity.tls);
    client = open_client(test, 0);
    for (int i = 0; i < 2; i++) {
        client_send(&client, request, sizeof(request) - 1);
        CHECK(is_big(bytes, client_read(&client, bytes, BIG_BYTES + 1)));
    }
    close_client(&client);
    test_server_close(test);
    free_identity(&identity);
    free(bytes);
}

TEST(a_long_body_comes_whole_through_tls)
{
    char head[] =
        "POST /digest HTTP/1.1\r\n" HOST "Content-Length: 9437261\r\n\r\n";
    char *bytes = xcalloc(1, BIG_BYTES);
    char text[DIGEST_TEXT_SIZE];
    char answer[DIGEST_TEXT_SIZE + 1] = "";
    struct identity identity;
    struct test_server *test;
    struct client client;
    struct digest digest;

    for (size_t i = 0; i < BIG_BYTES; i++)
        bytes[i] = (char)(i * 7 / 3);
    digest_of(&digest, bytes, BIG_BYTES);
    digest_write(text, &digest);
    make_identity(&identity, "one");
    test = open_server(&identity.tls);
    client = open_client(test, 0);
    client_send(&client, head, sizeof(head) - 1);
    client_send(&client, bytes, BIG_BYTES);
    CHECK(client_read(&client, answer, sizeof(answer)) == 64);
    CHECK_TEXT(answer, text);
    close_client(&client);
    test_server_close(test);
    free_identity(&identity);
    free(bytes);
}

TEST(a_reload_changes_the_certificate_and_drops_nobody)
{
    static const char request[] = "GET /big HTTP/1.1\r\n" HOST "\r\n";
    char *bytes = xcalloc(1, BIG_BYTES + 1);
    struct identity one;
    struct identity two;
    struct test_server *test;
    struct client old;
    struct client fresh;
    struct error err;

    make_identity(&one, "one");
    make_identity(&two, "two");
    test = open_server(&one.tls);
    old = open_client(test, 0);
    CHECK(server_reload_tls(test_server_server(test), &two.tls, &err) == 0);
    fresh = open_client(test, 0);
    check_name(&old, "one");
    check_name(&fresh, "two");
    client_send(&old, request, sizeof(request) - 1);
    CHECK(is_big(bytes, client_read(&old, bytes, BIG_BYTES + 1)));
    close_client(&old);
    close_client(&fresh);
    test_server_close(test);
    free_identity(&one);
    free_identity(&two);
    free(bytes);
}

TEST(a_key_of_another_certificate_is_refused_and_the_old_one_stays)
{
    struct identity one;
    struct identity two;
    struct server_tls mixed;
    struct test_server *test;
    struct client client;
    struct error err;

    make_identity(&one, "one");
    make_identity(&two, "two");
    mixed = one.tls;
    mixed.key = two.tls.key;
    mixed.key_length = two.tls.key_length;
    test = open_server(&one.tls);
    CHECK(server_reload_tls(test_server_server(test), &mixed, &err) < 0);
    CHECK_TEXT(err.message, "TLS: the key does not belong to the certificate");
    client = open_client(test, 0);
    check_name(&client, "one");
    close_client(&client);
    test_server_close(test);
    free_identity(&one);
    free_identity(&two);
}

TEST(plain_http_on_a_tls_port_is_ended)
{
    struct identity identity;
    struct test_server *test;
    int fd;

    make_identity(&identity, "one");
    test = open_server(&identity.tls);
    fd = test_connect(test);
    test_send(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    CHECK(test_read(fd, false).status == 0);
    close(fd);
    test_server_close(test);
    free_identity(&identity);
}
