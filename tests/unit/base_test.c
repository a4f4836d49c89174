#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/base/arena.h"
#include "storage/base/buffer.h"
#include "storage/base/clock.h"
#include "storage/base/digest.h"
#include "storage/base/file.h"
#include "storage/base/hex.h"
#include "storage/base/json.h"
#include "storage/base/secret.h"
#include "storage/base/text.h"
#include "tests/check.h"

TEST(base64_has_one_spelling)
{
    struct arena *arena = arena_open();
    size_t length = 0;

    CHECK_TEXT(base64_write(arena, "foobar", 6), "Zm9vYmFy");
    CHECK_TEXT(base64_write(arena, "foob", 4), "Zm9vYg==");
    CHECK_TEXT(base64_read(&length, arena, "Zm9vYg==", 8), "foob");
    CHECK(length == 4);
    CHECK(base64_read(&length, arena, "Zm9vYh==", 8) == NULL);
    CHECK(base64_read(&length, arena, "Zm9vYg=", 7) == NULL);
    CHECK(base64_read(&length, arena, "Zm9v\nYg=", 8) == NULL);
    CHECK(base64_read(&length, arena, "Zg==Zg==", 8) == NULL);
    arena_free(arena);
}

TEST(a_digest_is_64_lower_case_digits)
{
    struct digest digest;
    char text[DIGEST_TEXT_SIZE];

    digest_of(&digest, "abc", 3);
    digest_write(text, &digest);
    CHECK_TEXT(text, "ba7816bf8f01cfea414140de5dae2223"
                     "b00361a396177a9cb410ff61f20015ad");
    CHECK(digest_parse(&digest, text));
    text[0] = 'B';
    CHECK(!digest_parse(&digest, text));
    CHECK(!digest_parse(&digest, "../etc/passwd"));
}

TEST(json_refuses_what_hides_things)
{
    struct arena *arena = arena_open();
    struct error err;
    json_t *value;
    char deep[200];

    memset(deep, '[', sizeof(deep));
    CHECK(json_read(&value, arena, "{\"a\":1,\"a\":2}", 13, &err) < 0);
    CHECK(json_read(&value, arena, "{} x", 4, &err) < 0);
    CHECK(json_read(&value, arena, deep, sizeof(deep), &err) < 0);
    CHECK(json_read(&value, arena, "{\"a\":\"b\"}", 9, &err) == 0);
    CHECK_TEXT(json_text(value, "a"), "b");
    arena_free(arena);
}

TEST(a_path_that_leaves_its_folder_is_refused)
{
    static const char *const bad[] = {
        "",        "/a",      "a/",     "a//b", "..",       "a/../b",
        ".",       "a/./b",   "a\\b",   "a\nb", ".git",     "a/.GIT/config",
        "a/git~1", "a/end. ", "a/dot.", "\xff", "\xc0\x80",
    };
    struct error err;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(text_check_path(bad[i], &err) < 0);
    CHECK(text_check_path(".gitattributes", &err) == 0);
    CHECK(text_check_path("a/b c/\xc3\xa9.txt", &err) == 0);
}

TEST(a_name_follows_the_hubs_rules)
{
    struct error err;

    CHECK(text_check_name("Tiny-1.0_b", &err) == 0);
    CHECK(text_check_name("a--b", &err) < 0);
    CHECK(text_check_name("a..b", &err) < 0);
    CHECK(text_check_name("-a", &err) < 0);
    CHECK(text_check_name("a.", &err) < 0);
    CHECK(text_check_name("a.git", &err) < 0);
    CHECK(text_check_name("a/b", &err) < 0);
    CHECK(text_check_name("\xc3\xa9", &err) < 0);
}

TEST(what_moves_a_terminal_is_shown_as_a_question_mark)
{
    struct arena *arena = arena_open();

    CHECK_TEXT(text_printable(arena, "a\x1b[2J\n\xc2\x9b\xff"), "a?[2J\n??");
    CHECK_TEXT(text_line(arena, "a\tb\nc"), "a?b?c");
    arena_free(arena);
}

