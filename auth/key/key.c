#include "auth/key/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/file.h"
#include "storage/base/secret.h"

#define PRIVATE_BEGIN "-----BEGIN PRIVATE KEY-----"
#define SIGNATURE_LIMIT 160 /* DER of P-521 takes at most 141 bytes */

static const struct kind {
    const char *text;
    const char *group; /* OpenSSL's name of the curve; NULL for Ed25519 */
    const EVP_MD *(*hash)(void);
} kinds[] = {
    [KEY_P256] = {"P-256", "prime256v1", EVP_sha256},
    [KEY_P384] = {"P-384", "secp384r1", EVP_sha384},
    [KEY_P521] = {"P-521", "secp521r1", EVP_sha512},
    [KEY_ED25519] = {"Ed25519", NULL, NULL},
};

/* PEM labels that are known, and what to tell a person about them. */
static const struct label {
    const char *begin;
    const char *what;
} labels[] = {
    {"-----BEGIN ENCRYPTED PRIVATE KEY-----",
     "an encrypted private key; decrypt it with openssl pkey"},
    {"Proc-Type: 4,ENCRYPTED",
     "an encrypted private key; decrypt it with openssl pkey"},
    {"-----BEGIN OPENSSH PRIVATE KEY-----",
     "an OpenSSH key; a PEM key is needed (weigh keygen)"},
    {"-----BEGIN CERTIFICATE-----", "a certificate and not a key"},
    {PRIVATE_BEGIN, "a private key"},
    {"-----BEGIN EC PRIVATE KEY-----", "a private key"},
    {"-----BEGIN PUBLIC KEY-----", "a public key"},
};

struct key {
    EVP_PKEY *pair;
    enum key_kind kind;
    bool is_private;
    char *public_pem;
};

static int
no_password(char *out, int size, int writing, void *state)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)state;
    return -1;
}

/* Turns OpenSSL's queue of errors into one; the queue is left empty. */
static int
set_openssl(struct error *err, enum error_code code, const char *what)
{
    unsigned long number = ERR_peek_last_error();
    char text[256];

    ERR_error_string_n(number, text, sizeof(text));
    ERR_clear_error();
    error_set(err, code, "%s", what);
    return error_set_cause(err, "%s", text);
}

/* The text of the public half as OpenSSL writes it; the caller frees it. */
static char *
write_public_pem(EVP_PKEY *pair)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    char *text;
    long length;

    if (memory == NULL || PEM_write_bio_PUBKEY(memory, pair) != 1)
        abort();
    length = BIO_get_mem_data(memory, &bytes);
    text = xcalloc((size_t)length + 1, 1);
    memcpy(text, bytes, (size_t)length);
    BIO_free(memory);
    return text;
}

static bool
find_kind(enum key_kind *out, EVP_PKEY *pair)
{
    char group[64] = "";

    if (EVP_PKEY_is_a(pair, "ED25519")) {
        *out = KEY_ED25519;
        return true;
    }
    if (!EVP_PKEY_is_a(pair, "EC") ||
        EVP_PKEY_get_group_name(pair, group, sizeof(group), NULL) != 1)
        return false;
    for (size_t i = 0; i < KEY_ED25519; i++)
        if (strcmp(group, kinds[i].group) == 0) {
            *out = (enum key_kind)i;
            return true;
        }
    return false;
}

/* An Ed25519 key of small order would agree to any text; libsodium knows. */
static bool
is_sound(EVP_PKEY *pair, enum key_kind kind)
{
    unsigned char raw[crypto_sign_PUBLICKEYBYTES];
    unsigned char unused[crypto_scalarmult_curve25519_BYTES];
    size_t length = sizeof(raw);
    EVP_PKEY_CTX *context;
    bool result;

    if (kind == KEY_ED25519)
        return EVP_PKEY_get_raw_public_key(pair, raw, &length) == 1 &&
               length == sizeof(raw) &&
               crypto_sign_ed25519_pk_to_curve25519(unused, raw) == 0;
    context = EVP_PKEY_CTX_new(pair, NULL);
    result = context != NULL && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return result;
}

