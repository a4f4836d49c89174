/*
 * Hostile signatures: input 38 of the list of what a registry must survive.
 *
 * Elsewhere: what else a bundle, a statement, an envelope or an agreement may
 * not be is in signature_test, key_test and agreement_test.  Inputs 39 and 40
 * (notes, checkpoints, TUF) concern formats that nothing here reads.
 */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#include "auth/key/agreement.h"
#include "auth/key/dsse.h"
#include "auth/key/key.h"
#include "auth/key/signature.h"
#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/json.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define DEEP 10000

static const char said[] = "what was signed";

/* A key of OpenSSL's and the same as ours. */
static EVP_PKEY *
make_pair(struct key **out, const char *curve)
{
    EVP_PKEY *pair = EVP_EC_gen(curve);
    BIO *text = BIO_new(BIO_s_mem());
    struct error err;
    char *pem;
    long length;

    CHECK(pair != NULL && PEM_write_bio_PUBKEY(text, pair) == 1);
    length = BIO_get_mem_data(text, &pem);
    CHECK(key_parse_public(out, pem, (size_t)length, &err) == 0);
    BIO_free(text);
    return pair;
}

/* Signs what was said; the length of the signature. */
static size_t
sign(unsigned char out[256], EVP_PKEY *pair, const EVP_MD *hash)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = 256;

    CHECK(EVP_DigestSignInit(context, NULL, hash, NULL, pair) == 1);
    CHECK(EVP_DigestSign(context, out, &length, (const unsigned char *)said,
                         sizeof(said)) == 1);
    EVP_MD_CTX_free(context);
    return length;
}

static bool
is_taken(const struct key *key, const void *bytes, size_t length)
{
    const struct key_signature signature = {bytes, length};
    struct error err = {0};
    bool result = key_verify(key, &signature, said, sizeof(said), &err) == 0;

    CHECK(result || err.code == ERROR_SIGNATURE);
    return result;
}

TEST(hostile_38_a_signature_by_the_hash_of_another_curve_is_refused)
{
    struct key *key = NULL;
    EVP_PKEY *pair = make_pair(&key, "P-384");
    unsigned char bytes[256];

    CHECK(is_taken(key, bytes, sign(bytes, pair, EVP_sha384())));
    CHECK(!is_taken(key, bytes, sign(bytes, pair, EVP_sha256())));
    CHECK(!is_taken(key, bytes, sign(bytes, pair, EVP_sha512())));
    key_free(key);
    EVP_PKEY_free(pair);
}

/* Writes r and s as the integers they are given as, sign and all. */
static size_t
write_der(unsigned char *out, const unsigned char *r, size_t r_length,
          const unsigned char *s, size_t s_length)
{
    unsigned char *at = out;

    *at++ = 0x30;
    *at++ = (unsigned char)(4 + r_length + s_length);
    *at++ = 0x02;
    *at++ = (unsigned char)r_length;
    memcpy(at, r, r_length);
    at += r_length;
    *at++ = 0x02;
    *at++ = (unsigned char)s_length;
    memcpy(at, s, s_length);
    return (size_t)(at + s_length - out);
}

TEST(hostile_38_an_ecdsa_signature_has_one_encoding_and_numbers_in_its_group)
{
    static const unsigned char zero[] = {0};
    static const unsigned char minus_one[] = {0xff};
    struct key *key = NULL;
    EVP_PKEY *pair = make_pair(&key, "P-256");
    unsigned char bytes[256];
    unsigned char bad[256] = {0};
    size_t length = sign(bytes, pair, EVP_sha256());
    const unsigned char *r = bytes + 4;
    const unsigned char *s = r + r[-1] + 2;
    unsigned char padded[64] = {0};

    CHECK(is_taken(key, bytes, length));
    for (size_t cut = 0; cut < length; cut++)
        CHECK(!is_taken(key, bytes, cut));
    memcpy(bad, bytes, length);
    CHECK(!is_taken(key, bad, length + 1)); /* more behind it */
    CHECK(!is_taken(key, bad, write_der(bad, zero, 1, s, s[-1])));
    CHECK(!is_taken(key, bad, write_der(bad, r, r[-1], zero, 1)));
    CHECK(!is_taken(key, bad, write_der(bad, minus_one, 1, s, s[-1])));
    CHECK(!is_taken(key, bad, write_der(bad, r, r[-1], minus_one, 1)));
    memcpy(padded + 1, r, r[-1]); /* a zero more than it needs */
    CHECK(!is_taken(key, bad, write_der(bad, padded, r[-1] + 1u, s, s[-1])));
    memset(padded, 0x7f, 33); /* over the group's order */
    CHECK(!is_taken(key, bad, write_der(bad, padded, 33, s, s[-1])));
    memcpy(bad, bytes, 2); /* the length in two bytes where one does */
    bad[1] = 0x81;
    memcpy(bad + 2, bytes + 1, length - 1);
    CHECK(!is_taken(key, bad, length + 1));
    key_free(key);
    EVP_PKEY_free(pair);
}

/*
 * To each signature (r, s) there is (r, n - s), which anybody can compute and
 * every verifier of model signing takes.  Nothing here knows a signature by its
 * bytes, so ours does too; it says the same of the same bytes and no more.
 */