TEST(names_that_a_file_system_may_confuse_fold_to_one)
{
    struct arena *arena = arena_open();

    CHECK_TEXT(text_fold(arena, "Weights/A.bin"), "weights/a.bin");
    CHECK_TEXT(text_fold(arena, "e\xcc\x81"), "\xc3\xa9");
    CHECK_TEXT(text_fold(arena, "\xc3\x89"), "\xc3\xa9");
    CHECK_TEXT(text_fold(arena, "\xff"), "\xff");
    arena_free(arena);
}

TEST(percent_decoding_refuses_nul_and_broken_escapes)
{
    struct arena *arena = arena_open();

    CHECK_TEXT(text_percent_read(arena, "a%2Fb%20c", 9), "a/b c");
    CHECK(text_percent_read(arena, "a%00", 4) == NULL);
    CHECK(text_percent_read(arena, "a%2", 3) == NULL);
    CHECK(text_percent_read(arena, "a%zz", 4) == NULL);
    CHECK_TEXT(text_percent_write(arena, "a/b c", "/"), "a/b%20c");
    arena_free(arena);
}

TEST(a_time_is_read_as_it_is_written)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t at;

    CHECK(clock_parse(&at, "2026-11-24T05:23:06.250Z"));
    clock_write(text, at);
    CHECK_TEXT(text, "2026-11-24T05:23:06.250Z");
    CHECK(clock_parse(&at, "2026-11-24"));
    CHECK(!clock_parse(&at, "24.11.2026"));
    CHECK(!clock_parse(&at, "2026-11-24T05:23"));
    CHECK(clock_parse(&at, "2028-02-29"));
    CHECK(!clock_parse(&at, "2026-02-29"));
    CHECK(!clock_parse(&at, "2026-11-31T05:23:06Z"));
}

TEST(a_file_is_replaced_whole_or_not_at_all)
{
    struct arena *arena = arena_open();
    struct error err;
    char folder[] = "/tmp/weigh-test-XXXXXX";
    char *path;
    char *bytes;
    size_t length;

    CHECK(mkdtemp(folder) != NULL);
    path = arena_format(arena, "%s/a", folder);
    CHECK(file_write(path, "one", 3, 0600, &err) == 0);
    CHECK(file_write(path, "two!", 4, 0600, &err) == 0);
    CHECK(file_read(&bytes, &length, arena, path, 100, &err) == 0);
    CHECK_TEXT(bytes, "two!");
    CHECK(file_read(&bytes, &length, arena, path, 3, &err) < 0);
    CHECK(err.code == ERROR_TOO_LARGE);
    CHECK(file_remove_tree(folder, &err) == 0);
    CHECK(access(folder, F_OK) < 0);
    arena_free(arena);
}

TEST(a_sealed_secret_opens_with_its_key_alone)
{
    uint8_t key[SECRET_KEY_BYTES] = {1};
    uint8_t sealed[5 + SECRET_SEAL_BYTES];
    struct error err;
    char out[6] = {0};

    secret_seal(sealed, key, "hello", 5);
    CHECK(secret_unseal(out, key, sealed, sizeof(sealed), &err) == 0);
    CHECK_TEXT(out, "hello");
    key[0] = 2;
    CHECK(secret_unseal(out, key, sealed, sizeof(sealed), &err) < 0);
}

TEST(a_buffer_stops_at_its_limit)
{
    struct buffer buffer = {0};
    struct error err;

    CHECK(buffer_add(&buffer, "abc", 3, 5, &err) == 0);
    CHECK(buffer_add(&buffer, "def", 3, 5, &err) < 0);
    CHECK(buffer.length == 3);
    buffer_consume(&buffer, 1);
    CHECK_TEXT(buffer.bytes, "bc");
    buffer_free(&buffer);
}

TEST(a_formatted_text_is_whole_at_every_length)
{
    for (size_t before = 0; before < 600; before++) {
        struct buffer buffer = {0};
        char text[601];

        for (size_t i = 0; i < before; i++)
            buffer_append(&buffer, "b", 1);
        memset(text, 't', sizeof(text) - 1);
        text[600 - before] = '\0';
        buffer_append_format(&buffer, "%s%d", text, 7);
        CHECK(buffer.length == 601);
        CHECK(strlen(buffer.bytes) == 601);
        CHECK(buffer.bytes[before] == 't' || before == 600);
        CHECK(buffer.bytes[600] == '7');
        buffer_free(&buffer);
    }
}
