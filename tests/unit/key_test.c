#include "auth/key/key.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/key/dsse.h"
#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "tests/check.h"

/* `openssl pkey -pubin -in p256.pub.pem -pubout | sha256sum` */
static const char p256_fingerprint[] =
    "a621a1616e36d5c5015b254e0eed9ee27bffc00538893490cccf04c99c605e43";

static struct key *
open_private(const char *path)
{
    struct error err;
    struct key *key = NULL;

    CHECK(key_read_private(&key, path, &err) == 0);
    return key;
}

static struct key *
open_public(const char *path)
{
    struct error err;
    struct key *key = NULL;

    CHECK(key_read_public(&key, path, &err) == 0);
    return key;
}

TEST(a_fingerprint_is_what_openssl_and_sha256sum_print)
{
    struct key *private = open_private(VECTORS "/key/p256.pem");
    struct key *public = open_public(VECTORS "/key/p256.pub.pem");
    struct digest digest;
    char text[DIGEST_TEXT_SIZE];
    char brief[KEY_SHORT_SIZE];

    key_fingerprint(&digest, private);
    digest_write(text, &digest);
    CHECK_TEXT(text, p256_fingerprint);
    key_fingerprint(&digest, public);
    digest_write(text, &digest);
    CHECK_TEXT(text, p256_fingerprint);
    key_write_short(brief, &digest);
    CHECK_TEXT(brief, "a621:a1");
    CHECK_TEXT(key_kind_text(public), "P-256");
    CHECK(key_is_private(private) && !key_is_private(public));
    key_free(private);
    key_free(public);
}

TEST(what_one_key_signed_another_did_not)
{
    struct arena *arena = arena_open();
    struct key *one = open_private(VECTORS "/key/p256.pem");
    struct key *public = open_public(VECTORS "/key/p256.pub.pem");
    struct key *other = NULL;
    struct key_signature signature;
    struct error err;

    CHECK(key_make(&other, KEY_P256, &err) == 0);
    CHECK(key_sign(&signature, arena, one, "abc", 3, &err) == 0);
    CHECK(key_verify(public, &signature, "abc", 3, &err) == 0);
    CHECK(key_verify(public, &signature, "abd", 3, &err) < 0);
    CHECK(err.code == ERROR_SIGNATURE);
    CHECK(key_verify(other, &signature, "abc", 3, &err) < 0);
    CHECK(key_sign(&signature, arena, public, "abc", 3, &err) < 0);
    key_free(one);
    key_free(public);
    key_free(other);
    arena_free(arena);
}

/* RFC 8032, 7.1, test 2. */
TEST(ed25519_signs_as_rfc_8032_does)
{
    static const char want[] =
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    struct arena *arena = arena_open();
    struct key *key = open_private(VECTORS "/key/rfc8032-2.pem");
    struct key_signature signature;
    struct error err;
    char text[129];

    CHECK(key_kind(key) == KEY_ED25519);
    CHECK(key_sign(&signature, arena, key, "\x72", 1, &err) == 0);
    CHECK(signature.length == 64);
    hex_write(text, signature.bytes, 64);
    CHECK_TEXT(text, want);
    CHECK(key_verify(key, &signature, "\x72", 1, &err) == 0);
    CHECK(key_verify(key, &signature, "\x73", 1, &err) < 0);
    key_free(key);
    arena_free(arena);
}

/* All zero is a point of order 4 on Edwards25519. */
TEST(a_key_that_agrees_to_everything_is_refused)
{
    static const char pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "-----END PUBLIC KEY-----\n";
    struct key *key = NULL;
    struct error err;

    CHECK(key_parse_public(&key, pem, strlen(pem), &err) < 0);
    CHECK_TEXT(err.message, "the key is not a sound point of its curve");
}