/* Takes over pair. */
static int
wrap(struct key **out, EVP_PKEY *pair, bool is_private, struct error *err)
{
    enum key_kind kind;
    struct key *key;

    if (sodium_init() < 0)
        abort();
    if (!find_kind(&kind, pair)) {
        EVP_PKEY_free(pair);
        return error_set(err, ERROR_BAD_REQUEST, "not a P-256 or Ed25519 key");
    }
    if (!is_sound(pair, kind)) {
        EVP_PKEY_free(pair);
        return set_openssl(err, ERROR_BAD_REQUEST,
                           "the key is not a sound point of its curve");
    }
    /* One spelling a key, so that equal keys have equal fingerprints. */
    if (kind != KEY_ED25519)
        EVP_PKEY_set_utf8_string_param(
            pair, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
    key = xcalloc(1, sizeof(*key));
    key->pair = pair;
    key->kind = kind;
    key->is_private = is_private;
    key->public_pem = write_public_pem(pair);
    *out = key;
    return 0;
}

int
key_make(struct key **out, enum key_kind kind, struct error *err)
{
    EVP_PKEY *pair =
        kind == KEY_ED25519
            ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
            : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kinds[kind].group);

    if (pair == NULL)
        return set_openssl(err, ERROR_INTERNAL, "no key could be made");
    return wrap(out, pair, true, err);
}

void
key_free(struct key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pair);
    free(key->public_pem);
    free(key);
}

/* ERROR_BAD_REQUEST that says what the text is instead of what was wanted. */
static int
refuse_pem(const char *pem, size_t length, const char *wanted,
           struct error *err)
{
    const char *what = "not a PEM file";

    ERR_clear_error();
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (memmem(pem, length, labels[i].begin, strlen(labels[i].begin))) {
            what = labels[i].what;
            break;
        }
    return error_set(err, ERROR_BAD_REQUEST,
                     "a %s key in PEM is needed; this is %s", wanted, what);
}

/* Whether nothing but white space is left. */
static bool
is_at_end(BIO *memory)
{
    char c;

    while (BIO_read(memory, &c, 1) == 1)
        if (strchr(" \t\r\n", c) == NULL || c == '\0')
            return false;
    return true;
}

/*
 * Whether there is a block of this kind whose text is base64.  OpenSSL's own
 * readers gather all their decoders before they look, which takes a thousand
 * times as long.
 */
static bool
has_block(const char *pem, size_t length, const char *name)
{
    BIO *memory = BIO_new_mem_buf(pem, (int)length);
    unsigned char *der = NULL;
    long der_length = 0;
    bool result;

    if (memory == NULL)
        abort();
    result = PEM_bytes_read_bio_secmem(&der, &der_length, NULL, name, memory,
                                       no_password, NULL) == 1;
    OPENSSL_secure_clear_free(der, (size_t)der_length);
    BIO_free(memory);
    return result;
}

/* Text may stand before the block (RFC 7468, 5.2), and nothing behind it. */
static int
parse(struct key **out, const char *pem, size_t length, bool is_private,
      struct error *err)
{
    const char *wanted = is_private ? "private" : "public";
    EVP_PKEY *pair = NULL;
    BIO *memory = NULL;
    int result = -1;

    if (length > KEY_LIMIT_BYTES)
        return error_set(err, ERROR_BAD_REQUEST, "a key has at most %d bytes",
                         KEY_LIMIT_BYTES);
    if (!has_block(pem, length,
                   is_private ? PEM_STRING_EVP_PKEY : PEM_STRING_PUBLIC))
        return refuse_pem(pem, length, wanted, err);
    memory = BIO_new_mem_buf(pem, (int)length);
    if (memory == NULL)
        abort();
    if (is_private)
        pair = PEM_read_bio_PrivateKey(memory, NULL, no_password, NULL);
    else
        pair = PEM_read_bio_PUBKEY(memory, NULL, no_password, NULL);
    if (pair == NULL) {
        refuse_pem(pem, length, wanted, err);
        goto done;
    }
    if (!is_at_end(memory)) {
        EVP_PKEY_free(pair);
        error_set(err, ERROR_BAD_REQUEST,
                  "there is more after the key; one key is needed");
        goto done;
    }
    result = wrap(out, pair, is_private, err);

done:
    BIO_free(memory);
    return result;
}

int
key_parse_private(struct key **out, const char *pem, size_t length,
                  struct error *err)
{
    return parse(out, pem, length, true, err);
}

int
key_parse_public(struct key **out, const char *pem, size_t length,
                 struct error *err)
{
    return parse(out, pem, length, false, err);
}

static int
read_file(struct key **out, const char *path, bool is_private,
          struct error *err)
{
    struct arena *arena = arena_open();
    struct error inner;
    char *pem;
    size_t length;
    int result = file_read(&pem, &length, arena, path, KEY_LIMIT_BYTES, err);

    if (result == 0) {
        result = parse(out, pem, length, is_private, &inner);
        if (result < 0)
            error_set(err, inner.code, "%s: %s", path, inner.message);
        secret_wipe(pem, length);
    }
    arena_free(arena);
    return result;
}

int
key_read_private(struct key **out, const char *path, struct error *err)
{
    return read_file(out, path, true, err);
}

int
key_read_public(struct key **out, const char *path, struct error *err)
{
    return read_file(out, path, false, err);
}

