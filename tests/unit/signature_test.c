#include "auth/key/signature.h"

#include <stdlib.h>
#include <string.h>

#include "auth/key/key.h"
#include "storage/base/arena.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "tests/check.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct key *
open_key(void)
{
    struct error err;
    struct key *key = NULL;

    CHECK(key_read_private(&key, VECTORS "/key/p256.pem", &err) == 0);
    return key;
}

/* A bundle over names, each with the digest of its own name. */
static int
make(char **out, size_t *out_length, struct arena *arena,
     const char *const *names, size_t count, struct error *err)
{
    struct signature_file *files = arena_array(arena, count, sizeof(*files));
    struct signature signature = {.subject = "tiny", .files = files};
    struct key *key = open_key();
    int result;

    for (size_t i = 0; i < count; i++) {
        files[i].name = names[i];
        digest_of(&files[i].digest, names[i], strlen(names[i]));
    }
    signature.count = count;
    result = signature_make(out, out_length, arena, &signature, key, err);
    key_free(key);
    return result;
}

static const char *const names[] = {"z.bin", "a/b.bin", "a.json",
                                    "\xc3\xa9.txt", "B"};

TEST(a_bundle_lists_files_in_the_order_of_their_bytes)
{
    static const char *const want[] = {"B", "a.json", "a/b.bin", "z.bin",
                                       "\xc3\xa9.txt"};
    struct arena *arena = arena_open();
    struct key *key = open_key();
    struct signature signature;
    struct error err;
    char *text;
    size_t length;

    /* "a.json" and "a/b.bin" are of the kind that tools sort differently. */
    CHECK(make(&text, &length, arena, names, 5, &err) < 0);
    CHECK(strstr(err.message, "sort such names differently") != NULL);
    CHECK(make(&text, &length, arena, &names[2], 3, &err) == 0);
    CHECK(signature_parse(&signature, arena, text, length, &err) == 0);
    CHECK(signature_verify(&signature, key, &err) == 0);
    CHECK(signature.count == 3);
    CHECK_TEXT(signature.subject, "tiny");
    CHECK_TEXT(signature.files[0].name, want[0]);
    CHECK_TEXT(signature.files[1].name, want[1]);
    CHECK_TEXT(signature.files[2].name, want[4]);
    key_free(key);
    arena_free(arena);
}

/* Hostile input 30. */
TEST(names_that_could_be_taken_for_one_another_are_refused)
{
    static const char *const pairs[][2] = {
        {"a.bin", "A.bin"},    {"\xc3\xa9", "e\xcc\x81"}, {"a", "a/b"},
        {"A", "a/b"},          {"a.bin", "a.bin"},        {"a-b", "a/b"},
        {"vae.json", "vae/x"}, {"x/../y", "z"},           {"/x", "z"},
        {"x//y", "z"},         {".git/config", "z"},      {"x\\y", "z"},
    };
    static const char *const fine[][2] = {
        {"a", "b/a"},
        {"ab", "a/b"},
        {"a/b", "a/c"},
        {"a0", "a/b"},
    };
    struct arena *arena = arena_open();
    struct error err;
    char *text;
    size_t length;

    for (size_t i = 0; i < LENGTH(pairs); i++)
        CHECK(make(&text, &length, arena, pairs[i], 2, &err) < 0);
    for (size_t i = 0; i < LENGTH(fine); i++)
        CHECK(make(&text, &length, arena, fine[i], 2, &err) == 0);
    CHECK(make(&text, &length, arena, pairs[0], 0, &err) < 0);
    arena_free(arena);
}

TEST(a_model_is_not_signed_with_an_ed25519_key)
{
    struct signature_file file = {.name = "a"};
    struct signature signature = {
        .subject = "tiny", .files = &file, .count = 1};
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct error err;
    char *text;
    size_t length;

    CHECK(key_make(&key, KEY_ED25519, &err) == 0);
    CHECK(signature_make(&text, &length, arena, &signature, key, &err) < 0);
    CHECK(err.code == ERROR_BAD_REQUEST);
    key_free(key);
    arena_free(arena);
}

TEST(a_bundle_by_another_key_is_refused_and_both_are_named)
{
    struct arena *arena = arena_open();
    struct key *key = NULL;
    struct signature signature;
    struct error err;
    char *text;
    size_t length;

    CHECK(make(&text, &length, arena, names, 1, &err) == 0);
    CHECK(signature_parse(&signature, arena, text, length, &err) == 0);
    CHECK(key_make(&key, KEY_P256, &err) == 0);
    CHECK(signature_verify(&signature, key, &err) < 0);
    CHECK(strstr(err.message, "signed by key a621:a1 and not by ") != NULL);
    signature.hint = "";
    CHECK(signature_verify(&signature, key, &err) < 0);
    CHECK(err.code == ERROR_SIGNATURE);
    key_free(key);
    arena_free(arena);
}