TEST(a_file_that_is_no_key_says_what_it_is)
{
    static const struct {
        const char *path;
        bool is_private;
        const char *says;
    } rows[] = {
        {VECTORS "/key/p256.encrypted.pem", true, "an encrypted private key"},
        {VECTORS "/key/p256.pub.pem", true, "this is a public key"},
        {VECTORS "/key/p256.pem", false, "this is a private key"},
        {VECTORS "/key/rsa.pub.pem", false, "not a P-256 or Ed25519 key"},
        {VECTORS "/key/k256.pub.pem", false, "not a P-256 or Ed25519 key"},
        {VECTORS "/SOURCES.md", false, "not a PEM file"},
        {VECTORS "/key/none.pem", false, "no such file"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct key *key = NULL;
        struct error err = {0};
        int result = rows[i].is_private
                         ? key_read_private(&key, rows[i].path, &err)
                         : key_read_public(&key, rows[i].path, &err);

        CHECK(result < 0);
        CHECK(strstr(err.message, rows[i].path) == err.message);
        if (strstr(err.message, rows[i].says) == NULL)
            CHECK_TEXT(err.message, rows[i].says);
        key_free(key);
    }
}

TEST(two_keys_in_one_file_are_refused)
{
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct error err;
    char *pem;
    size_t length;

    CHECK(file_read(&pem, &length, arena, VECTORS "/key/p256.pub.pem",
                    KEY_LIMIT_BYTES, &err) == 0);
    pem = arena_format(arena, "%s%s", pem, pem);
    CHECK(key_parse_public(&key, pem, 2 * length, &err) < 0);
    arena_free(arena);
}

/* certtool and others explain a key before its block. */
TEST(text_before_a_key_is_passed_over)
{
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct error err;
    char *pem;
    size_t length;

    CHECK(file_read(&pem, &length, arena, VECTORS "/key/p256.pub.pem",
                    KEY_LIMIT_BYTES, &err) == 0);
    pem = arena_format(arena, "Public Key Info:\n\tP-256\n\n%s", pem);
    CHECK(key_parse_public(&key, pem, strlen(pem), &err) == 0);
    key_free(key);
    arena_free(arena);
}

TEST(a_private_key_is_for_its_owner_alone_and_replaces_nothing)
{
    char folder[] = "/tmp/weigh-test-XXXXXX";
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct key *again;
    struct error err;
    struct stat status;
    char *path;

    CHECK(mkdtemp(folder) != NULL);
    path = arena_format(arena, "%s/key.pem", folder);
    CHECK(key_make(&key, KEY_ED25519, &err) == 0);
    CHECK(key_write_private(key, path, &err) == 0);
    CHECK(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(key_write_private(key, path, &err) < 0);
    CHECK(err.code == ERROR_CONFLICT);
    again = open_private(path);
    CHECK_TEXT(key_public_pem(again), key_public_pem(key));
    CHECK(file_remove_tree(folder, &err) == 0);
    key_free(key);
    key_free(again);
    arena_free(arena);
}

static const char envelope_type[] = "application/vnd.example+json";

/* An envelope over "{}" by key, as JSON that lives as long as the arena. */
static json_t *
make_envelope(struct arena *arena, const struct key *key)
{
    struct dsse dsse = {.type = envelope_type, .payload = "{}"};
    struct error err;

    dsse.payload_length = 2;
    CHECK(dsse_sign(&dsse, arena, key, &err) == 0);
    return json_keep(arena, dsse_to_json(&dsse, arena));
}

/* DSSE v1.0, protocol.md: the test vector's encoding. */
TEST(an_envelope_signs_the_encoding_of_the_specification)
{
    struct arena *arena = arena_open();
    size_t length;

    CHECK_TEXT(dsse_encode(&length, arena, "http://example.com/HelloWorld",
                           "hello world", 11),
               "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    CHECK(length == 54);
    arena_free(arena);
}

/* Hostile input 38: a swapped type. */
TEST(an_envelope_gives_back_the_bytes_that_were_signed)
{
    struct arena *arena = arena_open();
    struct key *key = open_private(VECTORS "/key/p256.pem");
    json_t *envelope = make_envelope(arena, key);
    struct dsse dsse;
    struct error err;

    CHECK(dsse_parse(&dsse, arena, envelope, envelope_type, &err) == 0);
    CHECK_TEXT(dsse.payload, "{}");
    CHECK(dsse_verify(&dsse, key, &err) == 0);
    dsse.payload = "[]";
    CHECK(dsse_verify(&dsse, key, &err) < 0);
    dsse.payload = "{}";
    dsse.type = "application/vnd.other+json";
    CHECK(dsse_verify(&dsse, key, &err) < 0);
    key_free(key);
    arena_free(arena);
}

/* Hostile input 38. */
TEST(an_envelope_with_anything_more_or_less_is_refused)
{
    struct arena *arena = arena_open();
    struct key *key = open_private(VECTORS "/key/p256.pem");
    json_t *good = make_envelope(arena, key);
    json_t *bad;
    struct dsse dsse;
    struct error err;

    CHECK(dsse_parse(&dsse, arena, good, "other", &err) < 0);
    bad = json_keep(arena, json_deep_copy(good));
    json_object_set_new(bad, "more", json_true());
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) < 0);
    bad = json_keep(arena, json_deep_copy(good));
    json_array_append(json_object_get(bad, "signatures"),
                      json_array_get(json_object_get(bad, "signatures"), 0));
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) < 0);
    CHECK_TEXT(err.message, "the envelope has 2 signatures and not one");
    bad = json_keep(arena, json_deep_copy(good));
    json_object_set_new(bad, "payload", json_string("e30"));
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) < 0);
    json_object_set_new(bad, "payload", json_string(""));
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) < 0);
    json_object_del(bad, "payload");
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) < 0);
    bad = json_keep(arena, json_deep_copy(good));
    json_object_set_new(json_array_get(json_object_get(bad, "signatures"), 0),
                        "keyid", json_null());
    CHECK(dsse_parse(&dsse, arena, bad, envelope_type, &err) == 0);
    key_free(key);
    arena_free(arena);
}