TEST(hostile_38_the_other_s_vouches_for_the_same_bytes_alone)
{
    struct key *key = NULL;
    EVP_PKEY *pair = make_pair(&key, "P-256");
    unsigned char bytes[256];
    const unsigned char *at = bytes;
    size_t length = sign(bytes, pair, EVP_sha256());
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)length);
    BIGNUM *order = NULL;
    BIGNUM *other = BN_new();
    unsigned char *out = NULL;
    struct error err;
    int size;

    CHECK(EVP_PKEY_get_bn_param(pair, "order", &order) == 1);
    CHECK(BN_sub(other, order, ECDSA_SIG_get0_s(signature)) == 1);
    CHECK(ECDSA_SIG_set0(signature, BN_dup(ECDSA_SIG_get0_r(signature)),
                         other) == 1);
    size = i2d_ECDSA_SIG(signature, &out);
    CHECK(is_taken(key, out, (size_t)size));
    CHECK(key_verify(key, &(struct key_signature){out, (size_t)size}, said,
                     sizeof(said) - 1, &err) < 0);
    OPENSSL_free(out);
    ECDSA_SIG_free(signature);
    BN_free(order);
    key_free(key);
    EVP_PKEY_free(pair);
}

/* The text of an envelope of this type around a payload, signed by key. */
static const char *
seal(struct arena *arena, const char *type, const char *payload,
     const struct key *key)
{
    struct dsse dsse = {.type = type, .payload = payload};
    struct error err;
    size_t length;
    char *text;

    dsse.payload_length = strlen(payload);
    CHECK(dsse_seal(&text, &length, arena, &dsse, key, &err) == 0);
    return text;
}

/* What an agreement's envelope holds. */
static const char *
agreement_payload(struct arena *arena, const struct key *key)
{
    const struct agreement agreement = {
        .registry = "http://127.0.0.1:8470",
        .account = "requester",
        .model = "acme/tiny",
        .revision = "8f3c21a08f3c21a08f3c21a08f3c21a08f3c21a0",
        .licence_bytes = 12,
        .licence_label = "Acme Research Licence 1.0",
        .answers = json_keep(arena, json_object()),
        .way = AGREEMENT_TERMINAL,
        .phrase = "I agree",
        .shown = "whole text in a pager",
        .session = "",
        .at_ms = 1795500000000,
    };
    struct error err;
    json_t *envelope;
    struct dsse dsse = {0};
    size_t length;
    char *text;

    CHECK(agreement_make(&text, &length, arena, &agreement, key, &err) == 0);
    CHECK(json_read(&envelope, arena, text, length, &err) == 0);
    CHECK(dsse_parse(&dsse, arena, envelope, AGREEMENT_TYPE, &err) == 0);
    return dsse.payload;
}

TEST(hostile_38_an_envelope_for_one_purpose_serves_no_other)
{
    static const char *const types[] = {
        "application/vnd.in-toto+json",
        "application/vnd.weighhouse.receipt+json",
        "application/vnd.weighhouse.agreement+json ",
        "Application/vnd.weighhouse.agreement+json",
        "",
    };
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct agreement agreement;
    struct signature signature;
    const char *payload;
    const char *text;
    struct error err;

    CHECK(key_make(&key, KEY_ED25519, &err) == 0);
    payload = agreement_payload(arena, key);
    text = seal(arena, AGREEMENT_TYPE, payload, key);
    CHECK(agreement_verify(&agreement, arena, text, strlen(text), key, &err) ==
          0);
    for (size_t i = 0; i < LENGTH(types); i++) {
        text = seal(arena, types[i], payload, key);
        CHECK(agreement_verify(&agreement, arena, text, strlen(text), key,
                               &err) < 0);
        CHECK(strstr(err.message, "payloadType") != NULL);
        CHECK(signature_parse(&signature, arena, text, strlen(text), &err) < 0);
    }
    key_free(key);
    arena_free(arena);
}

TEST(hostile_38_a_number_with_a_fraction_is_no_number_here)
{
    static const char *const numbers[] = {
        "1.0", "1e0", "1.5", "\"1\"", "-1", "18446744073709551617"};
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct agreement agreement;
    const char *payload;
    const char *at;
    struct error err;

    CHECK(key_make(&key, KEY_ED25519, &err) == 0);
    payload = agreement_payload(arena, key);
    at = strstr(payload, "\"version\":1");
    CHECK(at != NULL);
    for (size_t i = 0; at != NULL && i < LENGTH(numbers); i++) {
        const char *changed =
            arena_format(arena, "%.*s\"version\":%s%s", (int)(at - payload),
                         payload, numbers[i], at + strlen("\"version\":1"));
        const char *text = seal(arena, AGREEMENT_TYPE, changed, key);

        CHECK(agreement_verify(&agreement, arena, text, strlen(text), key,
                               &err) < 0);
    }
    key_free(key);
    arena_free(arena);
}

static const char *
nest(struct arena *arena, const char *opening, const char *closing)
{
    struct buffer text = {0};
    const char *deep;

    for (size_t i = 0; i < DEEP; i++)
        buffer_append_text(&text, opening);
    buffer_append_text(&text, "1");
    for (size_t i = 0; i < DEEP; i++)
        buffer_append_text(&text, closing);
    deep = arena_bytes(arena, text.bytes, text.length);
    buffer_free(&text);
    return deep;
}

TEST(hostile_38_json_of_ten_thousand_levels_is_no_signature)
{
    static const char *const pairs[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct agreement agreement;
    struct signature signature;
    struct error err;

    CHECK(key_make(&key, KEY_ED25519, &err) == 0);
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        const char *deep = nest(arena, pairs[i][0], pairs[i][1]);
        const char *inside =
            seal(arena, "application/vnd.weighhouse.agreement+json", deep, key);

        CHECK(signature_parse(&signature, arena, deep, strlen(deep), &err) < 0);
        CHECK(agreement_parse(&agreement, arena, deep, strlen(deep), &err) < 0);
        CHECK(agreement_parse(&agreement, arena, inside, strlen(inside), &err) <
              0);
        inside = arena_format(arena, "{\"mediaType\":%s}", deep);
        CHECK(signature_parse(&signature, arena, inside, strlen(inside), &err) <
              0);
    }
    key_free(key);
    arena_free(arena);
}
