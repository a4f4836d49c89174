#include <string.h>

#include "cli/client/rotation.h"
#include "tests/check.h"

struct pair {
    struct arena *arena;
    struct key *from;
    struct key *to;
    const char *text;
};

static void
open_pair(struct pair *pair)
{
    struct error err;

    pair->arena = arena_open();
    CHECK(key_make(&pair->from, KEY_P256, &err) == 0);
    CHECK(key_make(&pair->to, KEY_P256, &err) == 0);
    CHECK(rotation_make(&pair->text, pair->arena, "acme", pair->from, pair->to,
                        &err) == 0);
}

static void
close_pair(struct pair *pair)
{
    key_free(pair->from);
    key_free(pair->to);
    arena_free(pair->arena);
}

TEST(a_rotation_names_both_keys_and_the_namespace)
{
    char hint[DIGEST_TEXT_SIZE];
    struct rotation rotation;
    struct digest digest;
    struct pair pair;
    struct error err;

    open_pair(&pair);
    CHECK(rotation_read(&rotation, pair.arena, pair.text, &err) == 0);
    CHECK_TEXT(rotation.namespace_name, "acme");
    key_fingerprint(&digest, pair.from);
    digest_write(hint, &digest);
    CHECK_TEXT(rotation.from, hint);
    key_fingerprint(&digest, pair.to);
    digest_write(hint, &digest);
    CHECK_TEXT(rotation.to, hint);
    close_pair(&pair);
}

TEST(only_the_key_that_hands_over_can_have_signed_it)
{
    struct pair pair;
    struct error err;

    open_pair(&pair);
    CHECK(rotation_verify(pair.arena, pair.text, pair.from, &err) == 0);
    CHECK(rotation_verify(pair.arena, pair.text, pair.to, &err) == -1);
    CHECK(err.code == ERROR_SIGNATURE);
    close_pair(&pair);
}

TEST(what_is_no_rotation_is_refused)
{
    static const char *const texts[] = {
        "",
        "{}",
        "null",
        "[]",
        "{\"payload\":\"\"}",
        "{\"payload\":\"e30=\",\"payloadType\":\"application/vnd.weighhouse."
        "rotation+json\",\"signatures\":[]}",
        "{\"payload\":\"e30=\",\"payloadType\":\"text/plain\",\"signatures\":"
        "[{\"keyid\":\"\",\"sig\":\"e30=\"}]}",
    };
    struct arena *arena = arena_open();
    struct rotation rotation;
    struct error err;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK(rotation_read(&rotation, arena, texts[i], &err) == -1);
    arena_free(arena);
}