/* A file that somebody else could have put in the way is not opened. */
static int
write_new(const char *path, const char *bytes, size_t length, struct error *err)
{
    int result = -1;
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0 && errno == EEXIST)
        return error_set(err, ERROR_CONFLICT, "%s exists already", path);
    if (fd < 0)
        return error_set_system(err, path);
    if (file_write_all(fd, bytes, length, err) < 0)
        goto done;
    if (fsync(fd) < 0) {
        error_set_system(err, path);
        goto done;
    }
    result = 0;

done:
    close(fd);
    if (result < 0)
        unlink(path);
    return result;
}

int
key_write_private(const struct key *key, const char *path, struct error *err)
{
    BIO *memory = BIO_new(BIO_s_secmem());
    char *bytes;
    long length;
    int result;

    if (memory == NULL || PEM_write_bio_PrivateKey(memory, key->pair, NULL,
                                                   NULL, 0, NULL, NULL) != 1)
        abort();
    length = BIO_get_mem_data(memory, &bytes);
    result = write_new(path, bytes, (size_t)length, err);
    secret_wipe(bytes, (size_t)length);
    BIO_free(memory);
    return result;
}

int
key_write_public(const struct key *key, const char *path, struct error *err)
{
    return file_write(path, key->public_pem, strlen(key->public_pem), 0644,
                      err);
}

enum key_kind
key_kind(const struct key *key)
{
    return key->kind;
}

const char *
key_kind_text(const struct key *key)
{
    return kinds[key->kind].text;
}

bool
key_is_private(const struct key *key)
{
    return key->is_private;
}

const char *
key_public_pem(const struct key *key)
{
    return key->public_pem;
}

void
key_fingerprint(struct digest *out, const struct key *key)
{
    digest_of(out, key->public_pem, strlen(key->public_pem));
}

void
key_write_short(char out[KEY_SHORT_SIZE], const struct digest *fingerprint)
{
    char text[DIGEST_TEXT_SIZE];

    digest_write(text, fingerprint);
    memcpy(out, text, 4);
    out[4] = ':';
    memcpy(out + 5, text + 4, 2);
    out[7] = '\0';
}

int
key_sign(struct key_signature *out, struct arena *arena, const struct key *key,
         const void *bytes, size_t length, struct error *err)
{
    const EVP_MD *hash =
        key->kind == KEY_ED25519 ? NULL : kinds[key->kind].hash();
    unsigned char *signature = arena_alloc(arena, SIGNATURE_LIMIT);
    size_t size = SIGNATURE_LIMIT;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int result = -1;

    if (context == NULL)
        abort();
    if (!key->is_private)
        error_set(err, ERROR_INTERNAL, "a public key cannot sign");
    else if (EVP_DigestSignInit(context, NULL, hash, NULL, key->pair) != 1 ||
             EVP_DigestSign(context, signature, &size, bytes, length) != 1)
        set_openssl(err, ERROR_INTERNAL, "signing failed");
    else
        result = 0;
    EVP_MD_CTX_free(context);
    *out = (struct key_signature){signature, size};
    return result;
}

/* libsodium's check: it also refuses points of small order. */
static bool
verify_ed25519(const struct key *key, const struct key_signature *signature,
               const void *bytes, size_t length)
{
    unsigned char raw[crypto_sign_PUBLICKEYBYTES];
    size_t size = sizeof(raw);

    return signature->length == crypto_sign_BYTES &&
           EVP_PKEY_get_raw_public_key(key->pair, raw, &size) == 1 &&
           crypto_sign_verify_detached(signature->bytes, bytes, length, raw) ==
               0;
}

/* OpenSSL takes one DER spelling, and r and s inside the group's order. */
static bool
verify_ecdsa(const struct key *key, const struct key_signature *signature,
             const void *bytes, size_t length)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool result;

    if (context == NULL)
        abort();
    result = EVP_DigestVerifyInit(context, NULL, kinds[key->kind].hash(), NULL,
                                  key->pair) == 1 &&
             EVP_DigestVerify(context, signature->bytes, signature->length,
                              bytes, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return result;
}

int
key_verify(const struct key *key, const struct key_signature *signature,
           const void *bytes, size_t length, struct error *err)
{
    struct digest fingerprint;
    char text[KEY_SHORT_SIZE];
    bool is_good = key->kind == KEY_ED25519
                       ? verify_ed25519(key, signature, bytes, length)
                       : verify_ecdsa(key, signature, bytes, length);

    if (is_good)
        return 0;
    key_fingerprint(&fingerprint, key);
    key_write_short(text, &fingerprint);
    return error_set(err, ERROR_SIGNATURE,
                     "the signature is not one by key %s (%s)", text,
                     kinds[key->kind].text);
}