/* Bundles that model_signing 1.1.1 made over vectors/signature/model. */
TEST(bundles_of_the_reference_are_read_and_their_keys_known)
{
    static const struct {
        const char *bundle;
        const char *key;
        size_t count;
        bool is_sharded;
    } rows[] = {
        {VECTORS "/signature/reference-p256.sig", VECTORS "/key/p256.pub.pem",
         4, false},
        {VECTORS "/signature/reference-p384.sig", VECTORS "/key/p384.pub.pem",
         4, false},
        {VECTORS "/signature/reference-shards.sig", VECTORS "/key/p256.pub.pem",
         5, true},
    };

    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct arena *arena = arena_open();
        struct key *key = NULL;
        struct signature signature;
        struct error err;
        char *text;
        size_t length;

        CHECK(file_read(&text, &length, arena, rows[i].bundle,
                        SIGNATURE_LIMIT_BYTES, &err) == 0);
        CHECK(key_read_public(&key, rows[i].key, &err) == 0);
        CHECK(signature_parse(&signature, arena, text, length, &err) == 0);
        CHECK(signature_verify(&signature, key, &err) == 0);
        CHECK(signature.count == rows[i].count);
        CHECK(signature.is_sharded == rows[i].is_sharded);
        key_free(key);
        arena_free(arena);
    }
}

/* Replaces the first from in text by to; both are of any length. */
static char *
replace(struct arena *arena, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    CHECK(at != NULL);
    if (at == NULL)
        return NULL;
    return arena_format(arena, "%.*s%s%s", (int)(at - text), text, to,
                        at + strlen(from));
}

static bool
is_refused(struct arena *arena, const char *text)
{
    struct signature signature;
    struct error err = {0};

    return signature_parse(&signature, arena, text, strlen(text), &err) < 0 &&
           err.code == ERROR_SIGNATURE;
}

/* Hostile input 38. */
TEST(a_bundle_of_any_other_shape_is_refused)
{
    static const char *const changes[][2] = {
        {"bundle.v0.3+json", "bundle.v0.2+json"},
        {"{\"mediaType\"", "{\"more\":1,\"mediaType\""},
        {"{\"mediaType\"", "{\"mediaType\":\"x\",\"mediaType\""},
        {"\"tlogEntries\":[]", "\"tlogEntries\":[{}]"},
        {"\"tlogEntries\":[]", "\"x509CertificateChain\":{}"},
        {"\"hint\":\"", "\"hint\":1,\"x\":\""},
        {"vnd.in-toto+json", "vnd.other+json"},
        {"\"signatures\":[", "\"signatures\":[{\"sig\":\"AA==\"},"},
        {"\"payload\":\"", "\"payload\":\"\\n"},
        {"\"payload\":\"", "\"payload\":\"_"},
        {"\"sig\":\"", "\"sig\":\" "},
        {"\"sig\":\"", "\"sig\":7,\"keyid\":\""},
        {"\"keyid\":\"\"", "\"keyid\":7"},
        {"}}", "}"},
    };
    struct arena *arena = arena_open();
    struct error err;
    char *text;
    size_t length;

    CHECK(make(&text, &length, arena, names, 2, &err) == 0);
    CHECK(!is_refused(arena, text));
    CHECK(!is_refused(
        arena, replace(arena, text, "\"keyid\":\"\"", "\"keyid\":null")));
    CHECK(!is_refused(arena, replace(arena, text, ",\"tlogEntries\":[]", "")));
    for (size_t i = 0; i < LENGTH(changes); i++)
        CHECK(is_refused(arena,
                         replace(arena, text, changes[i][0], changes[i][1])));
    arena_free(arena);
}

/* A bundle around another statement; who signed it does not matter here. */
static char *
wrap(struct arena *arena, const char *statement)
{
    return arena_format(
        arena,
        "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
        "\"verificationMaterial\":{\"publicKey\":{\"hint\":\"\"}},"
        "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":"
        "\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":"
        "\"AAAA\"}]}}",
        base64_write(arena, statement, strlen(statement)));
}

/* Hostile input 38. */
TEST(a_statement_that_says_too_much_or_too_little_is_refused)
{
    static const char *const changes[][2] = {
        {"in-toto.io/Statement/v1", "in-toto.io/Statement/v0.1"},
        {"/signature/v1.0", "/signature/v2.0"},
        {"\"subject\":[", "\"subject\":[{},"},
        {"\"name\":\"tiny\"", "\"name\":\"\""},
        {"\"method\":\"files\"", "\"method\":\"files\",\"licence\":\"x\""},
        {"\"method\":\"files\"", "\"method\":\"other\""},
        {"\"hash_type\":\"sha256\"", "\"hash_type\":\"blake3\""},
        {"\"allow_symlinks\":false", "\"allow_symlinks\":\"no\""},
        {"\"ignore_paths\":[]", "\"ignore_paths\":\"a\""},
        {"\"ignore_paths\":[]", "\"ignore_paths\":[1]"},
        {"\"serialization\":{", "\"serialization\":7,\"x\":{"},
        {"\"subject\":[{", "\"subject\":[7],\"x\":[{"},
        {"\"algorithm\":\"sha256\"", "\"algorithm\":\"sha1\""},
        {"{\"name\":\"z.bin\"", "{\"x\":1,\"name\":\"z.bin\""},
        {"\"name\":\"z.bin\"", "\"name\":\"a/b.bin\""},
        {"\"name\":\"z.bin\"", "\"name\":\"../z.bin\""},
        {"\"name\":\"z.bin\"", "\"name\":\"A/B.bin\""},
        {"\"digest\":\"", "\"digest\":\"0"},
        {"\"resources\":[", "\"resources\":[],\"x\":["},
    };
    struct arena *arena = arena_open();
    struct signature signature;
    struct error err;
    const char *statement;
    char *text;
    char *at;
    size_t length;

    CHECK(make(&text, &length, arena, names, 2, &err) == 0);
    CHECK(signature_parse(&signature, arena, text, length, &err) == 0);
    statement = signature.envelope.payload;
    CHECK(!is_refused(arena, wrap(arena, statement)));
    for (size_t i = 0; i < LENGTH(changes); i++)
        CHECK(is_refused(arena,
                         wrap(arena, replace(arena, statement, changes[i][0],
                                             changes[i][1]))));
    text = arena_text(arena, statement);
    at = strstr(text, "\"sha256\":\"") + strlen("\"sha256\":\"");
    *at = *at == '0' ? '1' : '0'; /* the root digest */
    CHECK(is_refused(arena, wrap(arena, text)));
    CHECK(is_refused(arena, wrap(arena, "{}")));
    CHECK(is_refused(arena, "[]"));
    CHECK(is_refused(arena, ""));
    arena_free(arena);
}

TEST(what_differs_from_the_signature_is_named)
{
    struct arena *arena = arena_open();
    struct signature signature;
    struct signature_differences differences;
    struct signature_file files[3];
    struct error err;
    char *text;
    size_t length;

    CHECK(make(&text, &length, arena, names, 2, &err) == 0);
    CHECK(signature_parse(&signature, arena, text, length, &err) == 0);
    CHECK(signature_compare(&differences, arena, &signature, signature.files, 2,
                            &err) == 0);
    CHECK(differences.count == 0);
    files[0] = signature.files[1];
    files[0].digest.bytes[31] ^= 1;
    files[1] = (struct signature_file){.name = "evil.py"};
    CHECK(signature_compare(&differences, arena, &signature, files, 2, &err) <
          0);
    CHECK(err.code == ERROR_SIGNATURE);
    CHECK_TEXT(err.message, "not what was signed: a/b.bin is missing, "
                            "z.bin is changed, evil.py is not signed");
    CHECK(differences.count == 3);
    CHECK(differences.items[0].change == SIGNATURE_MISSING);
    CHECK(differences.items[1].change == SIGNATURE_CHANGED);
    CHECK(differences.items[2].change == SIGNATURE_EXTRA);
    arena_free(arena);
}

TEST(attributes_that_do_more_than_name_lfs_files_are_not_plain)
{
    static const char plain[] = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
                                "a/** filter=lfs diff=lfs merge=lfs -text";
    static const char *const bad[] = {
        "*.bin filter=evil diff=lfs merge=lfs -text",
        "*.bin filter=lfs diff=lfs merge=lfs -text eol=lf",
        "*.bin text filter=lfs diff=lfs merge=lfs -text",
        "[attr]x filter=lfs diff=lfs merge=lfs -text",
        "\"a b\" filter=lfs diff=lfs merge=lfs -text",
        " filter=lfs diff=lfs merge=lfs -text",
        "# comment",
    };

    CHECK(signature_is_plain_attributes(plain, strlen(plain)));
    CHECK(signature_is_plain_attributes("", 0));
    for (size_t i = 0; i < LENGTH(bad); i++)
        CHECK(!signature_is_plain_attributes(bad[i], strlen(bad[i])));
    CHECK(signature_is_git_file(".gitignore"));
    CHECK(signature_is_git_file("a/.GitHub/x"));
    CHECK(!signature_is_git_file("a.git/x"));
}
